"""Sends a history in event time: as fast as it goes, or at a stated rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, Protocol

from agents.replay.event import ReplayEvent
from agents.replay.plan import EVERY, Interval, plan_marks
from agents.replay.progress import NOTHING, ReplayProgress
from schemas.ids import partition_of
from schemas.signing import Signing
from schemas.times import Millis, to_rfc3339
from schemas.topics import TOPIC_OF, WATERMARKS
from schemas.watermarks import Watermark, encode_watermark

Perturb = Callable[[Interval], Iterable[ReplayEvent]]
"""What is sent for an interval, and in which order: for tests of what the world does to it."""


class EventHistory(Protocol):
    """A history: its events in the order of time, the same each time they are asked for."""

    @property
    def name(self) -> str:
        """Names the content; what has the same name has the same events."""
        ...

    @property
    def start(self) -> Millis:
        """Not later than any event."""
        ...

    @property
    def end(self) -> Millis:
        """Later than all events: the time of the last watermark."""
        ...

    def events(self) -> Iterator[ReplayEvent]:
        """The events, from the first."""
        ...


class Sink(Protocol):
    """Where records go; ``infra.kafka.producers.BulkProducer`` is one."""

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp: Millis,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Queue one record."""
        ...

    def flush(self) -> Mapping[tuple[str, int], int]:
        """Wait until all is delivered; the end offsets of what was sent to."""
        ...


class RatePacer:
    """A stated rate: waits for whatever is ahead of it.

    Args:
        speed: events a second.
        clock: seconds.
        sleep: waits seconds.
    """

    def __init__(
        self,
        speed: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._speed, self._clock, self._sleep = speed, clock, sleep
        self._began = clock()

    def keep(self, sent: int) -> None:
        """Wait until this many may have been sent."""
        # A sleep costs more than an event: at high rates it is looked at once in 50.
        if sent % 50 == 0 or self._speed < 1_000:
            ahead = sent / self._speed - (self._clock() - self._began)
            if ahead > 0:
                self._sleep(ahead)


class Progress(NamedTuple):
    """Where a replay stands after an interval."""

    number: int
    """Of the watermark that was written."""
    time: Millis
    """Event time up to which everything is in."""
    read: int
    """Events of the input that are in, those of an earlier run too."""
    sent: int
    """Records that this run has sent for events."""
    finished: bool


class Replay:
    """Sends a source to the topics, each event to its customer's partition, and a watermark to every partition.

    Args:
        source: the history.
        sinks: producers; each topic keeps to one of them. With watermarks one is enough.
        partitions: of every customer-keyed topic.
        act_from: before this moment no rule is decided.
        every: events between two watermarks, at most.
        watermarks: signs them; without, nothing tells the lanes what is complete (for tests of what that costs).
        perturb: what to send for an interval instead of its events in order.
        pace: how fast; as fast as it goes by default.
    """

    def __init__(
        self,
        source: EventHistory,
        sinks: Sequence[Sink],
        partitions: int,
        *,
        watermarks: Signing | None,
        act_from: Millis = 0,
        every: int = EVERY,
        perturb: Perturb = lambda interval: interval.events,
        pace: RatePacer | None = None,
    ) -> None:
        self._source, self._sinks, self._partitions = source, sinks, partitions
        self._act_from, self._every, self._watermarks = act_from, every, watermarks
        self._perturb, self._pace = perturb, pace
        self._sink_of = {topic: sinks[n % len(sinks)] for n, topic in enumerate(dict.fromkeys(TOPIC_OF.values()))}
        self._partition = lru_cache(maxsize=65_536)(partial(partition_of, partitions=partitions))
        self._origin = ("ce_source", f"/tend/replay/{source.name}".encode())
        self._sent = 0

    def run(self, progress: ReplayProgress = NOTHING) -> Iterator[Progress]:
        """Send, and say after each watermark where it stands; what is asked for no further is not sent.

        A replay that was killed goes on, in each partition, behind that partition's last watermark. Events that it had
        sent after that watermark are sent again, as duplicates that change nothing.

        Raises:
            DependencyUnavailable: the broker does not answer; what was sent so far counts.
            Unsorted: the source is not in the order of time.
        """
        if progress.finished(self._partitions):
            return
        resume = progress.begin(self._partitions)
        for interval in plan_marks(self._source.events(), every=self._every, end=self._source.end, resume=resume):
            for told in self._perturb(interval):
                self._send(told, interval.number, progress)
            if self._watermarks:
                self._mark(interval, progress)
            elif interval.finishes:
                self._flush()
            yield Progress(interval.number, interval.time, interval.read, self._sent, interval.finishes)

    def _send(self, told: ReplayEvent, number: int, progress: ReplayProgress) -> None:
        partition = self._partition(told.customer)
        if progress.has(partition, number):
            return
        headers = (
            ("ce_specversion", b"1.0"),
            ("ce_id", told.id.encode()),
            self._origin,
            ("ce_type", told.type.encode()),
            ("ce_time", to_rfc3339(told.time).encode()),
            ("content-type", b"application/json"),
        )
        topic = TOPIC_OF[told.type]
        self._sink_of[topic].send(topic, partition, told.customer.encode(), told.body, told.time, headers)
        self._sent += 1
        if self._pace:
            self._pace.keep(self._sent)

    def _flush(self) -> dict[tuple[str, int], int]:
        return {at: end for sink in self._sinks for at, end in sink.flush().items()}

    def _mark(self, interval: Interval, progress: ReplayProgress) -> None:
        # Nothing may be announced before it is in: first the events, then the watermarks.
        ends = self._flush()
        for partition in range(self._partitions):
            if not progress.has(partition, interval.number):
                known = dict(progress.watermarks[partition].ends) if partition in progress.watermarks else {}
                known |= {topic: end for (topic, at), end in ends.items() if at == partition and topic != WATERMARKS}
                watermark = self._as_watermark(interval, known)
                self._announce(partition, encode_watermark(watermark), interval.time)
        self._sinks[0].flush()

    def _announce(self, partition: int, body: bytes, time: Millis) -> None:
        assert self._watermarks is not None
        header = self._watermarks.header(WATERMARKS, partition, None, body)
        self._sinks[0].send(WATERMARKS, partition, None, body, time, (header,))

    def _as_watermark(self, interval: Interval, ends: dict[str, int]) -> Watermark:
        return Watermark(
            number=interval.number,
            time=interval.time,
            ends=dict(sorted(ends.items())),
            position={"events": interval.read},
            replay=self._source.name,
            act_from=self._act_from,
            begins=interval.begins,
            finishes=interval.finishes,
        )
