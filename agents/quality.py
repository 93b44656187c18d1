"""How good what comes in is, source by source: looked at in the topics themselves, so lanes are not disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec
import orjson

from agents.worker.batches import Receive
from schemas.lane import KafkaRecord
from schemas.times import DAY, Millis
from streams.ingest import AdmissionRules, DeadLetter, Forward

NOT_TOLD: Final = "(not told)"
"""Stands for the source of events that name none, or cannot be read."""
LATE: Final[Millis] = DAY
"""What arrives longer than that after it happened is late."""
_LABEL: Final = 64


class SourceQuality(msgspec.Struct):
    """What one source has sent, in numbers of records."""

    records: int = 0
    duplicates: int = 0
    """Of an id that was there before, among what was looked at."""
    late: int = 0
    """Arrived more than a day after they happened."""
    partly: int = 0
    """Taken without optional fields that were told wrongly."""
    misplaced: int = 0
    """On another partition than their customer's."""
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """Out of contract: reason and field to times."""
    left_out: Counter[str] = msgspec.field(default_factory=Counter)
    """Those fields, and how often."""

    def share(self, count: int) -> float:
        """Of all records of the source, 0 to 1."""
        return count / self.records if self.records else 0.0


def quality_of(records: Iterable[KafkaRecord], partitions: int, receive: Receive) -> dict[str, SourceQuality]:
    """The records of event topics by the source that they name.

    Args:
        records: of whatever topics and partitions, in the order of each log.
        partitions: of the event topics.
        receive: the check at the door.
    """
    found: dict[str, SourceQuality] = {}
    known: set[str] = set()
    for record in records:
        item = receive(record, AdmissionRules(record.partition, partitions, record.timestamp, forwards=True))
        source = source_of(record)
        told = found.setdefault(source, SourceQuality())
        told.records += 1
        if isinstance(item, DeadLetter):
            told.refused[f"{item.reason} {item.field}".strip()] += 1
        elif isinstance(item, Forward):
            told.misplaced += 1
        else:
            event = item.event
            told.duplicates += event.id in known
            known.add(event.id)
            told.late += record.timestamp - event.at > LATE
            told.partly += bool(event.left_out)
            told.left_out.update(event.left_out)
    return dict(sorted(found.items()))


def source_of(record: KafkaRecord) -> str:
    """The source that a record names, whatever else is wrong with it."""
    try:
        body = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return NOT_TOLD
    source = body.get("source") if isinstance(body, dict) else None
    return source[:_LABEL] if isinstance(source, str) and source else NOT_TOLD
