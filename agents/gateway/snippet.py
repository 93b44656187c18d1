"""The browser snippet: visits and carts from a store's own pages, once the visitor has said yes."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

_BETWEEN: Final = re.compile(r"\s*\n\s*")
_AN_HOUR: Final = "public, max-age=3600"


async def snippet(request: Request) -> Response:
    """``GET /tend.js``."""
    script = snippet_text()
    tag = f'"{sha256(script.encode()).hexdigest()[:16]}"'
    headers = {"cache-control": _AN_HOUR, "etag": tag, "x-content-type-options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(script, media_type="text/javascript", headers=headers)


@cache
def snippet_text() -> str:
    """The script without the blanks that it is written with."""
    text = (resources.files("agents.gateway") / "snippet.js").read_text(encoding="utf-8")
    return _BETWEEN.sub(" ", text.strip())
