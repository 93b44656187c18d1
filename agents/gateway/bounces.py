"""``POST /v1/bounces``: one mail that came back, raw, as mail servers and providers hand it on."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from agents.gateway.keys import WriteKey, key_of
from agents.gateway.requests import bounded, presented_key, refused, too_fast, unavailable
from agents.gateway.throttle import Throttle
from agents.senders.bounce_intake import take_back
from agents.senders.mail_news import MailDesk
from infra.metrics import BOUNCES
from infra.telemetry import Telemetry
from schemas.errors import DependencyUnavailable

_MOST_BYTES: Final = 2_000_000


class BounceDoor:
    """Takes bounces."""

    def __init__(
        self, desk: MailDesk, write_keys: tuple[WriteKey, ...], throttle: Throttle, telemetry: Telemetry
    ) -> None:
        self._desk, self._write_keys, self._throttle, self._telemetry = desk, write_keys, throttle, telemetry

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        key = key_of(self._write_keys, presented_key(request.headers))
        if key is None or key.browser:
            return refused(401, "wrong_key", "expected Authorization: Bearer KEY, one of TEND_GATEWAY_KEYS")
        if wait := self._throttle.wait(key.name):
            return too_fast(wait)
        body = await bounded(request, _MOST_BYTES)
        if body is None:
            return refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once")
        try:
            bounce = await take_back(self._desk, body)
        except DependencyUnavailable:
            return unavailable()
        if bounce is None:
            return JSONResponse({"taken": 0, "left_out": "no bounce of a mail of ours"})
        told = bounce.reason.split(" ")[0]
        self._telemetry.add(BOUNCES, 1, told, str(bounce.permanent).lower())
        return JSONResponse({"taken": 1, "reason": bounce.reason, "permanent": bounce.permanent}, 202)
