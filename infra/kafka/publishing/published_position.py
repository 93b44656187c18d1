"""How far a lane has published, and what of it lies beyond that position, as the log itself tells it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import msgspec

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.partition_log import PartitionLog
from schemas.lane import KafkaRecord, OutboxEntry
from schemas.signing import UNSIGNED, Signing
from schemas.topics import POSITIONS

log = logging.getLogger(__name__)

SEQUENCE_HEADER = "tend-seq"

Identity = tuple[str, bytes]
"""Topic and id of a message."""

_ENDED_SECONDS = 2.0
"""A transaction that has ended has ended in its partitions too, but for the moment that they take to show it."""
_NOT_USED = "%s, partition %d, offset %d: %s; it is not used"
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


class _Told(msgspec.Struct, frozen=True):
    """What a record of the positions says."""

    sequence: int
    after: int | None = None
    """Offset of the lane's position before it: what lies there again later is a copy. None from earlier versions."""


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Told).decode


def position_record(lane: int, sequence: int, after: int) -> OutboxEntry:
    """The record that says: all of the lane up to this sequence is published. It counts once it is signed.

    Args:
        lane: the lane's number.
        sequence: the last one that is out.
        after: offset of the lane's position before this one; -1 where there is none.
    """
    return OutboxEntry(
        sequence=sequence,
        topic=POSITIONS,
        partition=lane,
        key=str(lane).encode(),
        value=_ENCODE(_Told(sequence, after)),
    )


class Position(msgspec.Struct, frozen=True):
    """How far a lane has published, as its partition of the positions tells it."""

    sequence: int | None
    """The last one that is out; None where nothing says so that is signed with our key."""
    left_open: bool = False
    """Whether a transaction is open in the partition."""
    refused: int = 0
    """Records behind the newest one of ours, or all there are, that are not ours; copies of ours among them."""
    offset: int = -1
    """Where the record lies."""


def read_position(connection: KafkaConnection, lane: int, signing: Signing) -> int:
    """The last sequence that the lane has published; 0 at first. Blocks; raises DependencyUnavailable."""
    with PartitionLog(connection) as partition:
        return _position(partition, lane, signing, settled=True).sequence or 0


def own_position(connection: KafkaConnection, lane: int, signing: Signing) -> Position:
    """The same for a lane that has just ended all its earlier transactions; and whether one is open nevertheless.

    Nobody else publishes a lane's position. So a transaction that is still open there is one of its own, which the
    broker calls complete and has not ended in the partition's log. Blocks; raises DependencyUnavailable.
    """
    with PartitionLog(connection) as partition:
        left_open = not partition.is_settled(POSITIONS, lane, _ENDED_SECONDS)
        newest = _position(partition, lane, signing, settled=False)
    return msgspec.structs.replace(newest, left_open=left_open)


def _position(log: PartitionLog, lane: int, signing: Signing, *, settled: bool) -> Position:
    newest, refused = _newest(log.backwards(POSITIONS, lane, limit=2**62, settled=settled), lane, signing)
    if newest is None:
        return Position(None, refused=refused)
    after = _told(newest).after
    # Where the topic was made anew or copied elsewhere, what was before lies at other offsets.
    since = log.read(POSITIONS, lane, 0 if after is None else min(after + 1, newest.offset))
    return _without_copies((raw for raw in since if _is_ours(raw, lane, signing)), after, refused)


def _newest(records: Iterable[KafkaRecord], lane: int, signing: Signing) -> tuple[KafkaRecord | None, int]:
    """Of records from the newest on the first that is signed for the lane, and how many come before it."""
    refused = 0
    for record in records:
        if _is_ours(record, lane, signing):
            return record, refused
        log.error(_NOT_USED, POSITIONS, lane, record.offset, UNSIGNED)
        refused += 1
    return None, refused


def _without_copies(ours: Iterable[KafkaRecord], after: int | None, refused: int) -> Position:
    """The last of a lane's own records that knows the one before it: an older one that lies there again does not.

    Args:
        ours: from behind ``after`` on.
        after: what the newest of them names as the one before it.
        refused: how many are not ours.
    """
    last = Position(-1, refused=refused, offset=-1 if after is None else after)
    for record in ours:
        told = _told(record)
        if told.after is None:
            counts = after is None and told.sequence > (last.sequence or 0)
        else:
            counts, after = told.after >= last.offset, told.after
        if counts:
            last = Position(told.sequence, refused=last.refused, offset=record.offset)
        else:
            log.error(_NOT_USED, POSITIONS, record.partition, record.offset, "it is a copy of an earlier one")
            last = msgspec.structs.replace(last, refused=last.refused + 1)
    return last


def _is_ours(record: KafkaRecord, lane: int, signing: Signing) -> bool:
    return record.key == str(lane).encode() and signing.is_ours(record)


def _told(record: KafkaRecord) -> _Told:
    return _DECODE(record.value or b"")


class AlreadyPublished:
    """What a lane has published beyond its position, as the tails of the partitions tell it. Its calls block."""

    def __init__(self, connection: KafkaConnection, lane: int) -> None:
        self._connection, self._lane = connection, lane
        self._position = 0
        self._sequences: set[int] = set()
        self._searched: set[Place] = set()
        self._identities: set[Identity] = set()
        self.highest = 0
        """The highest sequence met by ``pass_over``."""

    def begin(self, position: int) -> None:
        """The lane goes on from here, and nothing is known of what lies beyond it."""
        self._position = position
        self._sequences.clear()
        self._searched.clear()

    def unsearched(self, entries: Iterable[OutboxEntry]) -> set[Place]:
        """Where these entries go to and nobody has looked yet."""
        return {(entry.topic, entry.partition) for entry in entries} - self._searched

    def search(self, places: Iterable[Place]) -> None:
        """Look for entries beyond the position. Raises DependencyUnavailable."""
        with PartitionLog(self._connection) as log:
            for topic, partition in places:
                self._sequences |= _sent_beyond(log, topic, partition, self._lane, self._position)
                self._searched.add((topic, partition))

    def published(self, sequence: int) -> None:
        """All up to here is out, and the position says so."""
        self._sequences = {beyond for beyond in self._sequences if beyond > sequence}

    def pass_over(self, sequence: int, places: Sequence[Place]) -> None:
        """Know by its id whatever is out with a higher sequence. Raises DependencyUnavailable."""
        self.highest, found = _out_beyond(self._connection, places, self._lane, sequence)
        self._identities |= found

    def not_out(self, entries: Sequence[OutboxEntry]) -> Sequence[OutboxEntry]:
        """Those of the entries that are to be sent."""
        if not self._sequences and not self._identities:
            return entries
        return [entry for entry in entries if not self._is_out(entry)]

    def _is_out(self, entry: OutboxEntry) -> bool:
        return entry.sequence in self._sequences or _identity_of(entry.topic, entry.headers) in self._identities


def _out_beyond(
    connection: KafkaConnection, places: Sequence[Place], lane: int, sequence: int
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
                if (identity := _identity_of(topic, record.headers)) is not None:
                    found.add(identity)
    return highest, found


def _identity_of(topic: str, headers: Sequence[tuple[str, bytes]]) -> Identity | None:
    """What a message is, whatever its sequence: topic and CloudEvents' ``ce_id``; None where it carries no id.

    A dead letter is known by where its record lay, as the id it carries may be any number of records' own.
    """
    told = dict(reversed(headers))  # a record's own headers stand behind those of its letter
    if "tend-offset" not in told:
        return (topic, told["ce_id"]) if "ce_id" in told else None
    if told.get("tend-reason") == b"timer_failed":
        return None
    return topic, b":".join(told.get(name, b"") for name in ("tend-topic", "tend-partition", "tend-offset"))


def _sent_beyond(log: PartitionLog, topic: str, partition: int, lane: int, position: int) -> set[int]:
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
