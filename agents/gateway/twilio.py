"""``POST /webhooks/twilio``: what became of an SMS, and what customers answer to one; signed by Twilio.

A message's own webhook names its action in the address; what has no action is an answer. Both are answered with an
empty document of TwiML, which says nothing back to the customer: Twilio itself confirms STOP and START.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from agents.gateway.intake import Tally
from agents.gateway.replies import NO_WORD, NOBODY
from agents.gateway.requests import bounded, refused, too_fast, unavailable
from agents.gateway.throttle import Throttle
from agents.senders.replies import Replies, ReplyWish, wish_of
from agents.senders.sms_outcomes import SmsOutcomes
from agents.senders.twilio import OPTED_OUT, WEBHOOK, signature
from schemas.errors import DependencyUnavailable

_DOOR: Final = "twilio"
_MOST_BYTES: Final = 65_536
_OPTIONS: Final = {"HELP": None, "STOP": ReplyWish.STOP, "START": ReplyWish.START}
"""What Twilio itself made of an answer, by the words that a store has set there."""
Form = Mapping[str, str]


class TwilioDoor:
    """Takes Twilio's webhooks.

    Args:
        token: of the account.
        base_url: of the gateway as Twilio reaches it: the address is part of what is signed.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        outcomes: SmsOutcomes,
        replies: Replies,
        throttle: Throttle,
        tally: Tally,
    ) -> None:
        self._token, self._address = token, f"{base_url.rstrip('/')}{WEBHOOK}"
        self._outcomes, self._replies = outcomes, replies
        self._throttle, self._tally = throttle, tally

    async def answer(self, request: Request) -> Response:
        """Answer a webhook."""
        body = await bounded(request, _MOST_BYTES)
        if body is None:
            return refused(413, "too_long", f"at most {_MOST_BYTES} bytes are taken at once")
        fields = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
        if not self._signed(request, fields):
            self._tally.refused(_DOOR, "wrong signature")
            told = f"expected X-Twilio-Signature by the token in TEND_SMS_TOKEN, for {self._address}"
            return refused(401, "wrong_signature", told)
        if wait := self._throttle.wait(_DOOR):
            return too_fast(wait)
        try:
            left_out = await self._take(request.query_params.get("action", ""), dict(fields))
        except DependencyUnavailable:
            return unavailable()
        if left_out:
            self._tally.left_out(_DOOR, left_out)
        else:
            self._tally.taken(_DOOR)
        return Response("<Response/>", media_type="text/xml")

    def _signed(self, request: Request, fields: list[tuple[str, str]]) -> bool:
        address = f"{self._address}?{request.url.query}" if request.url.query else self._address
        told = request.headers.get("x-twilio-signature", "").encode()
        return hmac.compare_digest(signature(self._token, address, fields).encode(), told)

    async def _take(self, action_id: str, form: Form) -> str:
        if not action_id:
            return await self._heard(form)
        code = form.get("ErrorCode", "")
        number = int(code) if code.isascii() and code.isdigit() else 0
        if number == OPTED_OUT:
            await self._replies.take(form.get("To", ""), ReplyWish.STOP, action_id)
        return await self._outcomes.take(action_id, form.get("MessageStatus", "") or form.get("SmsStatus", ""), number)

    async def _heard(self, form: Form) -> str:
        option = form.get("OptOutType", "").upper()
        wish = _OPTIONS[option] if option in _OPTIONS else wish_of(form.get("Body", ""))
        if wish is None:
            return NO_WORD
        changed = await self._replies.take(form.get("From", ""), wish, form.get("MessageSid", ""))
        return "" if changed else NOBODY
