"""What every page behind a link has: whose it is, and how it speaks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from starlette.responses import PlainTextResponse, Response

from agents.links.linked import LinkedCustomers
from agents.links.links import Deed
from agents.links.looks import HEADERS, Looks, page

Show = Callable[[Any, str], Awaitable[Response]]
Act = Callable[[Any, dict[str, str]], Awaitable[Response]]


class LinkPage:
    """One link, asked for once."""

    shown: ClassVar[Mapping[str, Show]] = {}
    """What a page says, by what its link does; nothing is changed."""
    done: ClassVar[Mapping[str, Act]] = {}
    """What is done when somebody presses a button."""

    def __init__(self, linked: LinkedCustomers, token: str, deed: Deed) -> None:
        self._linked, self._token, self._deed = linked, token, deed
        self._looks = Looks(deed.locale)
        self._w = self._looks.words

    def _say(self, title: str, **values: Any) -> Response:
        return page(self._linked.defaults, self._looks, title, **values)

    async def show(self, chosen: str) -> Response:
        """The page as it stands."""
        return await self.shown[self._deed.deed](self, chosen)

    async def act(self, form: dict[str, str]) -> Response:
        """What was asked for is done."""
        act = self.done.get(self._deed.deed)
        return await act(self, form) if act else PlainTextResponse("nothing to do here", 405, HEADERS)
