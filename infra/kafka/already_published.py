"""What a lane has published beyond its position, as the tails of the partitions tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.positions import Identity, identity_of, out_beyond, sent_beyond
from schemas.lane import OutboxEntry

Place = tuple[str, int]
"""Topic and partition."""


class AlreadyPublished:
    """Which entries are out already although the position does not say so. Its calls block."""

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
                self._sequences |= sent_beyond(log, topic, partition, self._lane, self._position)
                self._searched.add((topic, partition))

    def published(self, sequence: int) -> None:
        """All up to here is out, and the position says so."""
        self._sequences = {beyond for beyond in self._sequences if beyond > sequence}

    def pass_over(self, sequence: int, places: Sequence[Place]) -> None:
        """Know by its id whatever is out with a higher sequence. Raises DependencyUnavailable."""
        self.highest, found = out_beyond(self._connection, places, self._lane, sequence)
        self._identities |= found

    def not_out(self, entries: Sequence[OutboxEntry]) -> Sequence[OutboxEntry]:
        """Those of the entries that are to be sent."""
        if not self._sequences and not self._identities:
            return entries
        return [entry for entry in entries if not self._is_out(entry)]

    def _is_out(self, entry: OutboxEntry) -> bool:
        return entry.sequence in self._sequences or identity_of(entry.topic, entry.headers) in self._identities
