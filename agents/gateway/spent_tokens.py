"""Tokens that are good for one message alone: with which one each came first."""

from __future__ import annotations

from hashlib import sha256

from infra.store.client import Client
from infra.store.errors import translate_errors
from schemas.times import Millis


class SpentTokens:
    """Remembers tokens for as long as they are believed; nothing of a customer is in them."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address

    async def spend(self, provider: str, token: str, said: str, for_: Millis) -> bool:
        """Whether a token comes first, or once more with the same message.

        Args:
            said: a digest of the message.
            for_: how long it is remembered.

        Raises:
            DependencyUnavailable: the store is away.
        """
        key = f"tend:token:{provider}:{sha256(token.encode()).hexdigest()}"
        with translate_errors(self._address):
            if await self._client.set(key, said, px=for_, nx=True):
                return True
            first = await self._client.get(key)
        return first is None or (first.decode() if isinstance(first, bytes) else first) == said
