"""Where a lane's batches come from, and how a replay's are cut: by watermarks. Those of service: ``live_batches``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord, LaneState
from schemas.signing import UNSIGNED
from schemas.times import Millis
from schemas.topics import WATERMARKS
from schemas.watermarks import Watermark, decode_watermark
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward, receive
from streams.lane_protocol import Batch
from streams.merge import in_order

log = logging.getLogger(__name__)

_WHILE: Millis = 200
"""How long a watermark is waited for; what comes ends the wait at once."""


class RecordSource(Protocol):
    """The records of one partition number, from where its lane stands on; see ``infra.kafka.fetching.buffer``."""

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

    def done(self) -> None:
        """The lane has handled the last batch, or has given it up."""
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

    def done(self) -> None:
        """See ``Batches``: nobody waits for it."""

    def lag(self, state: LaneState) -> dict[str, int]:
        """See ``Batches``."""
        return self._source.lag(state.offsets)


def _watermark_in(raw: KafkaRecord) -> Watermark:
    try:
        return decode_watermark(raw.value or b"")
    except msgspec.DecodeError as error:
        raise ConfigurationRefused(
            f"{raw.topic}, partition {raw.partition}, offset {raw.offset}: no watermark ({error}). "
            "Only `tend replay` writes to this topic; make the topics anew for a fresh replay."
        ) from None
