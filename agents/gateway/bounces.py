"""``POST /v1/bounces``: one mail that came back, raw, as mail servers and providers hand it on."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.gateway.admission import ServerAdmission
from agents.gateway.requests import unavailable
from agents.senders.bounce_intake import take_back
from agents.senders.mail_news import MailDesk
from infra.metrics import BOUNCES
from infra.telemetry import Telemetry
from schemas.errors import DependencyUnavailable

_MOST_BYTES: Final = 2_000_000


class BounceDoor:
    """Takes bounces."""

    def __init__(self, desk: MailDesk, admission: ServerAdmission, telemetry: Telemetry) -> None:
        self._desk, self._admission, self._telemetry = desk, admission, telemetry

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        body = await self._admission.body(request, _MOST_BYTES)
        if isinstance(body, Response):
            return body
        try:
            bounce = await take_back(self._desk, body)
        except DependencyUnavailable:
            return unavailable()
        if bounce is None:
            return JSONResponse({"taken": 0, "left_out": "no bounce of a mail of ours"})
        told = bounce.reason.split(" ")[0]
        self._telemetry.add(BOUNCES, 1, told, str(bounce.permanent).lower())
        return JSONResponse({"taken": 1, "reason": bounce.reason, "permanent": bounce.permanent}, 202)
