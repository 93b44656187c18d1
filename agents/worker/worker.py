"""The worker: runs a lane for each partition that the group gives it. Its parts come from ``agents.bootstrap``."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec

from agents.almanacs import AlmanacFeed
from agents.calendar_warnings import calendar_warnings
from agents.catalogue import topic_specs
from agents.clock import wall_clock
from agents.rulebooks import RulebookFeed
from agents.worker.batches import Batches, MarkedBatches, Receive
from agents.worker.crowd_turns import CrowdTurns
from agents.worker.lane import LaneRunner
from agents.worker.lane_dependencies import LaneDependencies, LaneObserver, always_trusted, never_far_ahead
from agents.worker.lane_states import check_together
from agents.worker.lane_status import Status
from agents.worker.leap import LeapGuard
from agents.worker.live_batches import LiveBatches
from agents.worker.outbox_relay import Publisher
from agents.worker.same_topics import SameTopics
from agents.worker.trusted_clock import TrustedClock
from infra.kafka.connection import KafkaConnection
from infra.kafka.fetching.faust_app import Engine, make_engine
from infra.kafka.topics import Topics
from infra.kafka.transactions import require_transactions
from infra.settings import Settings
from infra.store import Store
from rules.rulebook import Rulebook
from schemas.errors import TendError
from schemas.lane import BrokerIdentity, KafkaRecord
from schemas.signing import Signing
from schemas.times import to_datetime
from schemas.topics import ALMANAC, LANE_TOPICS, RULEBOOKS
from streams.lane_protocol import LaneConfig
from streams.rulebook_schedule import FAR_AWAY

log = logging.getLogger(__name__)


class WorkerParts(msgspec.Struct, frozen=True):
    """What a worker works with; nothing of it is connected yet."""

    connection: KafkaConnection
    store: Store
    almanacs: AlmanacFeed
    rulebooks: RulebookFeed
    clock: TrustedClock | None
    """The clock of service; None in a replay, where event time acts."""
    leap: LeapGuard | None
    """Doubts that clock where it is far ahead of what a lane has seen."""
    config: Callable[[int], LaneConfig]
    """What the lane of a partition knows from the settings."""
    publisher: Callable[[int], Publisher]
    """Makes the publisher of a partition's outbox."""
    receive: Receive
    signing: Signing
    """Knows what programs of the installation wrote."""
    refused: Counter[str]
    """Counts records of internal topics that were left out, by topic."""


class Worker:
    """One member of the workers' group."""

    def __init__(self, settings: Settings, watch: LaneObserver, parts: WorkerParts) -> None:
        self._settings = settings
        self._watch = watch
        self._parts = parts
        self._lanes: dict[int, tuple[LaneRunner, asyncio.Task[None]]] = {}
        self._turns = CrowdTurns()
        self._background: list[asyncio.Task[None]] = []
        self._dependencies: LaneDependencies | None = None
        self._engine: Engine | None = None
        self._stopping = asyncio.Event()
        self._changed = asyncio.Event()

    @property
    def lanes(self) -> Mapping[int, LaneRunner]:
        """The lanes that run here."""
        return {partition: runner for partition, (runner, _) in self._lanes.items()}

    @property
    def almanacs(self) -> AlmanacFeed:
        """Where the lanes' almanacs come from."""
        return self._parts.almanacs

    @property
    def refused(self) -> Mapping[str, int]:
        """Records of internal topics that were left out, by topic."""
        parts = self._parts
        return {ALMANAC: parts.almanacs.refused, RULEBOOKS: parts.rulebooks.refused, **parts.refused}

    def stop(self) -> None:
        """Finish the batches in hand and leave the group."""
        self._stopping.set()
        self._changed.set()

    def not_ready(self) -> list[str]:
        """Why this worker is not ready; empty when it is."""
        if self._engine is None:
            return ["starting"]
        waiting = [lane for lane in self.lanes.values() if lane.status != Status.RUNNING]
        lanes = [f"lane {lane.partition}: {lane.status} {lane.why}".strip() for lane in waiting]
        return self._engine.not_ready() + lanes

    async def run(self) -> None:
        """Check what promises rest on, join the group, and work until stopped.

        Raises:
            TendError: what is found would make promises empty; or no lane is left to run.
        """
        try:
            self._dependencies = await self._prepare()
            self._engine = make_engine(self._settings, LANE_TOPICS, self._owned, self._lost)
            await self._until_stopped(self._engine)
        finally:
            await self._end()

    async def _end(self) -> None:
        if self._engine is not None:
            await self._engine.stop()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._parts.store.close()

    async def _checked(self) -> tuple[BrokerIdentity, Mapping[str, Sequence[int]]]:
        """Whose lanes these are, and the first offsets of each topic, when store, topics and broker keep promises."""
        settings, parts = self._settings, self._parts
        for warning in await parts.store.check():
            log.warning(warning)
        topics = Topics(parts.connection)
        for note in (await asyncio.to_thread(topics.check, topic_specs(settings))).notes:
            log.warning(note)
        found = await asyncio.to_thread(topics.identity, LANE_TOPICS)
        identity = msgspec.structs.replace(found, group=settings.group)
        firsts = await asyncio.to_thread(topics.first_offsets, LANE_TOPICS)
        await check_together(parts.store, identity, settings.clock, firsts)
        await asyncio.to_thread(require_transactions, parts.connection)
        return identity, firsts

    async def _prepare(self) -> LaneDependencies:
        """What the lanes work with; what goes on beside them is begun."""
        settings, parts = self._settings, self._parts
        identity, firsts = await self._checked()
        library = await parts.rulebooks.open()
        _warn_of_calendars(library.at(FAR_AWAY)[-1])
        same_topics = SameTopics.of(parts.connection, identity)
        self._background = [
            asyncio.create_task(parts.almanacs.run(), name="almanacs"),
            asyncio.create_task(parts.rulebooks.run(library, _tell_of), name="rulebooks"),
            asyncio.create_task(same_topics.run(), name="comparison of topics"),
        ]
        return LaneDependencies(
            store=parts.store,
            almanacs=parts.almanacs,
            library=library,
            watch=self._watch,
            identity=identity,
            clock=settings.clock,
            outbox_limit=settings.outbox_limit,
            begin_offsets=lambda p: {topic: offsets[p] for topic, offsets in firsts.items()},
            publisher=parts.publisher,
            batches=self._batches,
            applied=self._applied,
            exact=settings.exact,
            same_topics=same_topics,
            prove_clock=parts.clock.prove if parts.clock else always_trusted,
            prove_leap=parts.leap.prove if parts.leap else never_far_ahead,
        )

    def _batches(self, partition: int, offsets: Mapping[str, int]) -> Batches:
        assert self._engine is not None
        settings = self._settings
        source = self._engine.group.open(partition, {topic: offsets[topic] for topic in LANE_TOPICS})
        parts, partitions = self._parts, settings.partitions
        if settings.exact:
            return MarkedBatches(source, partition, partitions, parts.receive, self._is_ours)
        return LiveBatches(
            source, partition, partitions, parts.clock, settings.tick_ms, receive=parts.receive, turns=self._turns
        )

    def _is_ours(self, raw: KafkaRecord) -> bool:
        ours = self._parts.signing.is_ours(raw)
        self._parts.refused[raw.topic] += not ours
        return ours

    def _applied(self, partition: int, offsets: Mapping[str, int]) -> None:
        assert self._engine is not None
        self._engine.group.record_progress(partition, offsets)

    async def _owned(self, partition: int) -> None:
        assert self._dependencies is not None
        runner = LaneRunner(self._parts.config(partition), self._dependencies)
        task = asyncio.create_task(runner.run(), name=f"lane-{partition}")
        task.add_done_callback(lambda _: self._changed.set())
        self._lanes[partition] = (runner, task)

    async def _lost(self, partition: int) -> None:
        runner, task = self._lanes.pop(partition)
        runner.stop()
        await task

    async def _until_stopped(self, engine: Engine) -> None:
        failure = asyncio.create_task(_run(engine), name="engine")
        self._background.append(failure)
        for task in self._background:
            task.add_done_callback(lambda _: self._changed.set())
        while not self._stopping.is_set():
            await self._changed.wait()
            self._changed.clear()
            self._look()

    def _look(self) -> None:
        """What ended without being asked to ends the worker; a parked lane does so only when it was the last."""
        if self._stopping.is_set():
            return
        for task in self._background:
            if task.done():
                error = task.exception()
                said = error if isinstance(error, TendError) else repr(error)
                raise TendError(f"The worker ends, because of its {task.get_name()}: {said}")
        runners = list(self.lanes.values())
        if runners and all(runner.status is Status.PARKED for runner in runners):
            reasons = "\n".join(f"  lane {runner.partition}: {runner.why}" for runner in runners)
            raise TendError(f"No lane is left to run:\n{reasons}")


async def _run(engine: Engine) -> None:
    """Join the group, and go on until it fails."""
    await engine.start()
    reason = await engine.failed()
    raise reason or RuntimeError("Faust has stopped")


def _tell_of(book: Rulebook) -> None:
    log.info("Rulebook %s comes into force at %d", book.version, book.in_force_from)
    _warn_of_calendars(book)


def _warn_of_calendars(book: Rulebook) -> None:
    for warning in calendar_warnings(book, to_datetime(wall_clock()).date()):
        log.warning(warning)
