"""Where a lane's batches come from: intervals between watermarks in a replay, released events in service."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord, LaneState
from schemas.signing import UNSIGNED
from schemas.times import Millis
from schemas.topics import EVENT_TOPICS, WATERMARKS
from schemas.watermarks import Watermark, decode_watermark
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward, receive
from streams.lane_protocol import Batch
from streams.merge import Queue, horizon_of, in_order, release

log = logging.getLogger(__name__)

_RELEASE = 2_000
"""Events released at once; more wait for the next batch."""
_MOMENT: Millis = 20
_WHILE: Millis = 200
"""How long a first record is waited for: where something is at hand, and where nothing is. What comes ends the wait at
once; each look of a lane that has nothing to do costs its worker half a millisecond of CPU."""


class RecordSource(Protocol):
    """The records of one partition number, from where its lane stands on; see ``infra.kafka.buffer``."""

    async def wait(self, topics: Iterable[str], max_wait_ms: Millis) -> bool:
        """Whether a record of these topics lies there; waits for one, no longer than that."""
        ...

    async def reach(self, ends: Mapping[str, int]) -> None:
        """Wait until each topic is known up to its end."""
        ...

    def take(self, topic: str, *, limit: int | None = None, before: int | None = None) -> list[KafkaRecord]:
        """The next records of a topic: no more than ``limit``, none at or behind the offset ``before``."""
        ...

    def position(self, topic: str) -> int:
        """Where reading goes on."""
        ...

    def caught_up(self, topic: str) -> bool:
        """Whether all that could be read when the broker last answered has been taken."""
        ...

    def lag(self, handled: Mapping[str, int]) -> dict[str, int]:
        """Records per topic between what is handled and the end of the log, as far as that is known."""
        ...


class Batches(Protocol):
    """Gives a lane its next batch; None where there is none for now."""

    async def next(self, state: LaneState) -> Batch | None:
        """Wait a moment for the next batch."""
        ...

    def lag(self, state: LaneState) -> dict[str, int]:
        """Records per topic that lie in Kafka and are not handled yet, as far as is known."""
        ...


Receive = Callable[[KafkaRecord, AdmissionRules], Arrival | DeadLetter | Forward]


class Sorted(msgspec.Struct):
    """Records, told apart at the door."""

    arrivals: list[Arrival] = []
    aside: list[DeadLetter | Forward] = []

    def add(self, raws: Sequence[KafkaRecord], admission: AdmissionRules, receive: Receive = receive) -> list[Arrival]:
        """Parse and check; returns the valid ones."""
        items = [receive(raw, admission) for raw in raws]
        arrivals = [item for item in items if type(item) is Arrival]
        if len(arrivals) < len(items):
            self.aside.extend(item for item in items if not isinstance(item, Arrival))
        self.arrivals.extend(arrivals)
        return arrivals


class AsTheyLay(Mapping[tuple[str, int], KafkaRecord]):
    """The records of arrivals by topic and offset: looked for when one is asked for, as hardly ever one is."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._arrivals = arrivals

    def __getitem__(self, place: tuple[str, int]) -> KafkaRecord:
        for arrival in self._arrivals:
            if (arrival.topic, arrival.offset) == place and arrival.raw is not None:
                return arrival.raw
        raise KeyError(place)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return ((arrival.topic, arrival.offset) for arrival in self._arrivals)

    def __len__(self) -> int:
        return len(self._arrivals)


class MarkedBatches:
    """A replay with watermarks: one interval at a time, whatever the order of arrival within it.

    Args:
        is_ours: whether a watermark was written by a replay of this installation; others are passed over.
    """

    def __init__(
        self,
        source: RecordSource,
        partition: int,
        partitions: int,
        receive: Receive = receive,
        is_ours: Callable[[KafkaRecord], bool] = lambda _: True,
    ) -> None:
        self._source = source
        self._partition = partition
        self._partitions = partitions
        self._receive = receive
        self._is_ours = is_ours

    async def next(self, state: LaneState) -> Batch | None:
        """The interval up to the next watermark; None while that watermark is not there."""
        if (raw := await self._next_of_ours()) is None:
            return None
        watermark = _watermark_in(raw)
        await self._source.reach(watermark.ends)
        admission = AdmissionRules(self._partition, self._partitions, watermark.time, forwards=False)
        found = Sorted()
        for topic, end in sorted(watermark.ends.items()):
            found.add(self._source.take(topic, before=end), admission, self._receive)
        return Batch(
            in_order(found.arrivals),
            watermark.time,
            {**watermark.ends, WATERMARKS: raw.offset + 1},
            found.aside,
            AsTheyLay(found.arrivals),
            marked=True,
            position=watermark.position,
            act_from=watermark.act_from,
        )

    async def _next_of_ours(self) -> KafkaRecord | None:
        while await self._source.wait((WATERMARKS,), _WHILE):
            (raw,) = self._source.take(WATERMARKS, limit=1)
            if self._is_ours(raw):
                return raw
            log.error("%s, partition %d, offset %d: %s; it is not used", raw.topic, raw.partition, raw.offset, UNSIGNED)
        return None

    def lag(self, state: LaneState) -> dict[str, int]:
        """See ``Batches``."""
        return self._source.lag(state.offsets)


class LiveBatches:
    """Service, or a replay without watermarks: topics merged by time, never past the head of an unread backlog.

    Args:
        clock: the time of acting in service; None lets event time act (a replay without watermarks).
        tick: in service, how often a batch is made for the timers of the silent when no event comes.
        held: events of a topic that may wait before it is read on: what is parsed long before it is handled has left
            the processor's cache by then.
        receive: parses and checks one record.
        topics: the topics that are merged.
    """

    def __init__(
        self,
        source: RecordSource,
        partition: int,
        partitions: int,
        clock: Callable[[], Millis] | None,
        tick: Millis,
        held: int = _RELEASE,
        receive: Receive = receive,
        topics: Iterable[str] = EVENT_TOPICS,
    ) -> None:
        self._source = source
        self._partition = partition
        self._partitions = partitions
        self._clock = clock
        self._tick = tick
        self._held = held
        self._receive = receive
        self._queues = {topic: Queue() for topic in topics}
        self._found = Sorted()
        self._ticked: Millis = 0
        self._given: Millis = 0

    async def next(self, state: LaneState) -> Batch | None:
        """What may be released now; in service also an empty batch once in a while, for the timers of the silent."""
        reading = [topic for topic, queue in self._queues.items() if len(queue.arrivals) < self._held]
        came = bool(reading) and await self._source.wait(reading, self._patience(state))
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
        return self._batch(arrivals, until, now)

    def lag(self, state: LaneState) -> dict[str, int]:
        """See ``Batches``."""
        return self._source.lag(state.offsets)

    def _patience(self, state: LaneState) -> Millis:
        """How long to wait for a first record: until the next tick; for a moment where something is at hand."""
        waits = state.time < self._given or any(queue.arrivals for queue in self._queues.values())
        if waits or self._clock is None:
            return _MOMENT
        return min(_WHILE, max(_MOMENT, self._ticked + self._tick - self._clock()))

    def _is_time(self, now: Millis, state: LaneState, *, came: bool) -> bool:
        """Whether a batch is made without an event: with each tick; at once where a crowd of timers was left behind."""
        return state.time < self._given or (now - self._ticked >= self._tick and not came)

    def _fill(self, topic: str, queue: Queue, now: Millis | None) -> None:
        raws = self._source.take(topic, limit=self._held)
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

    def _batch(self, arrivals: list[Arrival], until: Millis, now: Millis | None) -> Batch:
        found, self._found = self._found, Sorted()
        self._given = until
        return Batch(arrivals, until, self._next_offsets(), found.aside, AsTheyLay(arrivals), acting=now)

    def _next_offsets(self) -> dict[str, int]:
        """Behind what was released: the head of what still waits, else where reading goes on."""
        return {
            topic: queue.arrivals[0].offset if queue.arrivals else self._source.position(topic)
            for topic, queue in self._queues.items()
        }


_FAR: Millis = 1 << 62


def _watermark_in(raw: KafkaRecord) -> Watermark:
    try:
        return decode_watermark(raw.value or b"")
    except msgspec.DecodeError as error:
        raise ConfigurationRefused(
            f"{raw.topic}, partition {raw.partition}, offset {raw.offset}: no watermark ({error}). "
            "Only `tend replay` writes to this topic; make the topics anew for a fresh replay."
        ) from None
