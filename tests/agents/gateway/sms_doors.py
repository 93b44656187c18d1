"""The doors for what comes back from an SMS, with everything behind them at hand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.admission import ServerAdmission
from agents.gateway.intake import Tally
from agents.gateway.keys import read_keys
from agents.gateway.replies import ReplyDoor
from agents.gateway.throttle import Throttle
from agents.gateway.twilio import TwilioDoor
from agents.senders.later_receipts import LaterReceipts
from agents.senders.ledger import Ledger, SendingStep
from agents.senders.numbers import Numbers
from agents.senders.replies import Replies
from agents.senders.sms_outcomes import SmsOutcomes
from agents.senders.twilio import signature
from infra.telemetry import Telemetry
from schemas.errors import DependencyUnavailable
from tests.agents.senders.sending import KEYS, NOON, Records, Silent, anna

TOKEN = "12345"
NUMBER = "+12025550143"
ACTION = "0123456789abcdef0123456789abcdef"
BASE = "https://care.test/tend"


class SmsDoors:
    """Both doors for what comes back from an SMS to one customer."""

    def __init__(self, client: Any) -> None:
        self.ledger, self.numbers = Ledger(client, "store", "sms"), Numbers(client, "store")
        self.written: list[dict[str, Any]] = []
        self.away = False
        tally, slow = Tally(Telemetry(CollectorRegistry())), Throttle(1e6, 1e6, lambda: 0.0)
        replies = Replies(self.numbers, Records(anna()), Silent(), self._write, KEYS, 8, lambda: NOON)
        outcomes = SmsOutcomes(LaterReceipts(self.ledger, self._write, KEYS, 8, lambda: NOON))
        twilio = TwilioDoor(TOKEN, BASE, outcomes, replies, slow, tally)
        keys = read_keys("desk:a-secret-of-the-shop,web!:a-key-everybody-reads")
        own = ReplyDoor(replies, ServerAdmission(keys, slow), tally)
        routes = [
            Route("/webhooks/twilio", twilio.answer, methods=["POST"]),
            Route("/v1/replies", own.answer, methods=["POST"]),
        ]
        self.web = httpx.AsyncClient(transport=httpx.ASGITransport(Starlette(routes=routes)), base_url="http://inside")

    async def _write(self, admitted: Admitted) -> None:
        if self.away:
            raise DependencyUnavailable("Kafka does not answer")
        self.written.append(orjson.loads(admitted.body))

    async def sent(self) -> None:
        """A message went to the customer."""
        await self.ledger.write(ACTION, SendingStep.TOLD, "sample", "SM1")
        await self.numbers.note(KEYS.index_key("phone", NUMBER), "sample", ACTION, 0)

    async def post(self, query: str = "", *, signed: str | None = None, **form: str) -> httpx.Response:
        """A webhook as Twilio sends it to where it knows us."""
        given = signature(TOKEN, f"{BASE}/webhooks/twilio{query}", form.items()) if signed is None else signed
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "x-twilio-signature": given}
        return await self.web.post(f"/webhooks/twilio{query}", content=urlencode(form), headers=headers)

    async def status(self, status: str, code: int = 0) -> httpx.Response:
        """What became of the message."""
        error = {"ErrorCode": str(code)} if code else {}
        told = {"MessageSid": "SM1", "MessageStatus": status, "To": NUMBER, "From": "+15005550006", **error}
        return await self.post(f"?action={ACTION}", **told)

    @property
    def short(self) -> list[tuple[str, str, bool]]:
        """Type, reason and whether it is for good, of what was written."""
        return [(one["type"], one.get("reason", ""), one.get("permanent", False)) for one in self.written]
