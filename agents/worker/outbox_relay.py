"""What a lane has decided and not yet published: sent in order from memory, beside the next batch."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from agents.retry import until_available
from schemas.errors import Fenced, TakenOver
from schemas.lane import OutboxEntry

_AT_ONCE = 500


class Publisher(Protocol):
    """A publisher of one partition's outbox."""

    async def open(self, known: int) -> int:
        """Fence earlier owners; the last sequence that was published, at least this one that the store knows."""
        ...

    async def publish(self, entries: Sequence[OutboxEntry]) -> int:
        """Publish in order; the last sequence published."""
        ...

    async def pass_over(self, sequence: int, places: Sequence[tuple[str, int]]) -> int:
        """Leave out from now on what is out with a higher sequence; the highest that is out."""
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class OutboxRelay:
    """The lane's outbox in memory; the store's copy serves recovery.

    Args:
        publisher: opened by ``open``.
        limit: entries waiting at which the lane has to pause.
        waits: told why publishing waits, or None when it goes on.
        took: told how many seconds each publish took.
        require_ours: asks the store whether the lane is still ours, and raises TakenOver where it is not. It is asked
            each time the publisher was opened, before anything is sent: who was frozen and wakes would fence the
            rightful owner by opening, and send what a store that was rolled back has decided otherwise meanwhile.
    """

    def __init__(
        self,
        publisher: Publisher,
        limit: int,
        waits: Callable[[str | None], None],
        took: Callable[[float], None] = lambda _: None,
        *,
        require_ours: Callable[[], Awaitable[None]],
    ) -> None:
        self._publisher = publisher
        self._limit = limit
        self._waits = waits
        self._took = took
        self._require_ours = require_ours
        self._entries: deque[OutboxEntry] = deque()
        self._last: list[OutboxEntry] = []
        """Published, but not settled."""
        self._changed = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._task: asyncio.Task[None] | None = None
        self.under_way: asyncio.Future[None] | None = None
        """Done when all that was added is out; None where it is."""
        self.published = 0
        """The last sequence that is out."""
        self.settled = 0
        """The last one that the store may drop. Those after it were published last: should the broker crash at this
        moment and forget them, they are published again (see ``TransactionalProducer.end_left_open``)."""

    def __len__(self) -> int:
        return len(self._entries)

    async def open(self, entries: Sequence[OutboxEntry], last: int = 0) -> None:
        """Find out how far an earlier owner came, and take on what the store still holds; nothing is sent yet.

        Args:
            entries: what the store holds.
            last: the last sequence that the lane has given out.

        Raises:
            TakenOver: somebody else has taken the lane over meanwhile.
        """
        # What the store does not hold any more is out.
        self.settled = entries[0].sequence - 1 if entries else last
        self.published = self.settled = await self._open_as_owner()
        self.add(entries)

    def start(self) -> None:
        """Publish from now on. What may be out under another sequence has to be passed over before."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def add(self, entries: Iterable[OutboxEntry]) -> None:
        """Take on what a commit decided; what is out already is left."""
        self._entries.extend(entry for entry in entries if entry.sequence > self.published)
        if len(self._entries) >= self._limit:
            self._room.clear()
        if self._entries:
            self.under_way = self.under_way or asyncio.get_running_loop().create_future()
            self._changed.set()

    async def pass_over(self, sequence: int, places: Sequence[tuple[str, int]]) -> int:
        """What was published with a higher sequence stays out, under whatever sequence it is decided again.

        Returns the highest sequence that is out; the store's own entries are out as well by then.
        """
        furthest = await until_available(lambda: self._publisher.pass_over(sequence, places), self._waits)
        if furthest > sequence:
            # The store takes entries that begin further ahead only once it may drop all of its own.
            self.start()
            await self.flush()
            self._last, self.settled = [], self.published
        return furthest

    @property
    def has_room(self) -> bool:
        """Whether the lane may decide more. Raises what ended the publishing, if anything did."""
        self._raise_if_ended()
        return self._room.is_set()

    async def room(self) -> None:
        """Wait until the lane may decide more. Raises as ``has_room`` does."""
        waiting = asyncio.ensure_future(self._room.wait())
        try:
            await asyncio.wait({waiting, self._running()}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        self._raise_if_ended()

    async def flush(self) -> None:
        """Wait until every entry is published; without ``start`` they stay in the store, for the next owner."""
        while self._entries and self._task is not None:
            self._raise_if_ended()
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Stop publishing; what is not out stays in the store."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._publisher.close()

    def _running(self) -> asyncio.Task[None]:
        assert self._task is not None, "start() comes first"
        return self._task

    def _raise_if_ended(self) -> None:
        task = self._running()
        if task.done() and not task.cancelled() and (error := task.exception()) is not None:
            raise error

    async def _run(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            while self._entries:
                await self._publish(list(self._entries)[:_AT_ONCE])
            if self.under_way is not None:
                self.under_way.set_result(None)
                self.under_way = None

    async def _publish(self, entries: list[OutboxEntry]) -> None:
        given, times = [*self._last, *entries], 0

        async def publish() -> int:
            nonlocal times
            times += 1
            if times > 1:
                await self._open_as_owner()
            return await self._publisher.publish(given)

        started = time.perf_counter()
        try:
            published = await until_available(publish, self._waits)
        except TakenOver:
            raise
        except Fenced:
            await self._open_again()
        else:
            self._have_published(published, given if times > 1 else entries)
        self._took(time.perf_counter() - started)
        while self._entries and self._entries[0].sequence <= self.published:
            self._entries.popleft()
        if len(self._entries) < self._limit:
            self._room.set()

    def _have_published(self, published: int, in_doubt: list[OutboxEntry]) -> None:
        self.settled = max(self.settled, in_doubt[0].sequence - 1)
        self.published, self._last = published, in_doubt

    async def _open_as_owner(self) -> int:
        # In this order: who takes the lane over after the question was answered opens later, and fences us.
        published = await until_available(lambda: self._publisher.open(self.settled), self._waits)
        await self._require_ours()
        return published

    async def _open_again(self) -> None:
        self.published = self.settled = await self._open_as_owner()
        self._entries.extendleft(entry for entry in reversed(self._last) if entry.sequence > self.published)
        self._last = []
