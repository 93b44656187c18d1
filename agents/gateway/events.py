"""``POST /v1/events``: one event or a list, answered when Kafka has acknowledged; a list has an answer for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from agents.access import CUSTOMER, Actor, Admitted
from agents.gateway.intake import Intake
from agents.gateway.keys import WriteKey, key_of
from agents.gateway.requests import CORS, PREFLIGHT, QuickJson, bounded, presented_key, refused, too_fast, unavailable
from agents.gateway.throttle import Throttle
from schemas.errors import DependencyUnavailable
from schemas.events import Invalid

_DOOR: Final = "events"
_MOST_BYTES: Final = 1_000_000
_MOST_EVENTS: Final = 500


class EventDoor:
    """Takes events in the words of the contract."""

    def __init__(self, intake: Intake, write_keys: tuple[WriteKey, ...], throttle: Throttle) -> None:
        self._intake, self._write_keys, self._throttle = intake, write_keys, throttle

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        key = self._key_of(request)
        if key is None:
            return refused(401, "wrong_key", "expected Authorization: Bearer KEY, one of TEND_GATEWAY_KEYS")
        body = await bounded(request, _MOST_BYTES)
        if body is None:
            return refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once")
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return refused(400, "wrong_json", f"not JSON: {error}")
        events = told if isinstance(told, list) else [told]
        if not 0 < len(events) <= _MOST_EVENTS:
            return refused(413, "too_many", f"between 1 and {_MOST_EVENTS} events are taken at once")
        if wait := self._throttle.wait(key.name, len(events)):
            return too_fast(wait)
        judged = [self._judge(one, key) for one in events]
        try:
            await self._intake.write([admitted for _, admitted in judged if admitted is not None], _DOOR)
        except DependencyUnavailable:
            return unavailable()
        return _answered([answer for answer, _ in judged], listed=isinstance(told, list))

    def _key_of(self, request: Request) -> WriteKey | None:
        # What a page sends while it is left carries no headers of its own: then the key stands in the address.
        presented = presented_key(request.headers) or request.query_params.get("key", "")
        key = key_of(self._write_keys, presented)
        in_address = not request.headers.get("authorization")
        return None if key is None or (in_address and not key.browser) else key

    def _judge(self, told: Any, key: WriteKey) -> tuple[dict[str, Any], Admitted | None]:
        """What is answered to one event once those that are taken are safe, and the event if it is taken."""
        if not isinstance(told, Mapping):
            self._intake.tally.refused(_DOOR, "wrong_json")
            return {"status": 400, "error": "wrong_json", "message": "expected an object"}, None
        kind = told.get("type")
        if isinstance(kind, str) and not key.allows(kind):
            self._intake.tally.refused(_DOOR, "not_allowed")
            return {"status": 403, "error": "not_allowed", "message": f"key {key.name} may not send {kind}"}, None
        actor = CUSTOMER if key.browser else Actor("system", key.name)
        try:
            admitted = self._intake.admit(told, door=_DOOR, actor=actor, source=f"gateway:{key.name}")
        except Invalid as invalid:
            return {"status": 400, "error": invalid.reason, "field": invalid.field, "message": str(invalid)}, None
        answer: dict[str, Any] = {"status": 202, "id": admitted.event.id}
        left_out = admitted.event.left_out
        return answer | ({"left_out": list(left_out)} if left_out else {}), admitted


def _answered(answers: list[dict[str, Any]], *, listed: bool) -> Response:
    if not listed:
        return QuickJson(answers[0], answers[0]["status"], CORS)
    taken = sum(one["status"] == 202 for one in answers)
    return QuickJson({"taken": taken, "events": answers}, 207 if taken < len(answers) else 202, CORS)
