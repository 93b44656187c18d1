"""SMS over a provider: a local one that writes to a file, and the HTTP form of Twilio's Messages resource.

Twilio takes no idempotency key for messages, so who dies between its answer and the ledger is in doubt, as with SMTP.
Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import aiohttp
import orjson

from agents.messages.layout import fill_links
from agents.senders.http import refused
from agents.senders.provider import Doubtful, Outgoing, Permanent, Temporary
from rules.messages.sms import count

_TWILIO: Final = "https://api.twilio.com"
_SERVICE: Final = re.compile(r"MG[0-9a-f]{32}")
"""A messaging service of Twilio's, which picks the number by the receiver's country."""
_DEAD_NUMBERS: Final = frozenset((21211, 21614, 21610))
"""Twilio's codes for a number that is none, takes no SMS, or has said STOP."""


def text_of(message: Outgoing) -> str:
    """The SMS as it is sent.

    Raises:
        Permanent: the action has no words for an SMS.
    """
    told = message.action.message
    if told is None or told.sms is None:
        raise Permanent("no_message")
    return fill_links(told.sms.text, message.links)


class FileSms:
    """For trying out: a line of JSON for each SMS. It says what it was given before."""

    repeats = True

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, message: Outgoing) -> str:
        """See ``Provider.send``."""
        text = text_of(message)
        action_id = message.action.action_id
        if self._path.exists() and any(
            orjson.loads(line)["action_id"] == action_id for line in self._path.read_bytes().splitlines()
        ):
            return action_id
        counted = count(text)
        line = {"action_id": action_id, "to": message.address, "text": text, "parts": counted.parts}
        with self._path.open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")
        return action_id


class TwilioSms:
    """Twilio's HTTP form."""

    repeats = False

    def __init__(self, account: str, token: str, sender: str, base_url: str = _TWILIO) -> None:
        self._url = f"{base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._headers = {"Authorization": aiohttp.encode_basic_auth(account, token)}
        self._sender = sender
        self._from = "MessagingServiceSid" if _SERVICE.fullmatch(sender) else "From"

    async def send(self, message: Outgoing) -> str:
        """See ``Provider.send``. The reference is Twilio's ``sid``."""
        form = {"To": message.address, self._from: self._sender, "Body": text_of(message)}
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=30)) as session,
                session.post(self._url, data=form) as answer,
            ):
                body = await answer.read()
        except aiohttp.ClientConnectorError as error:
            raise Temporary(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Doubtful(type(error).__name__) from None
        said = _json(body)
        if answer.status == 201:
            return str(said.get("sid", ""))
        raise refused(answer.status, answer.headers, dead=said.get("code") in _DEAD_NUMBERS)


def _json(body: bytes) -> dict[str, object]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
