"""The mail sender on a real SMTP server and a real store: once for an action, and only to those who may be reached."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import dkim
import msgspec
import pytest

from agents.links.links import deed_of
from agents.links.renewal import renewal
from agents.senders.email import Dkim, compose_mail
from agents.senders.ledger import SendingStep
from agents.senders.provider import Outgoing
from rules.loading import shipped
from rules.messages.asked import SIGNED
from schemas.record import Consent
from schemas.times import DAY, HOUR
from tests.agents.senders.post_office import PostOffice, post_office
from tests.agents.senders.sending import NOON, Shop, action, anna, redis_at, smtp


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


async def test_a_mail_arrives_with_everything_it_needs(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    given = action()

    await shop.take(given)

    (mail,) = office.mails
    assert str(mail["To"]) == "anna@mail.test"
    assert str(mail["From"]) == "Lindmoor Books <post@lindmoor.example>"
    assert str(mail["Reply-To"]) == "Lindmoor Books <help@lindmoor.example>"
    assert str(mail["Subject"]) == "Happy birthday, Anna Berg"
    assert str(mail["Message-ID"]) == f"<{given.action_id}@lindmoor.example>"
    assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    assert str(mail["List-Unsubscribe"]) == f"<{shop.links.url(shop.links.token(given.action_id, 'unsubscribe'))}>"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "Hello Anna Berg," in str(mail.get_body(("plain",)))
    assert shop.receipts.short == [("receipt.accepted", "")]
    assert shop.receipts.told[0]["actor"] == "system:send-email"


@pytest.mark.parametrize("length", [40, 79, 120, 400])
def test_the_way_out_stands_plainly_in_its_header_however_long_the_stores_address_is(length: int) -> None:
    """Programs that offer one click look for <https://…> and decode nothing."""
    url = f"https://{'service.' * 50}example/u/token"[: length - 6] + "/token"
    written = compose_mail(Outgoing(action(), "Anna", "anna@mail.test", dict.fromkeys(SIGNED, url)))
    raw = written.as_bytes().replace(b"\r\n", b"\n")

    assert f"\nList-Unsubscribe: <{url}>\n".encode() in raw
    assert b"\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in raw


@pytest.mark.parametrize(
    ("told", "sent_to"),
    [
        ("anna@straße.de", "anna@xn--strae-oqa.de"),
        ("anna@müller.de", "anna@xn--mller-kva.de"),
        ("anna@mail_2.test", "anna@mail_2.test"),
    ],
)
def test_nobody_elses_domain_gets_what_was_meant_for_one_in_other_letters(told: str, sent_to: str) -> None:
    """By the rules of 2003 straße.de was strasse.de, which belongs to somebody else."""
    links = dict.fromkeys(SIGNED, "https://shop.example/u/token")
    assert str(compose_mail(Outgoing(action(), "Anna", told, links))["To"]) == sent_to


async def test_service_says_that_a_machine_wrote_it_and_offers_no_way_out_of_service(
    client: Any, office: PostOffice
) -> None:
    shop = Shop(client, smtp(office.port), anna())

    await shop.take(action("complaint_acknowledged"))

    (mail,) = office.mails
    assert str(mail["Auto-Submitted"]) == "auto-generated"
    assert mail["List-Unsubscribe"] is None


async def test_nobody_is_watched_unless_the_store_switches_it_on(client: Any, office: PostOffice) -> None:
    quiet, watching = Shop(client, smtp(office.port), anna()), Shop(client, smtp(office.port), anna(), watches=True)
    await quiet.take(action(action_id="1" * 32))
    await watching.take(action(action_id="2" * 32))

    plain, watched = (str(mail.get_body(("html",))) for mail in office.mails)
    picture = watching.links.picture(watching.links.token("2" * 32, "open"))
    assert ".gif" not in plain
    assert f'src="{picture}"' in watched.replace("=\n", "").replace("=3D", "=")


async def test_what_comes_back_comes_to_an_address_that_names_the_action(client: Any, office: PostOffice) -> None:
    given = action()
    await Shop(client, smtp(office.port, bounces="bounce@mail.shop.test"), anna()).take(given)

    assert office.senders == [f"bounce+{given.action_id}@mail.shop.test"]


async def test_one_action_is_one_mail_however_often_it_is_read(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())

    await shop.take(action(), action())
    await Shop(client, smtp(office.port), anna()).take(action())

    assert len(office.mails) == 1
    assert shop.receipts.short == [("receipt.accepted", "")]


async def test_what_a_dead_sender_had_accepted_is_told_and_not_sent_again(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    given = action()
    await shop.ledger.write(given.action_id, SendingStep.ACCEPTED, given.customer, "<id>")

    await shop.take(given)

    assert office.mails == []
    assert shop.receipts.short == [("receipt.accepted", "")]


async def test_a_sender_that_was_away_while_another_took_over_sends_nothing_twice(
    client: Any, office: PostOffice
) -> None:
    """Its machine slept between looking into the ledger and sending; meanwhile its partitions went to another."""
    slept, other = Shop(client, smtp(office.port), anna()), Shop(client, smtp(office.port), anna())
    given, look = action(), slept.records.customer

    async def asleep(partition: int, customer: str) -> tuple[bytes | None, bytes | None]:
        await other.take(given)
        return await look(partition, customer)

    slept.records.customer = asleep  # type: ignore[method-assign]  # the moment of sleep
    await slept.take(given)
    slept.now = NOON + 120_000
    await slept.sender.catch_up()

    assert len(office.mails) == 1
    assert (other.receipts.short, slept.receipts.told) == ([("receipt.accepted", "")], [])


async def test_what_a_dead_sender_left_in_doubt_is_not_sent_again_and_says_so(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    given = action()
    await shop.ledger.write(given.action_id, SendingStep.CLAIMED, given.customer)

    await shop.take(given)

    assert office.mails == []
    assert shop.receipts.short == [("receipt.failed", "in_doubt")]


async def test_nobody_is_reached_who_must_not_be(client: Any, office: PostOffice) -> None:
    withdrawn = [Consent("email", "marketing", False, NOON)]
    for record, reason in (
        (None, "unknown_customer"),
        (anna(erased=NOON), "erased"),
        (anna(consents=withdrawn), "no_consent"),
        (anna(consents=[]), "no_consent"),
    ):
        shop = Shop(client, smtp(office.port), record)
        await shop.take(action(action_id=f"{reason:x<32}"[:31] + str(len(record.consents) if record else 9)))
        assert shop.receipts.short == [("receipt.failed", reason)]

    assert office.mails == []


async def test_who_objects_to_being_profiled_meanwhile_gets_nothing_that_a_profile_decided(
    client: Any, office: PostOffice
) -> None:
    objects = [*anna().consents, Consent("any", "profiling", False, NOON)]
    shop = Shop(client, smtp(office.port), anna(consents=objects))

    await shop.take(action(action_id="3" * 32, profiled=True), action(action_id="4" * 32))

    assert shop.receipts.short == [("receipt.failed", "no_profiling"), ("receipt.accepted", "")]


async def test_what_has_expired_meanwhile_is_not_sent(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    shop.now = NOON + 25 * HOUR

    await shop.take(action())

    assert office.mails == []
    assert shop.receipts.short == [("receipt.failed", "expired")]


async def test_outside_the_hours_it_waits_and_goes_out_in_the_morning(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    shop.now = NOON + 11 * HOUR

    await shop.take(action())
    assert (office.mails, shop.receipts.told) == ([], [])

    shop.now = NOON + 21 * HOUR
    await shop.sender.catch_up()
    await shop.sender.catch_up()
    assert len(office.mails) == 1


async def test_a_server_that_is_busy_is_asked_again_and_a_refusal_is_told(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    office.answers = ["451 4.3.0 try again", "451 4.3.0 try again", "250 OK"]

    await shop.take(action())
    assert len(office.mails) == 1
    assert len([pause for pause in shop.paused if pause > 0.1]) >= 2

    office.answers = ["550 5.1.1 user unknown"]
    await shop.take(action("complaint_acknowledged"))
    assert shop.receipts.told[-1]["permanent"] is True
    assert shop.receipts.short[-1] == ("receipt.failed", "user_unknown 5.1.1")


async def test_a_new_sender_begins_slowly(client: Any, office: PostOffice) -> None:
    shop = Shop(client, smtp(office.port), anna())
    shop.limit = 1

    await shop.take(action(), action("complaint_acknowledged", expires_at=action().expires_at.replace(year=2027)))

    assert len(office.mails) == 1


@pytest.fixture
def keys(tmp_path: Path) -> tuple[bytes, str]:
    """A private key in PEM, and the public one as it stands in DNS."""
    pem = tmp_path / "key.pem"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(pem), "2048"], check=True, capture_output=True)
    public = subprocess.run(
        ["openssl", "rsa", "-in", str(pem), "-pubout"], check=True, capture_output=True, text=True
    ).stdout
    return pem.read_bytes(), "".join(line for line in public.splitlines() if "-----" not in line)


async def test_with_a_key_the_way_out_stands_inside_the_signature(
    client: Any, office: PostOffice, keys: tuple[bytes, str]
) -> None:
    private, key = keys
    shop = Shop(client, smtp(office.port, Dkim("tend", private)), anna())

    await shop.take(action())

    (raw,) = office.raw
    assert dkim.verify(raw, dnsfunc=lambda name, timeout=5: f"v=DKIM1; k=rsa; p={key}".encode())
    signed = str(office.mails[0]["DKIM-Signature"]).replace(" ", "").lower()
    assert "list-unsubscribe:list-unsubscribe-post" in signed


@pytest.mark.parametrize(
    ("locale", "subject"), [("en-US", "Your new link"), ("de-DE", "Ihr neuer Link"), ("zh-CN", "您的新链接")]
)
async def test_a_new_link_goes_out_by_mail_in_the_readers_language(
    client: Any, office: PostOffice, locale: str, subject: str
) -> None:
    shop = Shop(client, smtp(office.port), anna())
    old = deed_of(action("delivery_survey"), "survey", NOON - 40 * DAY)
    asked = renewal(msgspec.structs.replace(old, locale=locale), shipped().defaults, NOON)
    assert asked is not None

    await shop.take(asked, asked)

    (mail,) = office.mails
    assert str(mail["Subject"]) == subject
    plain = str(mail.get_body(("plain",)))
    assert shop.links.url(shop.links.token(asked.action_id, "survey")) in plain


def test_a_new_link_by_sms_goes_to_the_phone() -> None:
    old = msgspec.structs.replace(deed_of(action("delivery_survey"), "survey", NOON - 40 * DAY), channel="sms")

    asked = renewal(old, shipped().defaults, NOON)

    assert asked is not None
    assert asked.address == f"customer/{old.customer}/phone"
