"""A lane's batches in service, or in a replay without watermarks: what has come of all topics, merged by time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from agents.worker.batches import Receive, RecordSource, Sorted
from agents.worker.crowd_turns import BESIDE_EVENTS, CrowdTurns
from schemas.lane import LaneState
from schemas.times import SECOND, Millis
from schemas.topics import EVENT_TOPICS
from streams.ingest import AdmissionRules, Arrival, receive
from streams.lane_protocol import Batch
from streams.merge import Queue, horizon_of, release
from streams.micro_batch import USUAL_LIMITS

_RELEASE: Final = 2_000
"""Events released at once; more wait for the next batch."""
_MOMENT: Final[Millis] = 20
_WHILE: Final[Millis] = 200
"""How long a first record is waited for: where something is at hand, and where nothing is. What comes ends the wait at
once; each look of a lane that has nothing to do costs its worker half a millisecond of CPU."""
_FAR: Final[Millis] = 1 << 62


class LiveBatches:
    """Topics merged by time, never past the head of an unread backlog.

    Args:
        clock: the time of acting in service; None lets event time act (a replay without watermarks).
        tick: in service, how often a batch is made for the timers of the silent when no event comes.
        receive: parses and checks one record.
        topics: the topics that are merged.
        turns: shared by the lanes of a worker, so that their crowds of timers keep nobody's events waiting.
    """

    held = _RELEASE
    """Events of a topic that may wait before it is read on: what is parsed long before it is handled has left the
    processor's cache by then."""

    def __init__(
        self,
        source: RecordSource,
        partition: int,
        partitions: int,
        clock: Callable[[], Millis] | None,
        tick: Millis,
        receive: Receive = receive,
        topics: Iterable[str] = EVENT_TOPICS,
        turns: CrowdTurns | None = None,
    ) -> None:
        self._source = source
        self._partition = partition
        self._partitions = partitions
        self._clock = clock
        self._tick = tick
        self._receive = receive
        self._queues = {topic: Queue() for topic in topics}
        self._turns = turns or CrowdTurns()
        self._has_turn = self._has_events = False
        self._found = Sorted()
        self._ticked: Millis = 0
        self._given: Millis = 0

    async def next(self, state: LaneState) -> Batch | None:
        """What may be released now; in service also an empty batch once in a while, for the timers of the silent."""
        try:
            batch = await self._next(state)
        except BaseException:
            self.done()
            raise
        if batch is None:
            in_vain = self._has_turn
            self.done()
            if in_vain:
                # What is unread holds time back.
                await asyncio.sleep(_MOMENT / SECOND)
        elif batch.arrivals:
            self._has_events = True
            self._turns.events_begin()
        return batch

    def done(self) -> None:
        """See ``Batches``."""
        if self._has_turn:
            self._has_turn = False
            self._turns.give_back(self._partition)
        if self._has_events:
            self._has_events = False
            self._turns.events_end()

    def lag(self, state: LaneState) -> dict[str, int]:
        """See ``Batches``."""
        return self._source.lag(state.offsets)

    async def _next(self, state: LaneState) -> Batch | None:
        reading = [topic for topic, queue in self._queues.items() if len(queue.arrivals) < self.held]
        came = bool(reading) and await self._wait(reading, state)
        now = self._clock() if self._clock else None
        for topic in reading:
            self._fill(topic, self._queues[topic], now)
        for topic, queue in self._queues.items():
            queue.caught_up = self._source.caught_up(topic)
        horizon = horizon_of(self._queues, _FAR if now is None else now)
        arrivals = release(self._queues, horizon, _RELEASE)
        until = self._until(arrivals, horizon, now, state)
        ticks = now is not None and until > state.time and self._is_time(now, state, came=came)
        # Without a clock only an event can say which epoch it is: what comes before the first one waits for it.
        begun = now is not None or state.time > 0
        if not (arrivals or ticks or (self._found.aside and begun)):
            return None
        self._ticked = now or 0
        return self._batch(arrivals, until, now, self._timers(len(arrivals), state))

    async def _wait(self, topics: list[str], state: LaneState) -> bool:
        """Wait for a first record; where a crowd of timers was left behind, no longer than until it is their turn."""
        if self._clock is None or not self._has_crowd(state):
            return await self._source.wait(topics, self._patience())
        turn = self._turns.ask(self._partition)
        coming: asyncio.Future[bool] = asyncio.ensure_future(self._source.wait(topics, _WHILE))
        try:
            await asyncio.wait({turn, coming}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else False
        finally:
            self._has_turn = turn.done()
            self._turns.withdraw(self._partition)
            coming.cancel()
            await asyncio.wait({coming})

    def _patience(self) -> Millis:
        """How long to wait for a first record: until the next tick; for a moment where something is at hand."""
        if self._clock is None or any(queue.arrivals for queue in self._queues.values()):
            return _MOMENT
        return min(_WHILE, max(_MOMENT, self._ticked + self._tick - self._clock()))

    def _has_crowd(self, state: LaneState) -> bool:
        """Whether timers were left behind with the last batch."""
        return state.time < self._given

    def _is_time(self, now: Millis, state: LaneState, *, came: bool) -> bool:
        """Whether a batch is made without an event: with each tick; where a crowd of timers was left, in its turn."""
        return self._has_turn or (now - self._ticked >= self._tick and not came and not self._has_crowd(state))

    def _timers(self, events: int, state: LaneState) -> int:
        """How many timers to handle beside these events: out of turn a crowd gets no more than there are events."""
        if self._clock is None:
            return USUAL_LIMITS.due
        if self._has_turn:
            return max(events, self._turns.portion)
        return max(events, 1 if self._has_crowd(state) else BESIDE_EVENTS)

    def _fill(self, topic: str, queue: Queue, now: Millis | None) -> None:
        raws = self._source.take(topic, limit=self.held)
        if now is None:
            for raw in raws:
                admission = AdmissionRules(self._partition, self._partitions, raw.timestamp, forwards=False)
                queue.add(self._found.add([raw], admission, self._receive))
        elif raws:
            admission = AdmissionRules(self._partition, self._partitions, now, forwards=True)
            arrivals = self._found.add(raws, admission, self._receive)
            # A producer whose clock is ahead must not hold up the topic until its future has come.
            for arrival in arrivals:
                if arrival.at > now:
                    arrival.at = now
            queue.add(arrivals)

    def _until(self, arrivals: Sequence[Arrival], horizon: Millis, now: Millis | None, state: LaneState) -> Millis:
        """How far time goes with these: as far as nothing that is still unread could lie before it."""
        latest = max(state.time, arrivals[-1].at) if arrivals else state.time
        full = len(arrivals) >= _RELEASE
        return latest if now is None or full else max(latest, min(now, horizon))

    def _batch(self, arrivals: list[Arrival], until: Millis, now: Millis | None, timers: int) -> Batch:
        found, self._found = self._found, Sorted()
        self._given = until
        return Batch(arrivals, until, self._next_offsets(), found.aside, acting=now, timers=timers)

    def _next_offsets(self) -> dict[str, int]:
        """Behind what was released: the head of what still waits, else where reading goes on."""
        return {
            topic: queue.arrivals[0].offset if queue.arrivals else self._source.position(topic)
            for topic, queue in self._queues.items()
        }
