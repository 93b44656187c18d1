"""What all doors do with a request: read no more than is taken, find the key, answer in one shape."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NoBase64
from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse

CORS: Final = {"access-control-allow-origin": "*"}
PREFLIGHT: Final = CORS | {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "86400",
}


class QuickJson(JSONResponse):
    """JSON, written quickly: a long list has an answer for each."""

    def render(self, content: Any) -> bytes:
        """See ``Response.render``."""
        return orjson.dumps(content)


def presented_key(headers: Mapping[str, str]) -> str:
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


async def bounded(request: Request, most: int) -> bytes | None:
    """The body, or None where it is longer; no more than that is read."""
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > most:
            return None
    return bytes(found)


def refused(status: int, error: str, message: str) -> JSONResponse:
    """A request that is not taken, and why."""
    return JSONResponse({"status": status, "error": error, "message": message}, status, CORS)


def too_fast(wait: float) -> JSONResponse:
    """A request that may be sent again, after the seconds that it names."""
    answer = refused(429, "too_fast", "send again later")
    answer.headers["retry-after"] = str(int(wait) + 1)
    return answer


def unavailable() -> JSONResponse:
    """Kafka did not acknowledge: the sender must not take it for done."""
    answer = refused(503, "unavailable", "nothing is promised; send the same again, with the same ids")
    answer.headers["retry-after"] = "30"
    return answer
