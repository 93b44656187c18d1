"""Topics in memory that are read as a broker's are: by offset, a bounded piece at a time, up to an end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from agents.recovery.log_source import LogSource
from infra.kafka.fetching.buffer import FetchedRecords
from schemas.ids import hash64
from schemas.lane import KafkaRecord
from schemas.times import Millis, to_rfc3339
from schemas.topics import LANE_TOPICS, TOPIC_OF, WATERMARKS
from schemas.watermarks import Watermark, encode_watermark


class LogsSource(LogSource):
    """As a worker's buffer: whoever waits in vain has waited a little."""

    def __init__(self, logs: Logs, starts: Mapping[str, int]) -> None:
        super().__init__(logs.partition, starts, logs.fetched)
        self._written = logs

    async def wait(self, topics: Iterable[str], max_wait_ms: Millis) -> bool:
        self._written.waits.append(max_wait_ms)
        lies = await super().wait(topics, max_wait_ms)
        await asyncio.sleep(0 if lies else max_wait_ms / 20_000)
        return lies

    async def _read(self, topics: Iterable[str]) -> None:
        await super()._read(topics)
        await asyncio.sleep(0)


class Logs:
    """The logs of one partition.

    Args:
        piece: at most so many records of a topic come at once.
    """

    def __init__(self, partition: int = 0, piece: int = 1_000) -> None:
        self.partition = partition
        self.piece = piece
        self.records: defaultdict[str, list[KafkaRecord]] = defaultdict(list)
        self.waits: list[int] = []
        """Milliseconds for which a first record would have been waited for, each time."""
        self.silent: set[str] = set()
        """Topics of which the broker has not answered yet."""

    @property
    def begins(self) -> dict[str, int]:
        """Where a lane without a state begins."""
        return dict.fromkeys(LANE_TOPICS, 0)

    @property
    def ends(self) -> dict[str, int]:
        """The end offset of each topic with records; watermarks left out."""
        return {topic: len(records) for topic, records in self.records.items() if topic != WATERMARKS}

    def open(self, starts: Mapping[str, int]) -> LogsSource:
        """These topics from these offsets on."""
        return LogsSource(self, starts)

    async def fetched(self, topic: str, offset: int) -> FetchedRecords | None:
        """What comes next of a topic; None where the broker does not answer."""
        if topic in self.silent:
            return None
        records = self.records[topic]
        found = records[offset : offset + self.piece]
        after = offset + len(found)
        return FetchedRecords(after, found, at_end=after >= len(records), end_offset=len(records))

    def put(self, topic: str, body: bytes, at: Millis = 0, headers: tuple[tuple[str, bytes], ...] = ()) -> KafkaRecord:
        """Append anything to a topic."""
        records = self.records[topic]
        records.append(KafkaRecord(topic, self.partition, len(records), at, b"key", body, headers))
        return records[-1]

    def event(self, kind: str, at: Millis, who: str = "c-1", **fields: Any) -> str:
        """Append an event to its topic; its id."""
        told = {"type": kind, "customer": who, "time": to_rfc3339(at), **fields}
        named = {"id": f"{kind}-{hash64(repr(told)):x}", **told}
        self.put(TOPIC_OF[kind], orjson.dumps(named), at)
        return str(named["id"])

    def viewed(self, at: Millis, who: str = "c-1") -> str:
        """They looked at something."""
        return self.event("product.viewed", at, who, sku="s-1")

    def ordered(self, at: Millis, who: str = "c-1", order_id: str = "") -> str:
        """They ordered something."""
        order = order_id or f"o-{at}"
        return self.event("order.placed", at, who, order_id=order, amount=5_000, currency="EUR")

    def watermark(self, time: Millis, **more: Any) -> None:
        """Say that everything before ``time`` is in."""
        number = len(self.records[WATERMARKS])
        self.put(WATERMARKS, encode_watermark(Watermark(number, time, self.ends, **more)))
