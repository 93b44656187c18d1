"""The reference job on tend's transport, store and commit. Each action once for a reader of committed records, through
any crash."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from agents.bootstrap import initial_churn, lane_config, open_store
from agents.clock import wall_clock
from agents.signing import signing_of
from agents.worker.batches import Batches
from agents.worker.lane import LaneRunner
from agents.worker.lane_dependencies import LaneDependencies
from agents.worker.lane_status import Status
from agents.worker.live_batches import LiveBatches
from agents.worker.same_topics import SameTopics
from benchmarks.peers.options import PeerOptions, peer_options
from benchmarks.reference.job import Job
from benchmarks.reference.lane import LeanLane, receive
from benchmarks.reference.load import PARTITIONS
from infra.event_loop import run
from infra.kafka.connection import KafkaConnection
from infra.kafka.fetching.faust_app import Engine, make_engine
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.topics import Topics
from infra.settings import load_settings
from rules.loading import shipped
from schemas.almanac import Almanac
from schemas.lane import LaneState
from schemas.topics import LANE_TOPICS
from streams.lane_protocol import LaneConfig, Save
from streams.rulebook_schedule import RulebookSchedule


class Watch:
    """Tells of a lane that is parked; nobody else listens."""

    def status(self, partition: int, status: Status) -> None:
        """A lane has another status."""

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one batch is over."""

    def saved(self, save: Save) -> None:
        """A micro-batch is committed."""

    def fenced(self) -> None:
        """A lane found another owner."""

    def away(self, dependency: str) -> None:
        """A call found a dependency away."""


class NoAlmanacs:
    """The reference job learns within the process."""

    async def wait(self, epoch: int) -> Almanac | None:
        """Never asked for."""
        return None


class Worker:
    """One member of the group, with tend's own parts and a lean core."""

    def __init__(self, given: PeerOptions) -> None:
        self._given = given
        self._settings = load_settings(
            {
                "brokers": given.brokers,
                "redis_url": given.redis,
                "partitions": PARTITIONS,
                "group": given.group,
                "session_seconds": given.session_seconds,
                "data_dir": Path(given.directory),
            }
        )
        self._store = open_store(self._settings)
        self._known = initial_churn(self._settings)
        self._job = Job()
        self._lanes: dict[int, tuple[LaneRunner, asyncio.Task[None]]] = {}
        self._engine: Engine = make_engine(self._settings, given.topics, self._owned, self._lost)
        self._around = self._surroundings()

    async def run(self) -> None:
        """Until SIGTERM."""
        stopping = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
        await self._engine.start()
        await stopping.wait()
        await self._engine.stop()
        await self._store.close()

    def _surroundings(self) -> LaneDependencies:
        connection, settings = KafkaConnection.of(self._settings), self._settings
        topics = Topics(connection)
        firsts, identity = topics.first_offsets(LANE_TOPICS), topics.identity(LANE_TOPICS)
        return LaneDependencies(
            store=self._store,
            almanacs=NoAlmanacs(),
            library=RulebookSchedule(shipped()),
            watch=Watch(),
            identity=identity,
            clock="wall",
            outbox_limit=settings.outbox_limit,
            begin_offsets=lambda p: {topic: offsets[p] for topic, offsets in firsts.items()},
            publisher=partial(OutboxPublisher, connection, signing=signing_of(settings), group=settings.group),
            batches=self._batches,
            applied=self._engine.group.record_progress,
            same_topics=SameTopics.of(connection, identity),
            core=self._core,
        )

    def _core(self, config: LaneConfig, state: LaneState, library: RulebookSchedule) -> LeanLane:
        return LeanLane(config.partition, state, self._given.outbound, self._job)

    def _batches(self, partition: int, offsets: Mapping[str, int]) -> Batches:
        topics = self._given.topics
        source = self._engine.group.open(partition, {topic: offsets[topic] for topic in topics})
        return LiveBatches(
            source, partition, PARTITIONS, wall_clock, self._settings.tick_ms, receive=receive, topics=topics
        )

    async def _owned(self, partition: int) -> None:
        runner = LaneRunner(lane_config(self._settings, partition, self._known), self._around)
        self._lanes[partition] = runner, asyncio.create_task(runner.run())

    async def _lost(self, partition: int) -> None:
        runner, task = self._lanes.pop(partition)
        runner.stop()
        await task


async def _main(given: PeerOptions) -> None:
    await Worker(given).run()


if __name__ == "__main__":
    logging.basicConfig(level="WARNING")
    run(_main(peer_options()))
