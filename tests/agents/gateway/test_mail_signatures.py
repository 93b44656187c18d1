"""Webhooks of mail providers are believed by their signature, where the store has told how to check it.

Situations are told in Mailgun's and SendGrid's documentation, beyondcode/laravel-mailbox #93 (repeats that a window of
minutes refuses), PostHog/posthog PR #77489 and PR #103057 (Mailgun signs no body; 406 ends its repeats),
sendgrid/sendgrid-nodejs #1411 and sendgrid/sendgrid-csharp #1018 (the raw body, with its last line break).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.admission import ServerAdmission
from agents.gateway.intake import Tally
from agents.gateway.keys import read_keys
from agents.gateway.mail_events import MailEventDoor
from agents.gateway.mail_signatures import OLDEST, SIGNATURE, TIMESTAMP, MailgunSignature, SendGridSignature
from agents.gateway.spent_tokens import SpentTokens
from agents.gateway.throttle import Throttle
from agents.senders.later_receipts import LaterReceipts
from agents.senders.ledger import Ledger, SendingStep
from agents.senders.mail_news import MailDesk
from infra.telemetry import Telemetry
from schemas.errors import ConfigurationRefused
from schemas.times import HOUR, MINUTE
from tests.agents.senders.sending import KEYS, NOON, redis_at

ACTION = "0123456789abcdef0123456789abcdef"
NOW = NOON // 1_000
WRITE_KEY = "a-key-of-the-store"
OURS, STRANGERS = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())


def public(key: EllipticCurvePrivateKey) -> str:
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


class Door:
    """The door of a store that has told both keys."""

    def __init__(self, client: Any) -> None:
        self.written: list[dict[str, Any]] = []
        self.ledger = Ledger(client, "store", "email")
        spent = SpentTokens(client, "store")
        door = MailEventDoor(
            MailDesk(LaterReceipts(self.ledger, self._write, KEYS, 8, lambda: NOON)),
            ServerAdmission(read_keys(f"shop:{WRITE_KEY}"), Throttle(1e6, 1e6, lambda: 0.0)),
            Tally(Telemetry(CollectorRegistry())),
            {
                "sendgrid": SendGridSignature((public(STRANGERS), public(OURS)), lambda: NOON),
                "mailgun": MailgunSignature(("an-older-secret", "the-signing-key"), spent, lambda: NOON),
            },
        )
        app = Starlette(routes=[Route("/v1/mail-events", door.answer, methods=["POST"])])
        self.web = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    async def _write(self, admitted: Admitted) -> None:
        self.written.append(orjson.loads(admitted.body))

    async def post(self, body: bytes, **more: Any) -> tuple[int, str]:
        """The status, and the error if any."""
        answer = await self.web.post("/v1/mail-events", content=body, **more)
        return answer.status_code, answer.json().get("error", "")


@pytest.fixture
async def door(store_server: str) -> AsyncIterator[Door]:
    client = redis_at(store_server)
    opened = Door(client)
    await opened.ledger.write(ACTION, SendingStep.TOLD, "c-1")
    yield opened
    await opened.web.aclose()
    await client.aclose()


# ------------------------------------------------------------- SendGrid

SPAM = b'[{"event":"spamreport","smtp-id":"<%s@shop>","timestamp":1795000000}]\r\n' % ACTION.encode()


def signed(body: bytes, at: int = NOW, by: EllipticCurvePrivateKey = OURS) -> dict[str, str]:
    return {SIGNATURE: b64encode(by.sign(str(at).encode() + body, ECDSA(SHA256()))).decode(), TIMESTAMP: str(at)}


async def test_what_sendgrid_signed_is_believed_without_a_key_of_ours(door: Door) -> None:
    assert await door.post(SPAM, headers=signed(SPAM)) == (200, "")
    assert await door.post(SPAM, headers=signed(SPAM, by=STRANGERS)) == (200, ""), "the key that goes out of use"

    assert [one["type"] for one in door.written][:1] == ["receipt.unsubscribed"]
    assert len({one["id"] for one in door.written}) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE: "", TIMESTAMP: str(NOW)},
        {SIGNATURE: "%%", TIMESTAMP: str(NOW)},
        {SIGNATURE: "bm8gc2lnbmF0dXJl", TIMESTAMP: str(NOW)},
        signed(SPAM.strip()),
        signed(SPAM) | {TIMESTAMP: str(NOW + 1)},
        signed(SPAM, by=generate_private_key(SECP256R1())),
    ],
)
async def test_what_sendgrid_did_not_sign_so_is_refused_whatever_key_it_brings(
    door: Door, headers: dict[str, str]
) -> None:
    for auth in (None, (WRITE_KEY, "")):
        assert await door.post(SPAM, headers=headers, auth=auth) == (401, "wrong_signature")
    assert door.written == []


@pytest.mark.parametrize(
    ("age", "status"), [(24 * HOUR, 200), (OLDEST + MINUTE, 401), (-4 * MINUTE, 200), (-6 * MINUTE, 401)]
)
async def test_what_was_signed_long_ago_or_in_days_to_come_is_refused(door: Door, age: int, status: int) -> None:
    assert (await door.post(SPAM, headers=signed(SPAM, at=(NOON - age) // 1_000)))[0] == status


async def test_the_example_that_sendgrid_publishes_is_signed() -> None:
    """Key, signature, moment and body as they stand in the tests of SendGrid's own libraries."""
    key = (
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1F"
        "wCM/QmGUhA=="
    )
    signature = "MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0="
    headers = {SIGNATURE: signature, TIMESTAMP: "1588788367"}
    body = b'{"category":"example_payload","event":"test_event","message_id":"message_id"}'
    theirs = SendGridSignature((key,), lambda: 1_588_788_367_000)

    assert await theirs.doubts(headers, body, None) is None
    assert await theirs.doubts(headers, body + b"\r\n", None) is not None


@pytest.mark.parametrize("key", ["none", "MFkw", "c29tZXRoaW5n", public(OURS)[:-8], "SG.an-api-key"])
def test_a_key_that_is_none_is_refused_when_the_gateway_starts(key: str) -> None:
    with pytest.raises(ConfigurationRefused, match=r"TEND_SENDGRID_VERIFICATION_KEY: expected the verification key"):
        SendGridSignature((key,), lambda: NOON)


# ------------------------------------------------------------- Mailgun


def mailgun(event: str = "complained", *, at: int = NOW, token: str = "t" * 50, **signature: Any) -> bytes:
    digest = hmac.new(b"the-signing-key", f"{at}{token}".encode(), sha256).hexdigest()
    message = {"headers": {"message-id": f"{ACTION}@shop"}}
    told = {"event": event, "timestamp": 1_795_000_000.5, "message": message}
    both = {"timestamp": str(at), "token": token, "signature": digest, **signature}
    return orjson.dumps({"signature": both, "event-data": told})


async def test_what_mailgun_signed_is_believed_and_again_changes_nothing(door: Door) -> None:
    for _ in range(2):
        assert await door.post(mailgun()) == (200, "")

    assert {one["type"] for one in door.written} == {"receipt.unsubscribed"}
    assert len({one["id"] for one in door.written}) == 1


async def test_a_token_that_was_seen_vouches_for_no_other_event(door: Door) -> None:
    assert await door.post(mailgun("opened")) == (200, "")

    assert await door.post(mailgun("complained")) == (406, "token_spent")
    assert await door.post(mailgun("complained", token="u" * 50)) == (200, "")
    assert len(door.written) == 1


async def test_events_of_a_subaccount_are_believed_by_the_signature_of_its_parent(door: Door) -> None:
    good = orjson.loads(mailgun())["signature"]["signature"]

    assert await door.post(mailgun(signature="0" * 64, **{"parent-signature": good})) == (200, "")


@pytest.mark.parametrize(
    "body",
    [
        mailgun(signature="0" * 64),
        mailgun(signature=5),
        mailgun(timestamp=str(NOW + 1)),
        mailgun(token="another"),
        b'{"event-data": {"event": "complained"}}',
        b'{"signature": [], "event-data": 7}',
    ],
)
async def test_what_mailgun_did_not_sign_so_is_refused_whatever_key_it_brings(door: Door, body: bytes) -> None:
    body = body.replace(b'"token":"another"', b'"token":"yet another"')
    for auth in (None, (WRITE_KEY, "")):
        assert await door.post(body, auth=auth) == (401, "wrong_signature")
    assert door.written == []


async def test_what_mailgun_signed_long_ago_is_not_asked_for_again(door: Door) -> None:
    assert await door.post(mailgun(at=NOW - 8 * 3_600)) == (200, ""), "its last repeat"
    assert await door.post(mailgun(at=NOW - 26 * 3_600, token="u" * 50)) == (406, "outdated")
    assert await door.post(mailgun(at=NOW + 360, token="v" * 50)) == (406, "outdated")


# ------------------------------------------------------------- others at the same door


async def test_providers_that_sign_nothing_we_can_check_bring_a_key(door: Door) -> None:
    postmark = orjson.dumps({"RecordType": "SpamComplaint", "Metadata": {"action": ACTION}})
    assert await door.post(postmark) == (401, "wrong_key")
    assert await door.post(postmark, auth=(WRITE_KEY, "")) == (200, "")


async def test_no_event_of_mailguns_comes_in_disguise(door: Door) -> None:
    within = orjson.dumps({"Type": "Notification", "Message": mailgun(signature="0" * 64).decode()})

    assert await door.post(within, auth=(WRITE_KEY, "")) == (200, "")
    assert door.written == []


async def test_what_is_no_json_is_asked_for_its_key_first(door: Door) -> None:
    assert await door.post(b"{") == (401, "wrong_key")
    assert await door.post(b"{", auth=(WRITE_KEY, "")) == (400, "wrong_json")
