"""The public pages behind signed links. GET shows and changes nothing; POST does, and does it once."""

from __future__ import annotations

import logging
from base64 import b64decode
from collections.abc import Awaitable, Callable
from email import message_from_bytes, policy
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from agents.links.consent_page import ConsentPage
from agents.links.linked import LinkedCustomers
from agents.links.links import OPENED, Deed
from agents.links.looks import HEADERS, Looks, language_of, page
from agents.links.occasion_page import OccasionPage
from agents.links.renewal import renewal
from agents.links.visitors import Visitor, who_follows, who_opens
from schemas.actions import MessageAction
from schemas.errors import DependencyUnavailable

_MOST_FORM: Final = 16_384
_LOG: Final = logging.getLogger(__name__)
_DOT: Final = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A picture of one transparent point."""


OnVisit = Callable[[str, Visitor], None]
"""Told of each link that was ``clicked`` and message that was ``opened``, and by whom."""


OnRenewal = Callable[[MessageAction], Awaitable[None]]
"""Gives a message with a new link to its sender."""


async def _to_nobody(asked: MessageAction) -> None:
    """Where no sender listens."""


class PublicPages:
    """What a signed link leads to."""

    def __init__(self, linked: LinkedCustomers) -> None:
        self.linked = linked
        self.seen: OnVisit = lambda done, visitor: None
        self.renew: OnRenewal = _to_nobody

    async def answer(self, request: Request) -> Response:
        """Answer a request for ``/k/TOKEN``."""
        token = str(request.path_params["token"])
        deed = await self.linked.links.find(token)
        if deed is None or deed.deed == OPENED or self.linked.now() >= deed.ends:
            return await self._ended(request, deed)
        view = (ConsentPage if deed.deed in ConsentPage.shown else OccasionPage)(self.linked, token, deed)
        if request.method in ("GET", "HEAD"):
            await self._follow(request, deed)
            return await view.show(request.query_params.get("a", ""))
        body = await request.body()
        if len(body) > _MOST_FORM:
            return PlainTextResponse("too long", 413, HEADERS)
        return await view.act(_form(request.headers.get("content-type", ""), body))

    async def _ended(self, request: Request, deed: Deed | None) -> Response:
        """The same for what never was, what has ended and what was spoilt: nobody learns which customers exist."""
        looks = Looks(language_of(request.headers.get("accept-language", ""), self.linked.defaults.place.locale))
        if request.method != "POST" or len(body := await request.body()) > _MOST_FORM:
            return self._page(looks, "unknown", status=404, kind="renew")
        if not _form(request.headers.get("content-type", ""), body).get("renew"):
            return self._page(looks, "unknown", status=404, kind="renew")
        asked = renewal(deed, self.linked.defaults, self.linked.now()) if deed else None
        if asked is not None:
            await self.renew(asked)
        return page(self.linked.defaults, looks, looks.words["renewed"], notes=[looks.words["renewed_to"]])

    async def picture(self, request: Request) -> Response:
        """Answer a request for ``/o/TOKEN.gif``: a mail was opened, by somebody or by a machine."""
        deed = await self.linked.links.find(str(request.path_params["token"]))
        if deed is not None and deed.deed == OPENED and self.linked.now() < deed.ends:
            await self._note(deed, "opened", who_opens(request.headers, deed.sent, self.linked.now()))
        return Response(_DOT, media_type="image/gif", headers=HEADERS)

    async def _follow(self, request: Request, deed: Deed) -> None:
        await self._note(deed, "clicked", who_follows(request.method, request.headers, deed.sent, self.linked.now()))

    async def _note(self, deed: Deed, done: str, visitor: Visitor) -> None:
        """Tell what a person did, once; what machines do is only counted."""
        self.seen(done, visitor)
        if visitor is Visitor.PERSON:
            try:
                await self.linked.tell(deed, f"receipt.{done}", "visit", action_id=deed.action_id, hops=deed.hops)
            except DependencyUnavailable:
                _LOG.warning("a link was %s, and Kafka was away", done)  # the page is more important

    def _page(self, looks: Looks, title: str, **values: Any) -> Response:
        return page(
            self.linked.defaults, looks, looks.words[title], notes=[looks.words.get(f"{title}_note", "")], **values
        )


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form, urlencoded or multipart, as mail providers post them."""
    if kind.startswith("multipart/"):
        parts = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=policy.HTTP)
        return {
            str(part.get_param("name", header="content-disposition")): part.get_content()
            for part in parts.iter_parts()
            if part.get_content_maintype() == "text"
        }
    told = parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in told.items()}
