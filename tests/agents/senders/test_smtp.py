"""What a mail server says and does, and what follows: passwords, TLS, refusals, greylists, lines that break."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agents.senders import email
from agents.senders.email import SmtpProvider, SmtpServer
from agents.senders.wiring import smtp_of
from infra.settings import load_settings
from schemas.profile import Profile
from tests.agents.senders.post_office import post_office
from tests.agents.senders.sending import NOON, Shop, action, anna, redis_at, smtp


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Of a server whose certificate nobody has signed."""
    folder: Path = tmp_path_factory.mktemp("tls")
    key, certificate = str(folder / "key.pem"), str(folder / "certificate.pem")
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def server(port: int, password: str = "right") -> SmtpProvider:
    return SmtpProvider(SmtpServer("127.0.0.1", port, "tend", password, timeout_seconds=5))


async def test_a_mail_goes_over_tls_where_the_server_offers_it(client: Any, tls: ssl.SSLContext) -> None:
    with post_office(tls) as office:
        await Shop(client, smtp(office.port), anna()).take(action())

    assert office.safe == [True]


async def test_a_password_is_never_sent_where_anybody_could_listen(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in between can hide that STARTTLS is offered: then nothing is said."""
    monkeypatch.setattr(email, "_LOOPBACK", ())
    monkeypatch.setattr(email, "_RESERVED", ())
    with post_office(asks_password=True) as office:
        shop = Shop(client, server(office.port), anna())
        await shop.take(action(at=NOON))

    assert (office.signed_in, office.raw, shop.receipts.told) == ([], [], [])


async def test_a_certificate_that_nobody_signed_is_refused_elsewhere_and_no_mail_is_lost(
    client: Any, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "_LOOPBACK", ())
    monkeypatch.setattr(email, "_RESERVED", ())
    with post_office(tls, asks_password=True) as office:
        shop = Shop(client, server(office.port), anna())
        await shop.take(action())

    assert (office.signed_in, office.raw, shop.receipts.told) == ([], [], [])


async def test_a_wrong_password_costs_no_customer_a_mail(client: Any) -> None:
    with post_office(asks_password=True) as office:
        shop = Shop(client, server(office.port, "wrong"), anna())
        await shop.take(action())
        assert (office.raw, shop.receipts.told) == ([], [])
        assert office.signed_in

        mended = Shop(client, server(office.port), anna())
        mended.now = NOON + 120_000
        await mended.sender.catch_up()

    assert len(office.raw) == 1
    assert mended.receipts.short == [("receipt.accepted", "")]


@pytest.mark.parametrize("user", ["tend@mail.test", "tend%40mail.test"])
async def test_a_user_may_be_an_address_however_it_is_written_in_the_setting(client: Any, user: str) -> None:
    with post_office(asks_password=True) as office:
        told = load_settings({"smtp": f"smtp://{user}@127.0.0.1:{office.port}", "smtp_password": "right"})
        await Shop(client, smtp_of(told), anna()).take(action())

    assert (office.users, len(office.raw)) == ([b"tend@mail.test"], 1)


@pytest.mark.parametrize(("answer", "reason", "dead"), [
    ("550 5.1.1 <anna@mail.test>: Recipient address rejected: User unknown", "user_unknown 5.1.1", True),
    ("550 5.7.1 Message rejected as spam", "refused_as_spam 5.7.1", False),
    ("552 5.2.2 Mailbox full", "mailbox_full 5.2.2", False),
    ("553 5.1.3 Invalid address", "address_invalid 5.1.3", True),
    ("550 5.7.1 Service unavailable: the reputation of 192.0.2.1 is unknown", "refused_as_spam 5.7.1", False),
    ("550 5.2.1 This account is disabled", "mailbox_closed 5.2.1", True),
    ("554 go away", "smtp_554", False),
])  # fmt: skip
async def test_a_recipient_who_is_refused_for_good_is_told_and_dead_only_where_unknown(
    client: Any, answer: str, reason: str, dead: bool
) -> None:
    with post_office() as office:
        office.answers = [answer]
        shop = Shop(client, smtp(office.port), anna())
        await shop.take(action())

    assert shop.receipts.short == [("receipt.failed", reason)]
    assert shop.receipts.told[0]["permanent"] is dead


@pytest.mark.parametrize(
    "answer", ["450 4.2.0 <anna@mail.test>: Greylisted", "451 4.7.1 Greylisting in action, please come back later"]
)
async def test_a_greylist_puts_off_one_customer_and_nobody_else(client: Any, answer: str) -> None:
    """RFC 6647: who tries again some minutes later is taken; at once is too soon."""
    with post_office() as office:
        office.answers = [answer]
        shop = Shop(client, smtp(office.port), anna())
        await shop.take(action(action_id="1" * 32), action(action_id="2" * 32))
        assert (len(office.raw), [pause for pause in shop.paused if pause > 0.1]) == (1, [])

        shop.now = NOON + 299_000
        await shop.sender.catch_up()
        assert len(office.raw) == 1
        shop.now = NOON + 301_000
        await shop.sender.catch_up()

    assert len(office.raw) == 2
    assert shop.receipts.short == [("receipt.accepted", "")] * 2


async def test_a_refusal_of_the_mail_itself_is_told_and_a_passing_one_tried_again(client: Any) -> None:
    with post_office() as office:
        office.data_answers = ["452 4.3.1 no room", "250 kept", "554 5.7.1 refused by policy"]
        shop = Shop(client, smtp(office.port), anna())
        await shop.take(action(action_id="1" * 32), action(action_id="2" * 32))

    assert len(office.raw) == 1
    assert shop.receipts.short == [("receipt.accepted", ""), ("receipt.failed", "refused_as_spam 5.7.1")]
    assert shop.receipts.told[1]["permanent"] is False


async def test_a_line_that_breaks_behind_the_mail_leaves_it_in_doubt_and_it_is_not_sent_again(client: Any) -> None:
    with post_office() as office:
        office.data_answers = [None]
        shop = Shop(client, smtp(office.port), anna())
        await shop.take(action())
        await Shop(client, smtp(office.port), anna()).take(action())

    assert len(office.raw) == 1, "the server had it"
    assert shop.receipts.short == [("receipt.failed", "in_doubt")]


async def test_each_mail_has_one_recipient_so_none_is_taken_for_some(client: Any) -> None:
    with post_office() as office:
        await Shop(client, smtp(office.port), anna()).take(action(action_id="1" * 32), action(action_id="2" * 32))

    assert office.recipients == [["anna@mail.test"]] * 2


@pytest.mark.parametrize(("address", "recipient", "told"), [
    ("anna@bücher.test", "anna@xn--bcher-kva.test", ("receipt.accepted", "")),
    ("jörg@mail.test", "", ("receipt.failed", "address_not_ascii")),
    # Two dots, as Japanese networks gave out; what is a comment, a list or a group where it is not quoted.
    ("anna..b@mail.test", "anna..b@mail.test", ("receipt.accepted", "")),
    ("anna(b)@mail.test", '"anna(b)"@mail.test', ("receipt.accepted", "")),
    ("anna,b@mail.test", '"anna,b"@mail.test', ("receipt.accepted", "")),
    ("anna@mail,test", "", ("receipt.failed", "address_invalid")),
    ("<anna@mail.test>", "", ("receipt.failed", "address_invalid")),
    ("anna@mail..test", "", ("receipt.failed", "address_invalid")),
    ("anna\x00@mail.test", "", ("receipt.failed", "address_invalid")),
])  # fmt: skip
async def test_an_address_beyond_ascii_is_written_as_servers_take_it_or_refused_alone(
    client: Any, address: str, recipient: str, told: tuple[str, str]
) -> None:
    with post_office() as office:
        shop = Shop(client, smtp(office.port), anna(profile=Profile(name="Anna Berg", email=address)))
        await shop.take(action())

    assert shop.receipts.short == [told]
    assert [one for many in office.recipients for one in many] == ([recipient] if recipient else [])
