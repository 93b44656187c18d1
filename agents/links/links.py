"""Signed links: an address that does one thing for one action, and tells nothing to whom it does not belong.

A token is a keyed hash (HMAC-SHA-256, 96 bits) of the action and of what the link does. It holds no id, name or address
and cannot be guessed; the same link asked for twice is the same address. What it stands for lies in the store, for as
long as it works.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Iterable
from hashlib import sha256
from typing import Any, Final, cast

import msgspec

from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.actions import AnyAction, TicketAction
from schemas.times import DAY, Millis, to_millis

_BYTES: Final = 12
_TOKEN: Final = re.compile(r"^[A-Za-z0-9_-]{16}$")
_LIFE: Final[dict[str, Millis]] = {
    "survey": 30 * DAY,
    "reopen": 30 * DAY,
    "settled": 30 * DAY,
    "preferences": 60 * DAY,
    "coupon": 90 * DAY,
    "unsubscribe": 730 * DAY,
    "open": 30 * DAY,
}
"""How long each works; unsubscribing about as long as mails are kept."""
OPENED: Final = "open"
"""No link that anybody follows: a picture that mail programs load, where the store has switched it on."""
_REMEMBERED: Final[Millis] = 30 * DAY
"""How long a link that has ended is still known as such."""
_LONGEST: Final[Millis] = max(_LIFE.values()) + _REMEMBERED


class Deed(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a link does, and for whom."""

    deed: str
    action_id: str
    customer: str
    channel: str
    purpose: str
    locale: str
    ends: Millis
    order: str = ""
    complaint: str = ""
    coupon: str = ""
    survey: str = ""
    hops: int = 0
    sent: Millis = 0
    """When the message went out."""


class SurveyAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done by a link already."""

    at: Millis
    scores: dict[str, int] = {}


class Links:
    """Makes links, and finds out what one stands for.

    Args:
        key: of this installation, for links alone.
        base_url: where the public pages are reached.
    """

    def __init__(self, client: Client, address: str, key: bytes, base_url: str) -> None:
        self._client, self._address = client, address
        self._key, self._base = key, base_url.rstrip("/")

    def token(self, action_id: str, deed: str) -> str:
        """The token of a link."""
        signed = hmac.digest(self._key, f"{action_id}\x1f{deed}".encode(), sha256)
        return urlsafe_b64encode(signed[:_BYTES]).decode()

    def url(self, token: str) -> str:
        """Its address."""
        return f"{self._base}/k/{token}"

    def picture(self, token: str) -> str:
        """Address of the picture that tells that a message was opened."""
        return f"{self._base}/o/{token}.gif"

    async def open(self, action: AnyAction, deeds: Iterable[str], now: Millis) -> dict[str, str]:
        """Addresses for an action's links; they work from now on.

        Raises:
            DependencyUnavailable: the store cannot be reached.
        """
        found: dict[str, str] = {}
        for deed in deeds:
            token = self.token(action.action_id, deed)
            told = deed_of(action, deed, now)
            kept = told.ends - now + _REMEMBERED
            await self._ask(self._client.sadd(_of(action.customer), token))
            await self._ask(self._client.pexpire(_of(action.customer), _LONGEST))
            await self._ask(self._client.set(_key(token), msgspec.json.encode(told), px=kept, nx=True))
            found[deed] = self.picture(token) if deed == OPENED else self.url(token)
        return found

    async def find(self, token: str) -> Deed | None:
        """What a token stands for; None where it stands for nothing, or no longer."""
        if not _TOKEN.match(token):
            return None
        told = await self._ask(self._client.get(_key(token)))
        return msgspec.json.decode(cast(bytes, told), type=Deed) if told else None

    async def answer(self, token: str) -> SurveyAnswer | None:
        """What was done by it already."""
        told = await self._ask(self._client.get(_answer_key(token)))
        return msgspec.json.decode(cast(bytes, told), type=SurveyAnswer) if told else None

    async def remember(self, token: str, answer: SurveyAnswer) -> None:
        """Note what was done by it, for as long as it is known."""
        left = await self._ask(self._client.pttl(_key(token)))
        await self._ask(self._client.set(_answer_key(token), msgspec.json.encode(answer), px=max(1, int(str(left)))))

    async def forget(self, token: str) -> None:
        """What was done by it was taken back."""
        await self._ask(self._client.delete(_answer_key(token)))

    async def erase(self, customer: str) -> None:
        """Links to a customer's pages lead nowhere from now on, and what was answered is forgotten."""
        for told in await self._ask(self._client.smembers(_of(customer))):
            token = told.decode() if isinstance(told, bytes) else str(told)
            await self._ask(self._client.delete(_key(token)))
            await self._ask(self._client.delete(_answer_key(token)))
        await self._ask(self._client.delete(_of(customer)))

    async def holds(self, customer: str) -> bool:
        """Whether any link of a customer is known."""
        return bool(await self._ask(self._client.exists(_of(customer))))

    async def _ask(self, answer: Awaitable[Any] | Any) -> Any:
        with translate_errors(self._address):
            return await answer


def deed_of(action: AnyAction, deed: str, now: Millis) -> Deed:
    """What a link of this action does."""
    coupon = getattr(action, "coupon", None)
    code = coupon.code if coupon else str(action.values.get("coupon.code", ""))
    ends = now + _LIFE[deed]
    if deed == "coupon" and coupon:
        ends = to_millis(coupon.expires_at) + _REMEMBERED
    return Deed(
        deed=deed,
        action_id=action.action_id,
        customer=action.customer,
        channel=action.channel,
        purpose=action.purpose,
        locale=action.message.locale if action.message else action.locale,
        ends=ends,
        order=str(action.values.get("order.id", "")),
        complaint=_complaint(action),
        coupon=code,
        survey=getattr(action, "survey", None) or "",
        hops=action.hops,
        sent=now,
    )


def deeds_of(action: AnyAction) -> set[str]:
    """The signed links that an action's message speaks of."""
    told = action.message
    if told is None:
        return set()
    asked = {one.to for one in (*told.buttons, *told.footer) if one.url is None}
    asked |= {"survey"} if told.scale else set()
    written = " ".join(filter(None, (told.sms.text if told.sms else "", told.small or "", *told.body)))
    return {deed for deed in _LIFE if deed in asked or f"link.{deed} }}" in written}


def _complaint(action: AnyAction) -> str:
    if isinstance(action, TicketAction):
        return action.complaint_id or ""
    return str(action.values.get("complaint.id", ""))


def _of(customer: str) -> str:
    return f"tend:links:of:{customer}"


def _key(token: str) -> str:
    return f"tend:link:{token}"


def _answer_key(token: str) -> str:
    return f"tend:link:{token}:answer"
