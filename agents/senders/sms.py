"""SMS as they are sent, and a provider for trying out that writes them to a file."""

from __future__ import annotations

from pathlib import Path

import orjson

from agents.messages.layout import fill_links
from agents.senders.provider import Outgoing, Permanent
from rules.messages.sms import count


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
