"""The public pages as everybody reaches them: at a person's pace, and with words when the stores are away."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from agents.gateway.throttle import Throttle
from agents.links.looks import HEADERS, away
from agents.links.pages import PublicPages
from schemas.errors import DependencyUnavailable

_PER_SECOND: Final = 2.0
_BURST: Final = 60.0
_UNKNOWN: Final = 404
_LOG: Final = logging.getLogger(__name__)


class OpenPages:
    """Lets each link be used at a person's pace, and nobody try tokens in bulk.

    Links that are known are counted each for itself: mail providers post one-click from few addresses, and behind a
    proxy everybody may have the same one.
    """

    def __init__(self, pages: PublicPages, clock: Callable[[], float] = time.monotonic) -> None:
        self._pages = pages
        self._links, self._visitors = Throttle(_PER_SECOND, _BURST, clock), Throttle(_PER_SECOND, _BURST, clock)

    async def answer(self, request: Request) -> Response:
        """Answer a request for ``/k/TOKEN``."""
        if wait := self._links.wait(str(request.path_params["token"])):
            return _too_fast(wait)
        try:
            answer = await self._pages.answer(request)
        except DependencyUnavailable as error:
            _LOG.warning("a page could not be shown: %s", error)
            return away(self._pages.linked.defaults, request.headers.get("accept-language", ""))
        visitor = request.client.host if request.client else ""
        if answer.status_code == _UNKNOWN and (wait := self._visitors.wait(visitor)):
            return _too_fast(wait)
        return answer


def _too_fast(wait: float) -> Response:
    return PlainTextResponse("too many requests", 429, {**HEADERS, "retry-after": str(int(wait) + 1)})
