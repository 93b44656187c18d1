"""One lane at work: batch after batch, load, decide, commit, publish; from the store again when another took over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

import msgspec

from agents.batches import Batches
from agents.outgoing import Outgoing, Publishes
from agents.patience import patiently
from infra.kafka.intake import Lost
from schemas.almanac import Almanac
from schemas.errors import Fenced, Refused, TendError
from schemas.lane import BrokerIdentity, Claimed, Commit, LaneState, Loaded
from schemas.topics import LANE_TOPICS
from streams.lane import Answer, Batch, Ground, Lane, NeedAlmanac, NeedRecords, Save, Step
from streams.library import Library

log = logging.getLogger(__name__)


class Status(StrEnum):
    """What a lane is doing."""

    RUNNING = "running"
    WAITING = "waiting"
    PARKED = "parked"
    ENDED = "ended"


class Store(Protocol):
    """What a lane asks of the store."""

    async def claim(self, partition: int) -> Claimed: ...

    async def load(
        self, partition: int, customers: list[str], orders_of: list[str], due_until: int | None, due_limit: int
    ) -> Loaded: ...

    async def commit(self, partition: int, version: int, commit: Commit) -> int: ...


class Almanacs(Protocol):
    """Where almanacs come from."""

    async def wait(self, epoch: int) -> Almanac | None:
        """The almanac of this epoch; in service the newest one not later, at once."""
        ...


class Watch(Protocol):
    """Who is told what a lane does: the metrics."""

    def status(self, partition: int, status: Status) -> None:
        """A lane has another status."""
        ...

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one batch is over."""
        ...

    def taken(self, batch: Batch) -> None:
        """A batch has been taken in."""
        ...

    def saved(self, save: Save) -> None:
        """A portion is committed."""
        ...

    def fenced(self) -> None:
        """A lane found another owner."""
        ...

    def away(self, dependency: str) -> None:
        """A call found a dependency away and is tried again."""
        ...


class Surroundings(msgspec.Struct, frozen=True):
    """What every lane of a worker works with."""

    store: Store
    almanacs: Almanacs
    library: Library
    watch: Watch
    identity: BrokerIdentity
    clock: str
    outbox_limit: int
    begin_offsets: Callable[[int], Mapping[str, int]]
    """First readable offset per topic of a partition: where a lane without a state begins."""
    publisher: Callable[[int], Publishes]
    batches: Callable[[int, Mapping[str, int]], Batches]
    """Makes the source of batches of a partition from the offsets to start at."""
    applied: Callable[[int, Mapping[str, int]], None]


class LaneRunner:
    """Runs the lane of one partition for as long as it is ours."""

    def __init__(self, ground: Ground, surroundings: Surroundings) -> None:
        self._ground = ground
        self._around = surroundings
        self._stopping = asyncio.Event()
        self._outgoing: Outgoing | None = None
        self._batches: Batches | None = None
        self._version = 0
        self.state: LaneState | None = None
        self.status = Status.WAITING
        self.why = "starting"

    @property
    def partition(self) -> int:
        """The lane's number."""
        return self._ground.partition

    @property
    def waiting_to_publish(self) -> int:
        """Messages decided and not yet published."""
        return len(self._outgoing) if self._outgoing else 0

    def lag(self) -> dict[str, int]:
        """Records of each topic that lie in Kafka and are not handled yet, as far as is known."""
        return self._batches.lag(self.state) if self._batches and self.state else {}

    async def run(self) -> None:
        """Work until stopped. What is unexpected parks this lane, and the others go on."""
        try:
            while not self._stopping.is_set():
                try:
                    await self._own()
                except Lost:
                    break
                except Fenced:
                    log.warning("Lane %d was fenced; reading the store again", self.partition)
                    self._around.watch.fenced()
                    await asyncio.sleep(0.2)
            self._tell(Status.ENDED, "")
        except TendError as refusal:
            log.error("Lane %d is parked: %s", self.partition, refusal)
            self._tell(Status.PARKED, str(refusal))
        except asyncio.CancelledError:
            self._tell(Status.ENDED, "cancelled")
            raise
        except Exception as error:
            log.exception("Lane %d is parked", self.partition)
            self._tell(Status.PARKED, f"{type(error).__name__}: {error}")

    def stop(self) -> None:
        """Finish the batch in hand, commit it, publish it, and end."""
        self._stopping.set()

    async def _own(self) -> None:
        """Take the lane over and work until stopped or fenced."""
        claimed = await patiently(lambda: self._around.store.claim(self.partition), self._waits_for_store)
        self._version = claimed.version
        state = self.state = self._recall(claimed.state)
        lane = Lane(self._ground, state, self._around.library)
        self._outgoing = Outgoing(
            self._around.publisher(self.partition),
            self._around.outbox_limit,
            self._waits_for_kafka,
            lambda seconds: self._around.watch.stage("publish", seconds),
        )
        try:
            await self._outgoing.open(claimed.outbox)
            self._batches = self._around.batches(self.partition, state.offsets)
            self._tell(Status.RUNNING, "")
            while not self._stopping.is_set():
                await self._turn(lane, self._batches)
            await self._outgoing.flush()
        finally:
            await self._outgoing.close()

    def _recall(self, body: bytes | None) -> LaneState:
        begins = self._around.begin_offsets(self.partition)
        if body is None:
            return LaneState(offsets=dict(begins), broker=self._around.identity, clock=self._around.clock)
        state = msgspec.msgpack.decode(body, type=LaneState)
        _same_broker(state, self._around.identity)
        if state.clock != self._around.clock:
            raise Refused(
                f"The store of partition {self.partition} was written with TEND_CLOCK={state.clock}, this worker has "
                f"TEND_CLOCK={self._around.clock}. Set it to {state.clock}, or start with an empty store."
            )
        for topic in LANE_TOPICS:
            state.offsets.setdefault(topic, begins[topic])
        return state

    async def _turn(self, lane: Lane, batches: Batches) -> None:
        assert self._outgoing is not None
        await self._outgoing.room()
        started = time.perf_counter()
        batch = await batches.next(lane.state)
        if batch is None:
            return
        self._around.watch.stage("fetch", time.perf_counter() - started)
        self._around.watch.taken(batch)
        await self._take(lane, batch)
        self._around.applied(self.partition, lane.state.offsets)

    async def _take(self, lane: Lane, batch: Batch) -> None:
        steps = lane.take(batch)
        answer: Answer = None
        while True:
            started = time.perf_counter()
            try:
                step = steps.send(answer)
            except StopIteration:
                return
            self._around.watch.stage("decide", time.perf_counter() - started)
            answer = await self._answer(lane, step)
            # Between two commits is the only place where a lane may be left: a portion is done or not begun.
            if isinstance(step, Save) and self._stopping.is_set():
                return

    async def _answer(self, lane: Lane, step: Step) -> Answer:
        started = time.perf_counter()
        if isinstance(step, NeedRecords):
            loaded = await patiently(lambda: self._load(step), self._waits_for_store)
            self._around.watch.stage("load", time.perf_counter() - started)
            return loaded
        if isinstance(step, NeedAlmanac):
            self._tell(Status.WAITING, f"almanac of epoch {step.epoch}")
            almanac = await self._unless_stopped(step.epoch)
            self._tell(Status.RUNNING, "")
            return almanac
        await self._save(step)
        self._around.watch.stage("commit", time.perf_counter() - started)
        return None

    async def _load(self, step: NeedRecords) -> Loaded:
        return await self._around.store.load(
            self.partition, step.customers, step.customers, step.due_until, step.due_limit
        )

    async def _unless_stopped(self, epoch: int) -> Almanac | None:
        waiting = asyncio.ensure_future(self._around.almanacs.wait(epoch))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
        finally:
            waiting.cancel()
            stopping.cancel()
        raise Fenced("stopped while waiting for an almanac")

    async def _save(self, save: Save) -> None:
        assert self._outgoing is not None
        save.commit.published = self._outgoing.published

        async def commit() -> int:
            return await self._around.store.commit(self.partition, self._version, save.commit)

        self._version = await patiently(commit, self._waits_for_store)
        self._outgoing.add(save.commit.outbox)
        self._around.watch.saved(save)

    def _waits_for_store(self, why: str | None) -> None:
        self._waits("store", why)

    def _waits_for_kafka(self, why: str | None) -> None:
        self._waits("kafka", why)

    def _waits(self, dependency: str, why: str | None) -> None:
        if why is not None:
            self._around.watch.away(dependency)
        self._tell(Status.RUNNING if why is None else Status.WAITING, why or "")

    def _tell(self, status: Status, why: str) -> None:
        if (status, why) != (self.status, self.why):
            self.status, self.why = status, why
            self._around.watch.status(self.partition, status)


def _same_broker(state: LaneState, identity: BrokerIdentity) -> None:
    """Offsets speak of one broker's topics: with another broker's they would skip or repeat events."""
    known = state.broker
    if known is None or known == identity:
        return
    if known.cluster != identity.cluster:
        what = f"cluster {known.cluster}, and the broker at hand is cluster {identity.cluster}"
    else:
        changed = sorted(t for t in identity.topics if known.topics.get(t) != identity.topics[t])
        what = f"other topics named {', '.join(changed)}: they were deleted and made anew"
    raise Refused(
        f"The store belongs to {what}. Its offsets mean nothing here. Point TEND_BROKERS at the broker it belongs to, "
        "or start with an empty store (TEND_REDIS_URL with another database, or the old one emptied)."
    )
