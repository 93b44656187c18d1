"""One look at the store that all who ask at about the same moment share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

Seen = TypeVar("Seen")


class SharedLook(Generic[Seen]):
    """Answers that stand for a moment, by what was asked; the newest question only is remembered.

    Args:
        seconds: how long an answer stands.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last: tuple[Hashable, float, asyncio.Future[Seen]] | None = None

    async def at(self, question: Hashable, look: Callable[[], Awaitable[Seen]]) -> Seen:
        """The answer to a question: looked up now, or a moment ago for somebody else.

        Whoever goes away meanwhile takes nothing from the others.
        """
        moment = asyncio.get_running_loop().time()
        if self._last is None or self._last[0] != question or moment - self._last[1] > self._seconds:
            self._last = question, moment, asyncio.ensure_future(_awaited(look()))
        return await asyncio.shield(self._last[2])


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer
