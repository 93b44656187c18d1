"""``POST /v1/replies``: what a customer answered to an SMS, from a provider that has no door of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.gateway.intake import Tally
from agents.gateway.keys import WriteKey, key_of
from agents.gateway.requests import bounded, presented_key, refused, too_fast, unavailable
from agents.gateway.throttle import Throttle
from agents.senders.replies import Replies, wish_of
from schemas.errors import DependencyUnavailable

_DOOR: Final = "replies"
_MOST_BYTES: Final = 16_384
NO_WORD: Final = "no word that means stop or start"
NOBODY: Final = "nobody was written to at this number"


class ReplyDoor:
    """Takes answers."""

    def __init__(self, replies: Replies, write_keys: tuple[WriteKey, ...], throttle: Throttle, tally: Tally) -> None:
        self._replies, self._write_keys, self._throttle, self._tally = replies, write_keys, throttle, tally

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        key = key_of(self._write_keys, presented_key(request.headers))
        if key is None or key.browser:
            return refused(401, "wrong_key", "expected Authorization: Bearer KEY, one of TEND_GATEWAY_KEYS")
        if wait := self._throttle.wait(key.name):
            return too_fast(wait)
        told = _opened(await bounded(request, _MOST_BYTES))
        if told is None:
            self._tally.refused(_DOOR, "wrong_json")
            return refused(400, "wrong_json", "expected an object with the texts id, from and text")
        wish = wish_of(told["text"])
        if wish is None:
            return self._left_out(NO_WORD)
        try:
            changed = await self._replies.take(told["from"], wish, told["id"])
        except DependencyUnavailable:
            return unavailable()
        if not changed:
            return self._left_out(NOBODY)
        self._tally.taken(_DOOR)
        return JSONResponse({"taken": changed, "wish": wish.value}, 202)

    def _left_out(self, reason: str) -> Response:
        self._tally.left_out(_DOOR, reason)
        return JSONResponse({"taken": 0, "left_out": reason})


def _opened(body: bytes | None) -> Mapping[str, str] | None:
    try:
        told: Any = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return None
    fields = [told.get(name) for name in ("id", "from", "text")] if isinstance(told, dict) else [None]
    return told if all(isinstance(one, str) and one for one in fields) else None
