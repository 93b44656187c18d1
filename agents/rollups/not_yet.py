"""In a replay topics hold the whole history at once: what lanes have not come to has not happened yet.

An event counts when its lane's time has come to its own, and what lies behind it in its topic waits with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from agents.rollups.complaint_work import moment_of
from infra.kafka.connection import Place
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import EVENT_TOPICS

MOST_WAITING: Final = 2_000
"""Records of one topic's partition above which it is read no further for now."""
_EVENTS: Final = frozenset(EVENT_TOPICS)


class _Timed(msgspec.Struct):
    time: str = ""


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

    def come(self, records: Iterable[KafkaRecord], reached: Sequence[Millis]) -> list[KafkaRecord]:
        """Those whose time has come, of the ones that waited and of these.

        Args:
            records: what has been read now.
            reached: the time of each lane.
        """
        come = [record for place in list(self._waiting) for record in self._out(place, reached[place[1]])]
        for record in records:
            place, at = (record.topic, record.partition), _time_of(record)
            if place in self._waiting or at > reached[record.partition]:
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
    """When an event happened; what is none, or cannot be read, has no time to wait for."""
    if record.topic not in _EVENTS:
        return 0
    try:
        return moment_of(_decode(record.value or b"").time) or 0
    except msgspec.MsgspecError:
        return 0
