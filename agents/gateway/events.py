"""``POST /v1/events``: one event or a list, answered when Kafka has acknowledged; a list has an answer for each."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.access import AccessKeys, Actor, Admitted, admit
from agents.gateway.keys import WriteKey, key_of
from agents.gateway.throttle import Throttle
from schemas.errors import DependencyUnavailable
from schemas.events import Invalid

_MOST_BYTES: Final = 1_000_000
_MOST_EVENTS: Final = 500
_CORS: Final = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "86400",
}

Write = Callable[[Admitted], Awaitable[None]]


class EventDoor:
    """Takes events in the words of the contract."""

    def __init__(
        self, write: Write, write_keys: tuple[WriteKey, ...], throttle: Throttle, keys: AccessKeys, partitions: int
    ) -> None:
        self._write, self._write_keys, self._throttle = write, write_keys, throttle
        self._keys, self._partitions = keys, partitions

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_CORS)
        key = key_of(self._write_keys, _presented(request.headers))
        if key is None:
            return _refused(401, "wrong_key", "expected Authorization: Bearer KEY, one of TEND_GATEWAY_KEYS")
        body = await _bounded(request)
        if body is None:
            return _refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once")
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return _refused(400, "wrong_json", f"not JSON: {error}")
        events = told if isinstance(told, list) else [told]
        if not 0 < len(events) <= _MOST_EVENTS:
            return _refused(413, "too_many", f"between 1 and {_MOST_EVENTS} events are taken at once")
        wait = self._throttle.wait(key.name, len(events))
        if wait:
            limited = _refused(429, "too_fast", "send again later")
            limited.headers["retry-after"] = str(int(wait) + 1)
            return limited
        try:
            answers = await asyncio.gather(*(self._take(one, key) for one in events))
        except DependencyUnavailable:
            return _refused(503, "unavailable", "nothing is promised; send the same again, with the same ids")
        if isinstance(told, list):
            taken = sum(one["status"] == 202 for one in answers)
            return JSONResponse({"taken": taken, "events": answers}, 207 if taken < len(answers) else 202, _CORS)
        (answer,) = answers
        return JSONResponse(answer, answer["status"], _CORS)

    async def _take(self, told: Any, key: WriteKey) -> dict[str, Any]:
        """One event: written and acknowledged, or why not."""
        if not isinstance(told, Mapping):
            return {"status": 400, "error": "wrong_json", "message": "expected an object"}
        kind = told.get("type")
        if isinstance(kind, str) and not key.allows(kind):
            return {"status": 403, "error": "not_allowed", "message": f"key {key.name} may not send {kind}"}
        actor = Actor("customer") if key.browser else Actor("system", key.name)
        try:
            admitted = admit(
                told, actor=actor, source=f"gateway:{key.name}", keys=self._keys, partitions=self._partitions
            )
        except Invalid as invalid:
            return {"status": 400, "error": invalid.reason, "field": invalid.field, "message": str(invalid)}
        await self._write(admitted)
        return {"status": 202, "id": admitted.event.id}


def _presented(headers: Mapping[str, str]) -> str:
    """The key of a request: as Bearer, or as the user of Basic, as Segment's libraries send it."""
    scheme, _, told = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return told.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(told, validate=True).decode().partition(":")[0]
        except (NoBase64, ValueError):
            return ""
    return ""


async def _bounded(request: Request) -> bytes | None:
    """The body, or None where it is too long; no more than that is read."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > _MOST_BYTES:
            return None
    return bytes(found)


def _refused(status: int, error: str, message: str) -> JSONResponse:
    return JSONResponse({"status": status, "error": error, "message": message}, status, _CORS)
