"""``POST /v1/mail-events``: what a mail provider tells of mails, by its webhook.

Signed by the provider where the store has told how; else with a write key, as the user of Basic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.connectors.mail_events import CONFIRM, provider_of, read_mail_events
from agents.connectors.told import LeftOut
from agents.gateway.admission import ServerAdmission
from agents.gateway.intake import Tally
from agents.gateway.mail_signatures import Signature
from agents.gateway.requests import bounded, refused, unavailable
from agents.senders.mail_news import MailDesk
from schemas.errors import DependencyUnavailable

_DOOR: Final = "mail-events"
_MOST_BYTES: Final = 2_000_000


class MailEventDoor:
    """Takes webhooks of mail providers. What is understood is answered 200, as providers repeat what is not."""

    def __init__(
        self,
        desk: MailDesk,
        admission: ServerAdmission,
        tally: Tally,
        signatures: Mapping[str, Signature] | None = None,
    ) -> None:
        self._desk, self._admission, self._tally = desk, admission, tally
        self._signatures = signatures or {}

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        body = await self._body(request)
        if isinstance(body, Response):
            return body
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            told = None
        try:
            return await self._refusal(request, body, told) or JSONResponse(await self._take(told))
        except DependencyUnavailable:
            return unavailable()

    async def _body(self, request: Request) -> bytes | Response:
        if not self._signatures:
            return await self._admission.body(request, _MOST_BYTES)
        found = await bounded(request, _MOST_BYTES)
        return refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once") if found is None else found

    async def _refusal(self, request: Request, body: bytes, told: object) -> Response | None:
        """The answer where what came is not believed, or is no JSON; None where it is."""
        provider = provider_of(told)
        if signature := self._signatures.get(provider):
            doubt = await signature.doubts(request.headers, body, told)
            if doubt:
                self._tally.refused(_DOOR, doubt.error)
                return refused(*doubt)
            return self._admission.hurry(provider)
        if self._signatures and (answer := self._admission.refusal(request)):
            return answer
        if told is None:
            self._tally.refused(_DOOR, "wrong_json")
            return refused(400, "wrong_json", "expected JSON, as providers send it")
        return None

    async def _take(self, told: object) -> dict[str, object]:
        try:
            found = read_mail_events(told)
        except LeftOut as nothing:
            self._tally.left_out(_DOOR, str(nothing))
            link = told.get("SubscribeURL") if str(nothing) == CONFIRM and isinstance(told, dict) else None
            return {"taken": 0, "left_out": {str(nothing): 1}} | ({"open": link} if link else {})
        taken, left_out = 0, Counter[str]()
        for one in found:
            reason = str(one) if isinstance(one, LeftOut) else "" if await self._desk.tell(one) else "no mail of ours"
            if reason:
                left_out[reason] += 1
                self._tally.left_out(_DOOR, reason)
            else:
                taken += 1
        self._tally.taken(_DOOR, taken)
        return {"taken": taken} | ({"left_out": dict(left_out)} if left_out else {})
