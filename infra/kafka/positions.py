"""How far a lane has published, as the log itself tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from schemas.lane import KafkaRecord, OutboxEntry

POSITIONS_TOPIC = "tend.positions"
SEQUENCE_HEADER = "tend-seq"

Identity = tuple[str, bytes]

_ENDED_SECONDS = 2.0
"""A transaction that has ended has ended in its partitions too, but for the moment that they take to show it."""
_TAIL = 2_000
"""How many records of a partition are searched for entries of an earlier owner; its last publish was smaller."""


def mark_of(lane: int, sequence: int) -> tuple[str, bytes]:
    """The header that a published entry carries."""
    return SEQUENCE_HEADER, b"%d:%d" % (lane, sequence)


def sequence_of(headers: Sequence[tuple[str, bytes]]) -> tuple[int, int]:
    """Lane and sequence that a published record carries; (-1, 0) where it carries none."""
    # The last one is ours: what is forwarded or laid aside may carry one of an earlier way.
    for name, value in reversed(headers):
        if name == SEQUENCE_HEADER:
            lane, _, sequence = value.partition(b":")
            return (int(lane), int(sequence)) if lane.isdigit() and sequence.isdigit() else (-1, 0)
    return -1, 0


def position_record(lane: int, sequence: int) -> OutboxEntry:
    """The record that says: all of the lane up to this sequence is published."""
    return OutboxEntry(
        sequence=sequence,
        topic=POSITIONS_TOPIC,
        partition=lane,
        key=str(lane).encode(),
        value=orjson.dumps({"sequence": sequence}),
    )


def read_position(connection: KafkaConnection, lane: int) -> int:
    """The last sequence that the lane has published; 0 at first. Blocks; raises DependencyUnavailable."""
    with PartitionLog(connection) as log:
        return _newest(log.backwards(POSITIONS_TOPIC, lane, limit=2**62), lane)


def own_position(connection: KafkaConnection, lane: int) -> tuple[int, bool]:
    """The same for a lane that has just ended all its earlier transactions; and whether one is open nevertheless.

    Nobody else publishes a lane's position. So a transaction that is still open there is one of its own, which the
    broker calls complete and has not ended in the partition's log. Blocks; raises DependencyUnavailable.
    """
    with PartitionLog(connection) as log:
        left_open = not log.is_settled(POSITIONS_TOPIC, lane, _ENDED_SECONDS)
        return _newest(log.backwards(POSITIONS_TOPIC, lane, limit=2**62, settled=False), lane), left_open


def _newest(records: Iterable[KafkaRecord], lane: int) -> int:
    key = str(lane).encode()
    for record in records:
        if record.key == key and record.value:
            return int(orjson.loads(record.value)["sequence"])
    return 0


def out_beyond(
    connection: KafkaConnection, places: Sequence[tuple[str, int]], lane: int, sequence: int
) -> tuple[int, set[Identity]]:
    """What the lane has published to these partitions with a higher sequence: the highest, and what each one is.

    For a store that has lost its last moments: where a clock takes part, what is decided again may come under another
    sequence, and only its id says that it is out already. Blocks; raises DependencyUnavailable.
    """
    highest, found = 0, set[Identity]()
    with PartitionLog(connection) as log:
        for topic, partition in places:
            for record in log.backwards(topic, partition, limit=2**62):
                whose, published = sequence_of(record.headers)
                if whose != lane:
                    continue
                if published <= sequence:
                    break
                highest = max(highest, published)
                if (identity := identity_of(topic, record.headers)) is not None:
                    found.add(identity)
    return highest, found


def identity_of(topic: str, headers: Sequence[tuple[str, bytes]]) -> Identity | None:
    """What a message is, whatever its sequence: topic and CloudEvents' ``ce_id``; None where it carries no id.

    A dead letter is known by where its record lay, as the id it carries may be any number of records' own.
    """
    told = dict(reversed(headers))  # a record's own headers stand behind those of its letter
    if "tend-offset" not in told:
        return (topic, told["ce_id"]) if "ce_id" in told else None
    if told.get("tend-reason") == b"timer_failed":
        return None
    return topic, b":".join(told.get(name, b"") for name in ("tend-topic", "tend-partition", "tend-offset"))


def sent_beyond(log: PartitionLog, topic: str, partition: int, lane: int, position: int) -> set[int]:
    """Sequences of the lane beyond its position that lie in the partition all the same: its owner died in between."""
    found: set[int] = set()
    for record in log.backwards(topic, partition, _TAIL):
        whose, sequence = sequence_of(record.headers)
        if whose != lane:
            continue
        if sequence <= position:
            break
        found.add(sequence)
    return found
