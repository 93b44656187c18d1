"""Whose turn it is, among the lanes of one worker, where very many timers are due: events of all lanes go first."""

from __future__ import annotations

import asyncio
from typing import Final

AT_ONCE: Final = 2
"""Lanes that work on their crowds: while one waits for the store, the other decides."""
PORTION: Final = 50
"""Timers of one turn."""
BESIDE_EVENTS: Final = 16
"""The same while events come: one that comes meanwhile waits for no more than that, some 8 ms."""
_YIELD_SECONDS: Final = 0.01
"""How long a turn waits for lanes that have events in hand; then it begins all the same, or a busy store would never
look at its timers."""
_LATELY_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 1.0
"""A turn that takes longer keeps nobody waiting: its lane waits for a node of the store, or a broker, that others do
not need."""


class CrowdTurns:
    """Turns at the crowds of timers. The lanes of a worker share one; it lives on their event loop.

    Args:
        at_once: lanes that may have a turn at the same time.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = at_once
        self._with_events = 0
        self._event_at = -_LATELY_SECONDS
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._turns = 0
        self._last: dict[int, int] = {}
        """Number of each lane's last turn."""
        self._lasting: dict[int, asyncio.TimerHandle] = {}
        self._yielding: asyncio.TimerHandle | None = None

    @property
    def portion(self) -> int:
        """Timers that a turn may take now."""
        lately = asyncio.get_running_loop().time() - self._event_at < _LATELY_SECONDS
        return BESIDE_EVENTS if self._with_events or lately else PORTION

    def ask(self, lane: int) -> asyncio.Future[bool]:
        """Wait for a turn: what is returned is done when it comes, and then ``give_back`` is owed."""
        turn = self._waiting[lane] = asyncio.get_running_loop().create_future()
        self._grant()
        return turn

    def withdraw(self, lane: int) -> None:
        """Wait no longer; who asks again goes before those who had a turn since."""
        if (turn := self._waiting.pop(lane, None)) is not None:
            turn.cancel()

    def give_back(self, lane: int) -> None:
        """The lane's turn is over."""
        if (lasting := self._lasting.pop(lane, None)) is not None:
            lasting.cancel()
            self._free += 1
            self._grant()

    def events_begin(self) -> None:
        """A lane has events in hand."""
        self._with_events += 1

    def events_end(self) -> None:
        """What came of them is committed, or given up."""
        self._with_events -= 1
        self._event_at = asyncio.get_running_loop().time()
        self._grant()

    def _grant(self) -> None:
        """Give turns to those whose last one is longest ago, unless somebody has events in hand."""
        while self._waiting and self._free and not self._with_events:
            self._begin_next()
        if self._waiting and self._free and self._yielding is None:
            self._yielding = asyncio.get_running_loop().call_later(_YIELD_SECONDS, self._yielded_enough)

    def _yielded_enough(self) -> None:
        self._yielding = None
        if self._waiting and self._free:
            self._begin_next()
        self._grant()

    def _begin_next(self) -> None:
        lane = min(self._waiting, key=lambda one: self._last.get(one, 0))
        self._free -= 1
        self._turns += 1
        self._last[lane] = self._turns
        self._lasting[lane] = asyncio.get_running_loop().call_later(_LONGEST_SECONDS, self.give_back, lane)
        self._waiting.pop(lane).set_result(True)
