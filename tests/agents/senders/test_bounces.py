"""Bounces: hard and soft by what they mean, and absence notes left alone."""

from __future__ import annotations

import mailbox
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.admission import ServerAdmission
from agents.gateway.bounces import BounceDoor
from agents.gateway.keys import read_keys
from agents.gateway.throttle import Throttle
from agents.senders.bounce_intake import mails_in, take_back
from agents.senders.bounces import Bounce, read_bounce
from agents.senders.email import returning
from agents.senders.later_receipts import LaterReceipts
from agents.senders.ledger import Ledger, SendingStep
from agents.senders.mail_news import MailDesk, MailNews
from infra.telemetry import Telemetry
from schemas.times import HOUR, to_millis, to_rfc3339
from tests.agents.senders.post_office import post_office
from tests.agents.senders.sending import KEYS, NOON, Shop, action, anna, redis_at, smtp

ACTION = "0123456789abcdef0123456789abcdef"
AT = to_millis(datetime(2026, 11, 20, 9, 0, 7, tzinfo=UTC))


def report(status: str, diagnostic: str = "", *, action: str = "failed", auto: str = "auto-replied") -> bytes:
    """A report as Postfix writes it, with its trap: it calls itself an automatic answer."""
    told = f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return (
        "From: MAILER-DAEMON@relay.example.org\nTo: bounce@shop.example\nSubject: Undelivered Mail\n"
        f"Date: Fri, 20 Nov 2026 10:00:07 +0100\n"
        f"Auto-Submitted: {auto}\nMessage-Id: <20261120@relay.example.org>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"\n\n'
        "--part\nContent-Type: text/plain\n\nYour message did not arrive.\n\n"
        "--part\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example.org\n\n"
        f"Final-Recipient: rfc822; kunde@example.org\nAction: {action}\nStatus: {status}\n{told}\n"
        "--part\nContent-Type: text/rfc822-headers\n\n"
        f"From: post@shop.example\nMessage-ID: <{ACTION}@shop.example>\n\n--part--\n"
    ).encode()


DAEMON = f"From: MAILER-DAEMON@relay.example.org\nTo: bounce+{ACTION}@shop.example\n"


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Type: text/plain; charset=nonsense\n\n550 5.1.1 no such user",
        "Content-Type: text/plain; charset=\x00\n\n550 5.1.1 no such user",
        "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\nx",
        "Content-Type: multipart/report; boundary=\n\n550",
        "Content-Type: multipart/alternative\n\n550 5.1.1 no such user",
        "Date: \x00\nContent-Type: message/delivery-status\n\n550",
        "Date: Fri, 99 Foo 2026 10:00:07 +9999\n\n550 5.1.1 no such user",
    ],
)
def test_a_mail_that_cannot_be_read_ends_nobody(rest: str) -> None:
    read_bounce((DAEMON + rest).encode())
    read_bounce(("From: =?nonsense?q?=ff?= <<@>\n" + rest).encode())


@pytest.mark.parametrize(
    ("status", "diagnostic", "permanent", "reason"),
    [
        ("5.1.1", "550 5.1.1 <kunde@example.org>: rejected: User unknown", True, "user_unknown 5.1.1"),
        ("5.2.2", "552 5.2.2 Mailbox full", False, "mailbox_full 5.2.2"),
        ("5.7.1", "550 5.7.1 Message refused as spam", False, "refused_as_spam 5.7.1"),
        ("5.0.0", "550 5.0.0 Requested action not taken: user unknown", True, "user_unknown 5.0.0"),
        ("5.4.4", "X-Postfix; Host or domain name not found", True, "domain_unknown 5.4.4"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", False, "too_large 5.3.4"),
        ("5.0.0", "", False, "unspecified 5.0.0"),
        # Of the same kinds: quota by words alone, blocked by reputation, a domain by words, a passing failure.
        ("5.0.0", "552 mail action aborted: over quota", False, "mailbox_full 5.0.0"),
        ("5.7.26", "550-5.7.26 blocked, the sender's reputation is low", False, "refused_as_spam 5.7.26"),
        ("5.1.2", "550 5.1.2 bad destination system", True, "domain_unknown 5.1.2"),
        ("4.4.1", "connection timed out", False, "unspecified 4.4.1"),
    ],
)  # fmt: skip
def test_what_a_bounce_means(status: str, diagnostic: str, permanent: bool, reason: str) -> None:
    assert read_bounce(report(status, diagnostic)) == Bounce(ACTION, permanent, reason, AT)


def test_an_absence_note_is_no_bounce() -> None:
    note = f"From: kunde@example.org\nAuto-Submitted: auto-replied\nIn-Reply-To: <{ACTION}@shop.example>\n\nAway.\n"

    assert read_bounce(note.encode()) is None


def test_news_of_a_delay_or_a_delivery_is_no_bounce() -> None:
    assert read_bounce(report("4.4.1", "still trying", action="delayed")) is None
    assert read_bounce(report("2.0.0", "250 ok", action="delivered")) is None


SPAM = (
    "From: <fbl@provider.test>\nTo: <abuse@shop.example>\nSubject: FW: Happy birthday\nMIME-Version: 1.0\n"
    "Date: Fri, 20 Nov 2026 10:00:07 +0100\n"
    'Content-Type: multipart/report; report-type=feedback-report; boundary="part"\n\n'
    "--part\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n"
    "--part\nContent-Type: message/feedback-report\n\n"
    "Feedback-Type: abuse\nUser-Agent: Reports/1.0\nVersion: 1\nOriginal-Rcpt-To: redacted@provider.test\n\n"
    "--part\nContent-Type: message/rfc822\n\n"
    f"From: post@shop.example\nMessage-ID: <{ACTION}@shop.example>\nSubject: Happy birthday\n\nHello.\n\n--part--\n"
)
"""As providers report it (RFC 5965) when somebody calls a mail spam."""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (SPAM, Bounce(ACTION, False, "spam_report", AT)),
        (SPAM.replace("message/rfc822", "text/rfc822-headers"), Bounce(ACTION, False, "spam_report", AT)),
        (SPAM.replace("Feedback-Type: abuse", "Feedback-Type: not-spam"), None),
        (SPAM.replace("Feedback-Type: abuse", "Feedback-Type: auth-failure"), None),
        (SPAM.replace(ACTION, "somebody-else"), None),
    ],
)
def test_a_report_of_spam_is_told_from_other_reports(raw: str, expected: Bounce | None) -> None:
    assert read_bounce(raw.encode()) == expected


def test_a_bounce_of_somebody_elses_mail_is_not_ours() -> None:
    assert read_bounce(report("5.1.1").replace(ACTION.encode(), b"somebody-else")) is None


def in_words(text: str, *, sender: str = "MAILER-DAEMON@mx.mail.test", **headers: str) -> bytes:
    """A bounce of a server that writes no reports; what it came back to names the action."""
    more = "".join(f"{name}: {told}\n" for name, told in headers.items())
    return f"From: {sender}\nTo: bounce+{ACTION}@mail.shop.test\n{more}Subject: failure notice\n\n{text}\n".encode()


def test_a_server_that_writes_in_words_alone_is_understood() -> None:
    qmail = in_words("Hi. This is the qmail-send program.\n<kunde@mail.test>:\n550 Unknown user kunde. Giving up.")
    assert read_bounce(qmail) == Bounce(ACTION, True, "user_unknown")

    full = in_words("host said: 452 mailbox is full", sender="postmaster@mx.mail.test")
    assert read_bounce(full) == Bounce(ACTION, False, "mailbox_full")


@pytest.mark.parametrize(
    "raw",
    [
        in_words("I am away until the 5th. Call 550 1234.", sender="kunde@mail.test"),
        in_words("I am away.", **{"Auto-Submitted": "auto-replied"}),
        report("5.1.1").replace(b"message/delivery-status", b"message/disposition-notification"),
    ],
)
def test_a_note_that_looks_like_a_bounce_is_none(raw: bytes) -> None:
    """An absence note with a number in it, one by way of a daemon, a confirmation of reading."""
    assert read_bounce(raw) is None


def test_what_comes_back_names_its_action_by_where_it_comes_to() -> None:
    bare = report("5.1.1", "550 5.1.1 unknown").replace(ACTION.encode(), b"gone")
    returned = bare.replace(b"To: bounce@shop.example", f"To: {returning(ACTION, 'bounce@mail.shop.test')}".encode())

    found = read_bounce(returned)
    assert found is not None
    assert found.action_id == ACTION


class Returns:
    """The way back of mails that a sender sent."""

    def __init__(self, client: Any) -> None:
        self.told: list[dict[str, Any]] = []
        self.ledger = Ledger(client, "store", "email")
        self.desk = MailDesk(LaterReceipts(self.ledger, self._write, KEYS, 8, lambda: NOON))

    async def _write(self, admitted: Admitted) -> None:
        self.told.append(orjson.loads(admitted.body))


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


async def test_a_mail_that_was_sent_and_came_back_is_one_receipt_however_often_it_is_read(client: Any) -> None:
    given = action()
    with post_office() as office:
        await Shop(client, smtp(office.port), anna()).take(given)
        sent = str(office.mails[0]["Message-ID"])
    returns = Returns(client)
    came = report("5.1.1", "550 5.1.1 User unknown").replace(f"<{ACTION}@shop.example>".encode(), sent.encode())

    for _ in range(2):
        await take_back(returns.desk, came)

    first, again = returns.told
    assert first == again
    assert (first["type"], first["action_id"], first["permanent"], first["customer"]) == (
        "receipt.failed", given.action_id, True, given.customer
    )  # fmt: skip


async def test_who_calls_a_mail_spam_gets_no_more_advertising_and_is_no_dead_address(client: Any) -> None:
    returns = Returns(client)
    await returns.ledger.write(ACTION, SendingStep.TOLD, "c-1")

    for _ in range(2):
        await take_back(returns.desk, SPAM.encode())

    first, again = returns.told
    assert first == again
    assert {name: first[name] for name in ("type", "customer", "channel", "purpose", "action_id")} == {
        "type": "receipt.unsubscribed", "customer": "c-1", "channel": "email", "purpose": "marketing",
        "action_id": ACTION,
    }  # fmt: skip


@pytest.mark.parametrize(("at", "counts"), [(NOON - HOUR, NOON - HOUR), (NOON + HOUR, NOON), (0, NOON)])
async def test_news_counts_from_its_own_time_but_never_from_the_future(client: Any, at: int, counts: int) -> None:
    returns = Returns(client)
    await returns.ledger.write(ACTION, SendingStep.TOLD, "c-1")

    assert await returns.desk.tell(MailNews(ACTION, "delivered", at=at))
    assert [one["time"] for one in returns.told] == [to_rfc3339(counts)]


async def test_a_bounce_of_what_was_never_sent_tells_nothing(client: Any) -> None:
    returns = Returns(client)

    assert await take_back(returns.desk, report("5.1.1")) is None
    assert returns.told == []


async def test_a_mail_server_hands_bounces_on_by_http(client: Any) -> None:
    returns, registry = Returns(client), CollectorRegistry()
    await returns.ledger.write(ACTION, SendingStep.TOLD, "c-1")
    keys = read_keys("mail:a-secret-of-the-mail-server,web!:a-key-everybody-reads")
    door = BounceDoor(returns.desk, ServerAdmission(keys, Throttle(100, 100, lambda: 0.0)), Telemetry(registry))
    app = Starlette(routes=[Route("/v1/bounces", door.answer, methods=["POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as web:
        right = {"authorization": "Bearer a-secret-of-the-mail-server"}
        taken = await web.post("/v1/bounces", content=report("5.7.1", "refused as spam"), headers=right)
        nothing = await web.post("/v1/bounces", content=b"Subject: hello\n\nhello", headers=right)
        browser = {"authorization": "Bearer a-key-everybody-reads"}
        refused = await web.post("/v1/bounces", content=report("5.1.1"), headers=browser)

    assert (taken.status_code, nothing.status_code, refused.status_code) == (202, 200, 401)
    assert [one["permanent"] for one in returns.told] == [False]
    assert 'tend_bounces_total{permanent="false",reason="refused_as_spam"} 1.0' in generate_latest(registry).decode()


def test_mails_are_read_from_a_file_an_mbox_and_a_maildir(tmp_path: Path) -> None:
    one, box, folder = tmp_path / "one.eml", tmp_path / "box", tmp_path / "folder"
    one.write_bytes(report("5.1.1"))
    boxed = mailbox.mbox(box)
    kept = mailbox.Maildir(folder)
    for status in ("5.1.1", "5.2.2"):
        boxed.add(report(status))
        kept.add(report(status))
    boxed.close()

    for path, statuses in ((one, {"5.1.1"}), (box, {"5.1.1", "5.2.2"}), (folder, {"5.1.1", "5.2.2"})):
        found = [read_bounce(raw) for raw in mails_in(path)]
        assert {bounce.reason.split()[-1] for bounce in found if bounce} == statuses
