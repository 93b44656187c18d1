"""The door for Segment's libraries: single calls and batches, with an outcome for each that was not simply taken.

A batch is answered 200 whatever is in it, as libraries repeat the whole of it after any other answer; 503 says that
Kafka has not acknowledged, and then the whole may be sent again: ids follow from ``messageId``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from agents.access import CUSTOMER, Actor, Admitted
from agents.connectors.segment import Reader, read
from agents.connectors.told import LeftOut, Refused
from agents.gateway.intake import Intake
from agents.gateway.keys import WriteKey, key_of
from agents.gateway.requests import CORS, PREFLIGHT, QuickJson, bounded, presented_key, refused, too_fast, unavailable
from agents.gateway.throttle import Throttle
from schemas.errors import DependencyUnavailable
from schemas.events import Invalid

_DOOR: Final = "segment"
_MOST_BYTES: Final = 512_000
_MOST_OF_ONE: Final = 32_768
"""Segment's own limits, of a batch and of a call."""
_MOST_CALLS: Final = 2_500
CALLS: Final = {
    "track": "track", "t": "track", "identify": "identify", "i": "identify", "page": "page", "p": "page",
    "screen": "screen", "s": "screen", "group": "group", "g": "group", "alias": "alias", "a": "alias",
}  # fmt: skip
"""Last part of the path to type of call; the short ones are those of browsers."""


class SegmentDoor:
    """Takes Segment's calls."""

    def __init__(
        self,
        intake: Intake,
        write_keys: tuple[WriteKey, ...],
        throttle: Throttle,
        currency: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._intake, self._write_keys, self._throttle = intake, write_keys, throttle
        self._currency, self._now = currency, now

    async def one(self, request: Request) -> Response:
        """``POST /v1/track`` and its like."""
        kind = CALLS[request.url.path.rpartition("/")[2]]
        return await self._answer(request, lambda told: [{**told, "type": kind}])

    async def batch(self, request: Request) -> Response:
        """``POST /v1/batch``."""
        return await self._answer(request, _listed)

    async def _answer(self, request: Request, calls_of: Callable[[dict[str, Any]], list[Any] | None]) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        body = await bounded(request, _MOST_BYTES)
        if body is None:
            return refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once")
        told = _opened(body)
        # Browsers send the key in the body, so that they need not ask before.
        given = presented_key(request.headers) or str((told or {}).get("writeKey", ""))
        key = key_of(self._write_keys, given)
        if key is None:
            return refused(401, "wrong_key", "expected Authorization: Basic KEY:, one of TEND_GATEWAY_KEYS")
        calls = calls_of(told) if told is not None else None
        if calls is None:
            return refused(400, "wrong_json", "expected a JSON object, for a batch with a list in batch")
        if len(calls) > _MOST_CALLS:
            return refused(413, "too_many", f"at most {_MOST_CALLS} calls are taken at once")
        if wait := self._throttle.wait(key.name, max(1, len(calls))):
            return too_fast(wait)
        judged = [self._judge(call, key) for call in calls]
        try:
            await self._intake.write([event for _, admitted in judged for event in admitted], _DOOR)
        except DependencyUnavailable:
            return unavailable()
        return QuickJson(_told(calls, [outcome for outcome, _ in judged]), 200, CORS)

    def _judge(self, call: Any, key: WriteKey) -> tuple[dict[str, Any], list[Admitted]]:
        """One call: what becomes of it, nothing to say where it is simply taken; and its events."""
        tally = self._intake.tally
        try:
            if len(orjson.dumps(call)) > _MOST_OF_ONE:
                raise Refused("", f"at most {_MOST_OF_ONE} bytes are taken of one call")
            events = [one for one in read(call, Reader(self._now(), self._currency)) if key.allows(one["type"])]
            if not events:
                raise Refused("type", f"key {key.name} may send visits and carts alone")
        except LeftOut as nothing:
            tally.left_out(_DOOR, str(nothing))
            return {"status": "left_out", "reason": str(nothing)}, []
        except Refused as problem:
            tally.refused(_DOOR, problem.field or "no call")
            return {"status": "refused", "reason": str(problem)}, []
        actor = CUSTOMER if key.browser else Actor("system", key.name)
        try:
            source = f"segment:{key.name}"
            admitted = [self._intake.admit(one, door=_DOOR, actor=actor, source=source) for one in events]
        except Invalid as invalid:
            return {"status": "refused", "reason": str(invalid)}, []
        left_out = [name for one in admitted for name in one.event.left_out]
        return ({"status": "taken", "left_out": left_out} if left_out else {}), admitted


def _told(calls: list[Any], outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    named = [
        {"index": index, "messageId": call.get("messageId") if isinstance(call, Mapping) else None, **outcome}
        for index, (call, outcome) in enumerate(zip(calls, outcomes, strict=True))
        if outcome
    ]
    taken = sum(outcome.get("status", "taken") == "taken" for outcome in outcomes)
    return {"success": True, "taken": taken, "outcomes": named}


def _opened(body: bytes) -> dict[str, Any] | None:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None


def _listed(told: dict[str, Any]) -> list[Any] | None:
    calls = told.get("batch")
    if not isinstance(calls, list):
        return None
    sent = told.get("sentAt")
    around = {name: told[name] for name in ("context",) if isinstance(told.get(name), Mapping)}
    return [{**around, "sentAt": sent, **call} if isinstance(call, dict) else call for call in calls]
