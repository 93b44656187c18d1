"""Which topics an installation has, and how they are made."""

from __future__ import annotations

from infra.kafka.expected_topics import TopicSpec
from infra.settings import Settings
from schemas.times import Millis
from schemas.topics import ALMANAC, COMPACTED_TOPICS, FORMER_NAMES, PARTITIONED_TOPICS, SINGLE_TOPICS

_FOREVER = {"retention.ms": "-1"}
"""Event times of a replay lie in the past: with the broker's default of seven days it would be deleted at once."""
_LARGE = {"max.message.bytes": "8388608"}
"""An almanac holds a covariance matrix per horizon."""


def topic_specs(settings: Settings, oldest: Millis = 0) -> list[TopicSpec]:
    """All topics of an installation.

    Args:
        settings: number of partitions.
        oldest: age of the oldest event that will be written; the check refuses shorter retention.
    """
    keyed = [_spec(name, settings.partitions, oldest) for name in PARTITIONED_TOPICS]
    single = [_spec(name, 1, 0) for name in SINGLE_TOPICS]
    return keyed + single


def _spec(name: str, partitions: int, oldest: Millis) -> TopicSpec:
    configs = {"cleanup.policy": "compact"} if name in COMPACTED_TOPICS else dict(_FOREVER)
    if name == ALMANAC:
        configs |= _LARGE
    return TopicSpec(name, partitions, configs, 0 if name in COMPACTED_TOPICS else oldest, FORMER_NAMES.get(name, ""))
