"""``POST /v1/replies``: what a customer answered to an SMS, from a provider that has no door of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.gateway.admission import ServerAdmission
from agents.gateway.intake import Tally
from agents.gateway.requests import refused, unavailable
from agents.senders.replies import Replies, wish_of
from schemas.errors import DependencyUnavailable

_DOOR: Final = "replies"
_MOST_BYTES: Final = 16_384
NO_WORD: Final = "no word that means stop or start"
NOBODY: Final = "nobody was written to at this number"


class ReplyDoor:
    """Takes answers."""

    def __init__(self, replies: Replies, admission: ServerAdmission, tally: Tally) -> None:
        self._replies, self._admission, self._tally = replies, admission, tally

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        body = await self._admission.body(request, _MOST_BYTES)
        if isinstance(body, Response):
            return body
        told = _opened(body)
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


def _opened(body: bytes) -> Mapping[str, str] | None:
    try:
        told: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    fields = [told.get(name) for name in ("id", "from", "text")] if isinstance(told, dict) else [None]
    return told if all(isinstance(one, str) and one for one in fields) else None
