"""Signatures of mail providers: what is posted comes from them, is what they said, and is of today.

SendGrid signs the moment and the body with a private key (ECDSA); the store sets the public one. Mailgun signs a moment
and a token with a secret, and not what it says: so a token is good for one event alone. Both repeat what was not
answered for hours, Mailgun under the signature of the first time; what is repeated changes nothing, as a receipt is
written once.
Sources: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features,
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks, …/webhook-retries
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple, Protocol

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from agents.connectors.told import mapping, number, text
from agents.gateway.spent_tokens import SpentTokens
from schemas.errors import ConfigurationRefused
from schemas.times import HOUR, MINUTE, Millis

OLDEST: Final[Millis] = 25 * HOUR
"""SendGrid repeats for 24 hours, Mailgun for 8."""
_AHEAD: Final[Millis] = 5 * MINUTE
SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"


class NotBelieved(NamedTuple):
    """Why a webhook is refused."""

    status: int
    error: str
    message: str


class Signature(Protocol):
    """How one provider signs."""

    async def doubts(self, headers: Mapping[str, str], body: bytes, told: Any) -> NotBelieved | None:
        """Why a webhook is not believed; None where it is.

        Raises:
            DependencyUnavailable: the store is away.
        """
        ...


class SendGridSignature:
    """SendGrid's Signed Event Webhook.

    Args:
        keys: public ones, as it shows them; two while one takes the other's place.
        now: in milliseconds.

    Raises:
        ConfigurationRefused: a key is none.
    """

    def __init__(self, keys: tuple[str, ...], now: Callable[[], Millis]) -> None:
        self._keys, self._now = [_public_key(key) for key in keys], now

    async def doubts(self, headers: Mapping[str, str], body: bytes, told: Any) -> NotBelieved | None:
        """See ``Signature.doubts``."""
        at = headers.get(TIMESTAMP, "")
        if not self._signed(headers.get(SIGNATURE, ""), at.encode() + body):
            expected = f"expected {SIGNATURE} over {TIMESTAMP} and the raw body, by TEND_SENDGRID_VERIFICATION_KEY"
            return NotBelieved(401, "wrong_signature", expected)
        return None if _of_today(at, self._now()) else NotBelieved(401, "outdated", f"{TIMESTAMP}: {_EXPECTED}")

    def _signed(self, signature: str, signed: bytes) -> bool:
        try:
            given = b64decode(signature, validate=True)
        except (NoBase64, ValueError):
            return False
        return any(_verifies(key, given, signed) for key in self._keys)


class MailgunSignature:
    """Mailgun's ``signature`` beside its ``event-data``; that of a subaccount's parent account is as good.

    Args:
        keys: HTTP webhook signing keys; two while one takes the other's place.
        now: in milliseconds.
    """

    def __init__(self, keys: tuple[str, ...], spent: SpentTokens, now: Callable[[], Millis]) -> None:
        self._keys, self._spent, self._now = [key.encode() for key in keys], spent, now

    async def doubts(self, headers: Mapping[str, str], body: bytes, told: Any) -> NotBelieved | None:
        """See ``Signature.doubts``. 406 says that repeating it is of no use."""
        event, signature = mapping(told), mapping(mapping(told).get("signature"))
        at, token = number(signature.get("timestamp")), text(signature.get("token"))
        given = [text(signature.get(name)).encode() for name in ("signature", "parent-signature")]
        if not self._signed(f"{at}{token}".encode(), given):
            expected = "expected signature over timestamp and token, by TEND_MAILGUN_SIGNING_KEY"
            return NotBelieved(401, "wrong_signature", expected)
        if not _of_today(at, self._now()):
            return NotBelieved(406, "outdated", f"signature.timestamp: {_EXPECTED}")
        said = sha256(orjson.dumps(event.get("event-data"), option=orjson.OPT_SORT_KEYS)).hexdigest()
        if not await self._spent.spend("mailgun", f"{at} {token}", said, OLDEST + _AHEAD):
            return NotBelieved(406, "token_spent", "signature.token: it came with another event before")
        return None

    def _signed(self, signed: bytes, given: list[bytes]) -> bool:
        # All of them are compared: how long it takes tells nothing.
        expected = [hmac.new(key, signed, sha256).hexdigest().encode() for key in self._keys]
        good = [hmac.compare_digest(one, other) for one in expected for other in given]
        return any(good)


_EXPECTED: Final = f"expected a moment of the last {OLDEST // HOUR} hours, in seconds"


def _of_today(told: str, now: Millis) -> bool:
    try:
        at = int(told) * 1_000
    except ValueError:
        return False
    return now - OLDEST <= at <= now + _AHEAD


def _public_key(told: str) -> EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(told, validate=True))
    except (NoBase64, ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise ConfigurationRefused(
            "TEND_SENDGRID_VERIFICATION_KEY: expected the verification key as SendGrid's Mail Settings show it, in "
            "Base64, such as MFkwEwYHKoZI…"
        )
    return key


def _verifies(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
