"""Actions to a system of the store's own, by Standard Webhooks (https://www.standardwebhooks.com): signed, with an id.

The id of the message is the action's: who receives one twice drops the second, so an action in doubt is sent again.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from hashlib import sha256
from typing import Final

import aiohttp
import orjson

from agents.clock import wall_clock
from agents.messages.layout import fill_links, mail
from agents.senders.http import refused
from agents.senders.provider import Outgoing, Temporary
from schemas.actions import encode_action
from schemas.errors import ConfigurationRefused
from schemas.times import to_rfc3339

_PREFIX: Final = "whsec_"


class WebhookProvider:
    """Posts each action with its text, HTML, links, name and address filled in.

    The secret may be two by comma while one takes the other's place: both sign.
    """

    repeats = True

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._keys = url, tuple(key_of(one.strip()) for one in secret.split(","))

    async def send(self, message: Outgoing) -> str:
        """See ``Provider.send``."""
        body = body_of(message)
        action_id = message.action.action_id
        moment = str(wall_clock() // 1_000)
        headers = {
            "content-type": "application/json",
            "webhook-id": action_id,
            "webhook-timestamp": moment,
            "webhook-signature": " ".join(f"v1,{signature(key, action_id, moment, body)}" for key in self._keys),
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Temporary(type(error).__name__) from None
        if 200 <= answer.status < 300:
            return action_id
        raise refused(answer.status, answer.headers)


def body_of(message: Outgoing) -> bytes:
    """What is posted: the action as it stands on its topic, and the message with nothing left open."""
    action = message.action
    told: dict[str, object] = {"action": orjson.loads(encode_action(action))}
    if action.message is not None and action.channel == "email":
        laid_out = mail(action.message, message.name, message.links)
        told["message"] = {"subject": laid_out.subject, "html": laid_out.html, "text": laid_out.text}
    elif action.message is not None:
        told["message"] = {"text": fill_links(action.text, message.links)}
    told["contact"] = {"name": message.name, "address": message.address}
    event = {"type": f"action.{action.kind}", "timestamp": to_rfc3339(wall_clock()), "data": told}
    return orjson.dumps(event)


def key_of(secret: str) -> bytes:
    """The key in a secret such as ``whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw``.

    Raises:
        ConfigurationRefused: it is no such secret.
    """
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (NoBase64, ValueError):
        key = b""
    if len(key) < 24:
        raise ConfigurationRefused("TEND_WEBHOOK_SECRET: expected whsec_ and at least 24 random bytes in Base64")
    return key


def signature(key: bytes, message_id: str, moment: str, body: bytes) -> str:
    """The signature of a webhook: HMAC-SHA-256 of id, time and body, in Base64."""
    signed = b".".join((message_id.encode(), moment.encode(), body))
    return b64encode(hmac.digest(key, signed, sha256)).decode()
