"""Topics in memory that are read as a broker's are: by offset, a bounded piece at a time, up to an end."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import orjson

from infra.kafka.intake import UNKNOWN_END
from schemas.ids import hash64
from schemas.lane import Fetched, KafkaRecord
from schemas.times import Millis, to_rfc3339
from schemas.topics import LANE_TOPICS, TOPIC_OF, WATERMARKS
from schemas.watermarks import Watermark, encode_watermark


class Logs:
    """The logs of one partition.

    Args:
        piece: at most so many records of a topic in one answer.
    """

    def __init__(self, partition: int = 0, piece: int = 1_000) -> None:
        self.partition = partition
        self.piece = piece
        self.records: defaultdict[str, list[KafkaRecord]] = defaultdict(list)
        self.fetches: list[dict[str, int]] = []
        self.waits: list[int] = []
        """Milliseconds for which each fetch would have waited for a first record."""
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

    async def fetch(self, partition: int, wants: Mapping[str, int], *, max_wait_ms: int) -> dict[str, Fetched]:
        """As ``Intake.fetch`` answers."""
        assert partition == self.partition
        self.fetches.append(dict(wants))
        self.waits.append(max_wait_ms)
        found = {topic: self._fetched(topic, offset) for topic, offset in wants.items()}
        await asyncio.sleep(0 if any(one.records for one in found.values()) else max_wait_ms / 20_000)
        return found

    def _fetched(self, topic: str, offset: int) -> Fetched:
        if topic in self.silent:
            return Fetched([], offset, UNKNOWN_END)
        records = self.records[topic]
        found = records[offset : offset + self.piece]
        return Fetched(found, offset + len(found), len(records))

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
        """She looked at something."""
        return self.event("product.viewed", at, who, sku="s-1")

    def ordered(self, at: Millis, who: str = "c-1", order_id: str = "") -> str:
        """She ordered something."""
        order = order_id or f"o-{at}"
        return self.event("order.placed", at, who, order_id=order, amount=5_000, currency="EUR")

    def watermark(self, time: Millis, **more: Any) -> None:
        """Say that everything before ``time`` is in."""
        number = len(self.records[WATERMARKS])
        self.put(WATERMARKS, encode_watermark(Watermark(number, time, self.ends, **more)))
