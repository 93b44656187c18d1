"""``POST /v1/mail-events``: what a mail provider tells of mails, by its webhook, with a write key as user of Basic."""

from __future__ import annotations

from collections import Counter
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.connectors.mail_events import CONFIRM, read_mail_events
from agents.connectors.told import LeftOut
from agents.gateway.admission import ServerAdmission
from agents.gateway.intake import Tally
from agents.gateway.requests import refused, unavailable
from agents.senders.mail_news import MailDesk
from schemas.errors import DependencyUnavailable

_DOOR: Final = "mail-events"
_MOST_BYTES: Final = 2_000_000


class MailEventDoor:
    """Takes webhooks of mail providers. What is understood is answered 200, as providers repeat what is not."""

    def __init__(self, desk: MailDesk, admission: ServerAdmission, tally: Tally) -> None:
        self._desk, self._admission, self._tally = desk, admission, tally

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        body = await self._admission.body(request, _MOST_BYTES)
        if isinstance(body, Response):
            return body
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            self._tally.refused(_DOOR, "wrong_json")
            return refused(400, "wrong_json", "expected JSON, as providers send it")
        try:
            return JSONResponse(await self._take(told))
        except DependencyUnavailable:
            return unavailable()

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
