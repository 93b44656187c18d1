"""Dead letters that somebody has dealt with: sent again, or discarded with a reason.

The letters themselves stay on their topic as long as it keeps them, and the audit trail has who did what. This says
only what needs nobody any more; people deal with letters one by one, so it grows by hand.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from agents.rollups.keys import key
from infra.store.errors import translate_errors
from schemas.times import Millis

SENT_AGAIN: Final = "sent_again"
DISCARDED: Final = "discarded"
MOST_REASON: Final = 200


class LetterDone(msgspec.Struct, frozen=True):
    """What became of a letter."""

    how: str
    by: str
    at: Millis
    reason: str = ""


class LettersDone:
    """What became of the letters that somebody has dealt with."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address

    async def note(self, letter: str, done: LetterDone) -> None:
        """Keep what became of a letter; the last word counts."""
        with translate_errors(self._address):
            await self._client.hset(key(0, "letters-done"), letter, msgspec.json.encode(done))

    async def all(self) -> dict[str, LetterDone]:
        """All of them, by letter."""
        with translate_errors(self._address):
            found = await self._client.hgetall(key(0, "letters-done"))
        return {letter.decode(): msgspec.json.decode(body, type=LetterDone) for letter, body in found.items()}

    async def count(self) -> int:
        """How many letters need nobody any more."""
        with translate_errors(self._address):
            return int(await self._client.hlen(key(0, "letters-done")))
