"""A replay put together for an installation: checked topics, a producer, and the place to go on from."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from agents.catalogue import topic_specs
from agents.replay.plan import EVERY
from agents.replay.progress import NOTHING, replay_progress
from agents.replay.replay import EventHistory, Progress, RatePacer, Replay
from agents.signing import signing_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import Settings
from schemas.times import Millis


@dataclass(frozen=True)
class ReplayOptions:
    """How a replay is to be run."""

    act_from: Millis = 0
    """Before this moment no rule is decided."""
    every: int = EVERY
    """Events between two watermarks, at most."""
    watermarks: bool = True
    speed: float | None = None
    """Events a second; None is as fast as it goes."""


def feed(settings: Settings, source: EventHistory, options: ReplayOptions) -> Iterator[Progress]:
    """Send a source to the installation's topics; goes on where a killed replay of the same source stopped.

    Nothing is sent before the first item is asked for.

    Raises:
        ConfigurationRefused: a topic is missing, has another number of partitions, or would delete records as old as
            these; or the topics hold another replay.
        DependencyUnavailable: no broker answers.
    """
    connection = KafkaConnection.of(settings)
    oldest = max(0, time.time_ns() // 1_000_000 - source.start)
    Topics(connection).check(topic_specs(settings, oldest))
    known = replay_progress(settings, source.name, options.act_from) if options.watermarks else NOTHING
    replay = Replay(
        source,
        [BulkProducer(connection)],
        settings.partitions,
        act_from=options.act_from,
        every=options.every,
        watermarks=signing_of(settings) if options.watermarks else None,
        pace=RatePacer(options.speed) if options.speed else None,
    )
    yield from replay.run(known)
