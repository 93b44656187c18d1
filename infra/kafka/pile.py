"""What was read ahead of one topic's partition."""

from __future__ import annotations

import msgspec
from confluent_kafka import Message

from infra.kafka.intake import UNKNOWN_END
from infra.kafka.partition_log import raw
from schemas.lane import Fetched, KafkaRecord

_RECORD_BYTES = 200
"""What a record takes beside its value: a mebibyte of small ones would be tens of thousands of objects."""


class More(msgspec.Struct):
    """What came at once, in the order of its offsets."""

    next_offset: int
    """Behind the last of it."""
    raws: list[KafkaRecord] = []
    bytes: int = 0
    at_end: bool | None = None
    """Whether the log ends behind it; None where nothing came."""

    def add(self, message: Message) -> None:
        """One record; unless it was there already, as after a pause what waits in the client is fetched again."""
        record = raw(message)
        if record.offset >= self.next_offset:
            self.raws.append(record)
            self.bytes += len(message) + _RECORD_BYTES
            self.next_offset, self.at_end = record.offset + 1, False

    def end(self, offset: int) -> None:
        """The log ends here, perhaps behind markers of transactions, which are no records."""
        self.next_offset, self.at_end = max(self.next_offset, offset), True


class Pile:
    """Records that lie ready for whoever reads.

    Args:
        offset: where it begins.
    """

    def __init__(self, offset: int) -> None:
        self.handed = self.next_offset = offset
        """Behind what readers were given; behind what lies here."""
        self.bytes = 0
        self.at_end = self.paused = False
        """Whether the log ends behind what lies here, as far as is known; whether nothing more is fetched for now."""
        self.raws: list[KafkaRecord] = []
        self._end = -1
        """Where the log ended when last told; below 0 before that."""

    def more(self) -> More:
        """Nothing yet, to go on top."""
        return More(self.next_offset)

    def add(self, more: More) -> None:
        """Lay it on top."""
        self.raws += more.raws
        self.bytes += more.bytes
        self.next_offset, self.at_end = more.next_offset, bool(more.at_end)

    def told(self, end: int) -> bool:
        """Know where the log ended with the broker's last answer; whether that is behind what lies here."""
        self._end = end
        # What was told before a pause may be old.
        self.at_end = self.at_end or (end == self.next_offset and not self.paused)
        return self.at_end

    def hand(self) -> Fetched:
        """All that lies here, and where the log ends as far as is known."""
        raws, self.raws, self.bytes, self.handed = self.raws, [], 0, self.next_offset
        if self.at_end:
            return Fetched(raws, self.next_offset, self.next_offset)
        return Fetched(raws, self.next_offset, self._end if self._end > self.next_offset else UNKNOWN_END)
