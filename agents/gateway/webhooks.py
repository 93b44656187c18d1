"""Doors for webhooks of shops: signed over the raw body, answered when everything in them is safe.

Shops switch a webhook off after a few answers that are not 2xx, and send again what will never be better. So what is
well signed is answered 2xx: recorded, or left out with its reason in the answer and in the metrics. Only what is not
signed, not JSON, too large or too fast, or what Kafka has not acknowledged, is answered otherwise.
"""

from __future__ import annotations

import hmac
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.access import Actor
from agents.access.identity import is_pseudonym
from agents.connectors import shopify, woocommerce
from agents.connectors.hooks import Hook, Topic, read_by
from agents.connectors.known_orders import Known, KnownOrders
from agents.connectors.parcels import news_of
from agents.connectors.told import LeftOut, Reading, Refused, Told, rfc3339, told_id
from agents.connectors.woocommerce_turns import taken_back
from agents.gateway.intake import Intake
from agents.gateway.requests import bounded, refused, too_fast, unavailable
from agents.gateway.throttle import Throttle
from agents.imports.statuses import Meaning
from schemas.errors import DependencyUnavailable
from schemas.events import Invalid

_LOG: Final = logging.getLogger(__name__)
_MOST_BYTES: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class System:
    """A shop system, as its webhooks come."""

    name: str
    table: tuple[Topic, ...]
    follows: Callable[[str, Mapping[str, str]], Iterator[Told]]
    """What follows from all that was told of an order, beside what each message says."""
    topic: str
    """Header with the topic."""
    signature: str
    """Header with the signature: HMAC-SHA-256 of the raw body in Base64."""
    sent: str = ""
    """Header with the moment of sending."""
    test: str = ""
    """Header that says true of what is sent to try the webhook."""
    pings: bool = False
    """Whether an unsigned form comes when a webhook is saved."""
    states: Mapping[str, Meaning] = field(default_factory=dict)


SHOPIFY: Final = System(
    "shopify",
    shopify.TABLE,
    partial(news_of, "shopify"),
    "x-shopify-topic",
    "x-shopify-hmac-sha256",
    sent="x-shopify-triggered-at",
    test="x-shopify-test",
)
WOOCOMMERCE: Final = System(
    "woocommerce", woocommerce.TABLE, taken_back, "x-wc-webhook-topic", "x-wc-webhook-signature", pings=True
)


class WebhookDoor:
    """The door of one system.

    Args:
        secrets: those it signs with; two while one takes the other's place.
    """

    def __init__(
        self,
        system: System,
        secrets: tuple[str, ...],
        intake: Intake,
        orders: KnownOrders,
        throttle: Throttle,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._system, self._secrets, self._intake, self._orders = system, secrets, intake, orders
        self._throttle, self._now = throttle, now
        self._actor = Actor("system", system.name)

    async def answer(self, request: Request) -> Response:
        """Answer a webhook."""
        name, tally = self._system.name, self._intake.tally
        body = await bounded(request, _MOST_BYTES)
        if body is None:
            tally.refused(name, "too_long")
            return refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once")
        told = request.headers.get(self._system.signature, "")
        if not told and self._system.pings and "form" in request.headers.get("content-type", ""):
            tally.left_out(name, "a ping")
            return JSONResponse({"left_out": "a ping"})
        if not self._signed(body, told):
            tally.refused(name, "wrong signature")
            return refused(
                401, "wrong_signature", f"expected {self._system.signature} over the raw body, by our secret"
            )
        if wait := self._throttle.wait(name):
            return too_fast(wait)
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict):
            tally.refused(name, "wrong_json")
            return refused(400, "wrong_json", "expected a JSON object")
        try:
            return JSONResponse(await self._take(request.headers, parsed))
        except DependencyUnavailable:
            return unavailable()

    def _signed(self, body: bytes, told: str) -> bool:
        # All of them are compared: how long it takes tells nothing.
        good = [hmac.compare_digest(signature(secret, body), told.encode()) for secret in self._secrets]
        return any(good)

    async def _take(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """Record what a message says; what became of it."""
        system, tally = self._system, self._intake.tally
        hook = Hook(headers.get(system.topic, ""), body, self._sent(headers), system.states)
        try:
            if headers.get(system.test) == "true":
                raise LeftOut("a test message")
            reading = read_by(system.table, hook)
        except LeftOut as nothing:
            tally.left_out(system.name, str(nothing))
            return {"taken": 0, "left_out": str(nothing)}
        except Refused as problem:
            _LOG.warning("%s %s: %s", system.name, hook.topic, problem)
            tally.refused(system.name, problem.field)
            return {"taken": 0, "refused": [str(problem)]}
        return await self._record(reading)

    async def _record(self, reading: Reading) -> dict[str, Any]:
        # News is kept before its order is looked up, and an order is remembered before its news is: neither misses
        # the other.
        if reading.facts:
            await self._orders.learn(reading.order, reading.facts)
        if reading.loose:
            await self._orders.keep(reading.order, reading.loose)
        known, joined = await self._whose(reading)
        if known is None and not reading.customer:
            self._intake.tally.left_out(self._system.name, "waits for its order")
            return {"taken": 0, "left_out": "waits for its order"}
        told, waited = [*reading.events, *joined], list[Told]()
        if known is not None:
            waited = await self._orders.waiting(reading.order)
            about = {"customer": known.customer, "order_id": known.number}
            told += [one | about for one in (*waited, *await self._what_follows(reading))]
        problems = await self._write(told)
        await self._orders.release(reading.order, [one["id"] for one in waited])
        answer: dict[str, Any] = {"taken": len(told) - len(problems)}
        return answer | ({"refused": problems} if problems else {})

    async def _whose(self, reading: Reading) -> tuple[Known | None, list[Told]]:
        """Whose order it is about, if any and if known; and what that says of the guest of whom it was before."""
        if not reading.customer:
            return await self._orders.find(reading.order), []
        known = self._named(reading)
        if known is None:
            return None, []
        before = await self._orders.remember(reading.order, known)
        if before is None or is_pseudonym(before.customer) == is_pseudonym(known.customer):
            return known, []
        guest, account = (before, known) if is_pseudonym(before.customer) else (known, before)
        await self._orders.remember(reading.order, account)
        return account, [self._joined(guest.customer, account.customer)]

    def _joined(self, guest: str, account: str) -> Told:
        id_ = told_id(self._system.name, "guest", guest, account)
        told: Told = {"type": "customer.identified", "id": id_, "time": rfc3339(self._now())}
        return told | {"customer": guest, "into": account}

    async def _what_follows(self, reading: Reading) -> list[Told]:
        if not reading.facts:
            return []
        return list(self._system.follows(reading.order, await self._orders.facts(reading.order)))

    def _named(self, reading: Reading) -> Known | None:
        if not (reading.order and reading.customer):
            return None
        try:
            return Known(self._intake.customer_of(reading.customer), reading.number)
        except ValueError:
            return None

    async def _write(self, told: list[Told]) -> list[str]:
        """Write events; why some were refused."""
        name, admitted, problems = self._system.name, [], []
        for one in told:
            try:
                admitted.append(self._intake.admit(one, door=name, actor=self._actor, source=name))
            except Invalid as invalid:
                _LOG.warning("%s %s: %s", name, one.get("type"), invalid)
                problems.append(str(invalid))
        await self._intake.write(admitted, name)
        return problems

    def _sent(self, headers: Mapping[str, str]) -> datetime:
        try:
            told = datetime.fromisoformat(headers.get(self._system.sent, ""))
        except ValueError:
            return self._now()
        return told if told.tzinfo else self._now()


def signature(secret: str, body: bytes) -> bytes:
    """What a shop signs a body with."""
    return b64encode(hmac.digest(secret.encode(), body, sha256))
