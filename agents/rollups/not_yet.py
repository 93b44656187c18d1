"""In a replay topics hold the whole history at once: what lanes have not come to has not happened yet.

An event, a decision or an action counts when the slowest lane has come to its time, and what lies behind it in its
topic waits with it: pages then tell of one moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from agents.rollups.complaint_work import moment_of
from infra.kafka.connection import Place
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import DEAD_LETTERS

MOST_WAITING: Final = 2_000
"""Records of one topic's partition above which it is read no further for now."""


class _Timed(msgspec.Struct):
    """The moments of events (``time``), decisions (``acting``), moves (``at``) and actions (``decided_at``)."""

    time: str = ""
    decided_at: str = ""
    acting: Millis = 0
    at: Millis = 0


_decode = msgspec.json.Decoder(_Timed).decode


class NotYet:
    """Keeps what has been read too early, in the order of each topic."""

    def __init__(self) -> None:
        self._waiting: dict[Place, deque[tuple[Millis, KafkaRecord]]] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    @property
    def full(self) -> set[Place]:
        """The topics' partitions of which enough waits."""
        return {place for place, records in self._waiting.items() if len(records) >= MOST_WAITING}

    def come(self, records: Iterable[KafkaRecord], reached: Millis) -> list[KafkaRecord]:
        """Those whose time has come, of the ones that waited and of these.

        Args:
            records: what has been read now.
            reached: the time that all lanes have come to.
        """
        come = [record for place in list(self._waiting) for record in self._out(place, reached)]
        for record in records:
            place, at = (record.topic, record.partition), _time_of(record)
            if place in self._waiting or at > reached:
                self._waiting.setdefault(place, deque()).append((at, record))
            else:
                come.append(record)
        return come

    def _out(self, place: Place, reached: Millis) -> Iterator[KafkaRecord]:
        waiting = self._waiting[place]
        while waiting and waiting[0][0] <= reached:
            yield waiting.popleft()[1]
        if not waiting:
            del self._waiting[place]


def _time_of(record: KafkaRecord) -> Millis:
    """When it happened; what cannot be read, and what was put aside, has no time to wait for."""
    if record.topic == DEAD_LETTERS:
        return 0
    try:
        told = _decode(record.value or b"")
    except msgspec.MsgspecError:
        return 0
    return told.acting or told.at or moment_of(told.time or told.decided_at) or 0
