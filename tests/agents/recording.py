"""A sink in memory that keeps offsets as a broker does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import WATERMARKS
from schemas.watermarks import Watermark, decode_watermark


class Recording:
    """Keeps what is sent, by topic and partition; several replays may write to one."""

    def __init__(self) -> None:
        self.log: defaultdict[tuple[str, int], list[KafkaRecord]] = defaultdict(list)
        self._touched: set[tuple[str, int]] = set()

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        timestamp: Millis,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Keep one record."""
        records = self.log[topic, partition]
        records.append(KafkaRecord(topic, partition, len(records), timestamp, key, value, tuple(headers)))
        self._touched.add((topic, partition))

    def flush(self) -> dict[tuple[str, int], int]:
        """End offsets of what this sink was sent since it was made."""
        return {at: len(self.log[at]) for at in self._touched}

    def reopened(self) -> Recording:
        """The same log seen by a new producer."""
        other = Recording()
        other.log = self.log
        return other

    def watermarks(self, partition: int) -> list[Watermark]:
        """The watermarks of a partition."""
        return [decode_watermark(record.value or b"") for record in self.log[WATERMARKS, partition]]

    def events(self, partition: int) -> list[KafkaRecord]:
        """All other records of a partition."""
        return [record for (topic, p), records in self.log.items() if p == partition and topic != WATERMARKS
                for record in records]  # fmt: skip
