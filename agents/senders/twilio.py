"""SMS by Twilio: the HTTP form of its Messages resource, what its numbers of failure mean, and how it signs.

Twilio takes no idempotency key for messages, so who dies between its answer and the ledger is in doubt, as with SMTP.
Sources: https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/api/errors,
https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final

import aiohttp
import orjson

from agents.senders.http import refused
from agents.senders.provider import Doubtful, OptedOut, Outgoing, Temporary
from agents.senders.sms import text_of

_API: Final = "https://api.twilio.com"
_SERVICE: Final = re.compile(r"MG[0-9a-f]{32}")
"""A messaging service, which picks the number by the receiver's country."""
WEBHOOK: Final = "/webhooks/twilio"
"""Where the gateway listens to it."""
OPTED_OUT: Final = 21610
"""The receiver has answered STOP: until START nothing of this sender's is let through."""
DEAD_NUMBERS: Final = frozenset((21211, 21614, 21635, 30005, 30006))
"""No number, one that takes no SMS, a landline, one that nobody has."""


class TwilioSms:
    """Hands SMS to Twilio.

    Args:
        sender: a number, a word, or a messaging service.
        told_at: address that Twilio tells what became of a message; empty where it cannot reach us.
    """

    repeats = False

    def __init__(self, account: str, token: str, sender: str, told_at: str = "", base_url: str = _API) -> None:
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account, token)}
        self._sender, self._told_at = sender, told_at
        self._from = "MessagingServiceSid" if _SERVICE.fullmatch(sender) else "From"

    async def send(self, message: Outgoing) -> str:
        """See ``Provider.send``. The reference is Twilio's ``sid``."""
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=30)) as session,
                session.post(self._url, data=self._form(message)) as answer,
            ):
                body = await answer.read()
        except aiohttp.ClientConnectorError as error:
            raise Temporary(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Doubtful(type(error).__name__) from None
        said = _json(body)
        if answer.status == 201:
            return str(said.get("sid", ""))
        if said.get("code") == OPTED_OUT:
            raise OptedOut("opted_out")
        raise refused(answer.status, answer.headers, dead=said.get("code") in DEAD_NUMBERS)

    def _form(self, message: Outgoing) -> dict[str, str]:
        form = {"To": message.address, self._from: self._sender, "Body": text_of(message)}
        if self._told_at:
            form["StatusCallback"] = f"{self._told_at}?action={message.action.action_id}"
        return form


def signature(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """What Twilio signs a webhook with: HMAC-SHA-1 of its address and the form's fields in order, in Base64."""
    signed = url + "".join(name + value for name, value in sorted(set(form)))
    return b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()


def _json(body: bytes) -> dict[str, object]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
