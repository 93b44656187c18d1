"""How far a replay has come, as the marks in the topics tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.replay.plan import Begin
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from schemas.errors import Refused
from schemas.marks import Mark, decode_mark
from schemas.topics import MARKS


@dataclass(frozen=True)
class Standing:
    """The last mark of each partition; empty before a replay has begun."""

    marks: Mapping[int, Mark]

    @property
    def complete(self) -> Mark | None:
        """The last mark that every partition has, where every partition has one."""
        return min(self.marks.values(), key=lambda mark: mark.number) if self.marks else None

    def begin(self, partitions: int) -> Begin | None:
        """Where to go on; None to begin."""
        last = self.complete
        if last is None or len(self.marks) < partitions:
            return None
        return Begin(last.number, last.position["events"])

    def has(self, partition: int, number: int) -> bool:
        """Whether a partition holds the mark of this number already."""
        return partition in self.marks and self.marks[partition].number >= number

    def finished(self, partitions: int) -> bool:
        """Whether the replay has come to its end."""
        return len(self.marks) == partitions and all(mark.finishes for mark in self.marks.values())


NOTHING = Standing({})


def standing(connection: KafkaConnection, partitions: int, name: str, act_from: int) -> Standing:
    """Read the tails of ``tend.marks``.

    Raises:
        Refused: they belong to another replay; two histories in one log would be neither.
        DependencyAway: no broker answers.
    """
    marks = {}
    with PartitionLog(connection) as log:
        for partition in range(partitions):
            for record in log.backwards(MARKS, partition, 1):
                marks[partition] = decode_mark(record.value or b"")
                break
    for mark in marks.values():
        if mark.replay != name or mark.act_from != act_from:
            raise Refused(
                f"{MARKS} holds the replay {mark.replay} (acting from {mark.act_from}), not {name} (acting from "
                f"{act_from}). Repeat that one with the same options to go on with it, or make the topics and the "
                "store anew for another."
            )
    return Standing(marks)
