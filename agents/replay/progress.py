"""How far a replay has come, as the watermarks in the topics tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agents.replay.plan import Begin
from agents.signing import signing_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings
from schemas.errors import ConfigurationRefused
from schemas.topics import WATERMARKS
from schemas.watermarks import Watermark, decode_watermark

_TAIL = 10_000
"""How many records are searched for one that is ours."""


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
        return Begin(last.number, last.position["events"], last.time)

    def has(self, partition: int, number: int) -> bool:
        """Whether a partition holds the watermark of this number already."""
        return partition in self.watermarks and self.watermarks[partition].number >= number

    def finished(self, partitions: int) -> bool:
        """Whether the replay has come to its end."""
        return len(self.watermarks) == partitions and all(watermark.finishes for watermark in self.watermarks.values())


NOTHING = ReplayProgress({})


def replay_progress(settings: Settings, name: str, act_from: int) -> ReplayProgress:
    """Read the tails of ``tend.watermarks``, as far as they are this installation's.

    Raises:
        ConfigurationRefused: they belong to another replay; two histories in one log would be neither.
        DependencyUnavailable: no broker answers.
    """
    watermarks, signing = dict[int, Watermark](), signing_of(settings)
    with PartitionLog(KafkaConnection.of(settings)) as log:
        for partition in range(settings.partitions):
            ours = filter(signing.is_ours, log.backwards(WATERMARKS, partition, _TAIL))
            if (record := next(ours, None)) is not None:
                watermarks[partition] = decode_watermark(record.value or b"")
    for watermark in watermarks.values():
        if watermark.replay != name or watermark.act_from != act_from:
            raise ConfigurationRefused(
                f"{WATERMARKS} holds the replay {watermark.replay} (acting from {watermark.act_from}), not {name} "
                f"(acting from "
                f"{act_from}). Repeat that one with the same options to go on with it, or make the topics and the "
                "store anew for another."
            )
    return ReplayProgress(watermarks)
