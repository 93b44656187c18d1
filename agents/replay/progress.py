"""How far a replay has come, as the watermarks in the topics tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.replay.plan import Begin
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from schemas.errors import ConfigurationRefused
from schemas.topics import WATERMARKS
from schemas.watermarks import Watermark, decode_watermark


@dataclass(frozen=True)
class ReplayProgress:
    """The last watermark of each partition; empty before a replay has begun."""

    watermarks: Mapping[int, Watermark]

    @property
    def complete(self) -> Watermark | None:
        """The last watermark that every partition has, where every partition has one."""
        return min(self.watermarks.values(), key=lambda watermark: watermark.number) if self.watermarks else None

    def begin(self, partitions: int) -> Begin | None:
        """Where to go on; None to begin."""
        last = self.complete
        if last is None or len(self.watermarks) < partitions:
            return None
        return Begin(last.number, last.position["events"])

    def has(self, partition: int, number: int) -> bool:
        """Whether a partition holds the watermark of this number already."""
        return partition in self.watermarks and self.watermarks[partition].number >= number

    def finished(self, partitions: int) -> bool:
        """Whether the replay has come to its end."""
        return len(self.watermarks) == partitions and all(watermark.finishes for watermark in self.watermarks.values())


NOTHING = ReplayProgress({})


def replay_progress(connection: KafkaConnection, partitions: int, name: str, act_from: int) -> ReplayProgress:
    """Read the tails of ``tend.watermarks``.

    Raises:
        ConfigurationRefused: they belong to another replay; two histories in one log would be neither.
        DependencyUnavailable: no broker answers.
    """
    watermarks = {}
    with PartitionLog(connection) as log:
        for partition in range(partitions):
            for record in log.backwards(WATERMARKS, partition, 1):
                watermarks[partition] = decode_watermark(record.value or b"")
                break
    for watermark in watermarks.values():
        if watermark.replay != name or watermark.act_from != act_from:
            raise ConfigurationRefused(
                f"{WATERMARKS} holds the replay {watermark.replay} (acting from {watermark.act_from}), not {name} "
                f"(acting from "
                f"{act_from}). Repeat that one with the same options to go on with it, or make the topics and the "
                "store anew for another."
            )
    return ReplayProgress(watermarks)
