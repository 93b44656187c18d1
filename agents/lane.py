"""One lane at work: batch after batch, load, decide, commit, publish; from the store again when another took over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from agents.batches import Batches
from agents.outgoing import Outgoing
from agents.patience import patiently
from agents.recall import go_on_behind, recall
from agents.standing import Standing, Status
from agents.surroundings import Core, Surroundings
from agents.trusted_clock import ClockDistrusted
from infra.kafka.buffer import PartitionRevoked
from schemas.almanac import Almanac
from schemas.errors import MACHINE_TROUBLE, DependencyUnavailable, Fenced, TakenOver, TendError
from schemas.lane import Claimed, LaneState, Loaded
from streams.lane_protocol import Answer, Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, Step

log = logging.getLogger(__name__)

_FAREWELL_SECONDS = 5.0
"""How long a lane that lost its partition goes on publishing what it has committed; the next owner does the rest."""
_SOON_SECONDS = 0.1
_MACHINE_SECONDS = 5.0
"""After which a lane tries again that found its machine without memory or descriptors."""
Answered = TypeVar("Answered")


class _Stopped(Exception):
    """Asked to stop while it waited for something: nothing is in hand."""


class LaneRunner:
    """Runs the lane of one partition for as long as it is ours."""

    def __init__(self, config: LaneConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._around = surroundings
        self._stopping = asyncio.Event()
        self._outgoing: Outgoing | None = None
        self._batches: Batches | None = None
        self._version, self._owner = 0, ""
        self._standing = Standing(lambda status: surroundings.watch.status(config.partition, status))
        self.state: LaneState | None = None

    @property
    def partition(self) -> int:
        """The lane's number."""
        return self._config.partition

    @property
    def status(self) -> Status:
        """What it is doing."""
        return self._standing.status

    @property
    def why(self) -> str:
        """What it waits for, or why it is parked."""
        return self._standing.why

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
                except PartitionRevoked:
                    break
                except Fenced:
                    log.warning("Lane %d was fenced; reading the store again", self.partition)
                    self._around.watch.fenced()
                    await asyncio.sleep(0.2)
                except ClockDistrusted as doubt:
                    # Nothing of the batch at hand is committed: it is taken again once the clock is right.
                    log.error("Lane %d takes nothing in: %s", self.partition, doubt)
                    self._standing.wait("clock", str(doubt))
                except MACHINE_TROUBLE as trouble:
                    await self._wait_for_machine(trouble)
            self._standing.end(Status.ENDED, "")
        except TendError as refusal:
            why = await self._reason_for(refusal)
            log.error("Lane %d is parked: %s", self.partition, why)
            self._standing.end(Status.PARKED, str(why))
        except asyncio.CancelledError:
            self._standing.end(Status.ENDED, "cancelled")
            raise
        except Exception as error:
            log.exception("Lane %d is parked", self.partition)
            self._standing.end(Status.PARKED, f"{type(error).__name__}: {error}")

    async def _reason_for(self, refusal: TendError) -> TendError:
        """What lies behind it: in a topic that was made anew, offsets of before lie outside the log, or anywhere."""
        try:
            await self._around.same_topics.look()
            self._around.same_topics.require_same()
        except DependencyUnavailable:
            return refusal
        except TendError as reason:
            return reason
        return refusal

    async def _wait_for_machine(self, trouble: Exception) -> None:
        """Descriptors or memory may be there again in a moment, and no event is to blame: begin anew from the store."""
        log.error("Lane %d waits for its machine", self.partition, exc_info=trouble)
        self._standing.wait("machine", f"the machine: {type(trouble).__name__}: {trouble}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MACHINE_SECONDS):
                await self._stopping.wait()

    def stop(self) -> None:
        """Finish the batch in hand, commit it, publish it, and end."""
        self._stopping.set()

    async def _own(self) -> None:
        """Take the lane over and work until stopped or fenced."""
        store = self._around.store
        outgoing = self._outgoing = self._new_outgoing()
        try:
            await self._unless_stopped(self._around.prove_clock(partial(self._standing.wait, "clock")))
            claimed = await self._unless_stopped(patiently(lambda: store.claim(self.partition), self._waits_for_store))
            self._version, self._owner = claimed.version, claimed.owner
            await self._unless_stopped(patiently(self._around.same_topics.look, self._waits_for_kafka))
            self._around.same_topics.require_same()
            state = self.state = self._recall(claimed)
            await self._unless_stopped(outgoing.open(claimed.outbox))
            await self._unless_stopped(go_on_behind(state, self.partition, outgoing, exact=self._around.exact))
            self._standing.wait("start", None)
            self._standing.wait("machine", None)
            await self._work(self._around.core(self._config, state, self._around.library))
            await outgoing.flush()
        except _Stopped:
            await outgoing.flush()
        except PartitionRevoked:
            with contextlib.suppress(TimeoutError, Fenced):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await outgoing.flush()
            raise
        finally:
            await outgoing.close()

    def _new_outgoing(self) -> Outgoing:
        around = self._around
        publisher = around.publisher(self.partition)
        took = partial(around.watch.stage, "publish")
        return Outgoing(publisher, around.outbox_limit, self._waits_for_kafka, took, require_ours=self._require_ours)

    async def _require_ours(self) -> None:
        owner = await patiently(lambda: self._around.store.owner(self.partition), self._waits_for_store)
        if owner != self._owner:
            raise TakenOver(f"lane {self.partition} was taken over")

    def _recall(self, claimed: Claimed) -> LaneState:
        around, begins = self._around, self._around.begin_offsets(self.partition)
        return recall(claimed.state, self.partition, around.identity, around.clock, begins)

    async def _work(self, lane: Core) -> None:
        self._batches = self._around.batches(self.partition, lane.state.offsets)
        while not self._stopping.is_set():
            await self._turn(lane, self._batches)

    async def _turn(self, lane: Core, batches: Batches) -> None:
        await self._room()
        started = time.perf_counter()
        batch = await batches.next(lane.state)
        if batch is None:
            return
        self._around.same_topics.require_same()
        self._around.watch.stage("fetch", time.perf_counter() - started)
        await self._take(lane, batch)
        self._around.applied(self.partition, lane.state.offsets)

    async def _take(self, lane: Core, batch: Batch) -> None:
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
            # Between two commits is the only place where a lane may be left: a micro-batch is done or not begun.
            if isinstance(step, Save) and self._stopping.is_set():
                return

    async def _answer(self, lane: Core, step: Step) -> Answer:
        started = time.perf_counter()
        if isinstance(step, NeedRecords):
            await self._room()
            started = time.perf_counter()
            loaded = await patiently(lambda: self._load(step), self._waits_for_store)
            self._around.watch.stage("load", time.perf_counter() - started)
            return loaded
        if isinstance(step, NeedAlmanac):
            return await self._almanac(step.epoch)
        await self._save(step)
        self._around.watch.stage("commit", time.perf_counter() - started)
        return None

    async def _load(self, step: NeedRecords) -> Loaded:
        return await self._around.store.load(
            self.partition, step.customers, step.customers, step.due_until, step.due_limit
        )

    async def _almanac(self, epoch: int) -> Almanac | None:
        # In service the answer is there at once, and nobody needs to hear of a wait.
        why = f"almanac of epoch {epoch}"
        telling = asyncio.get_running_loop().call_later(_SOON_SECONDS, self._standing.wait, "almanac", why)
        try:
            return await self._unless_stopped(self._around.almanacs.wait(epoch))
        finally:
            telling.cancel()
            self._standing.wait("almanac", None)

    async def _room(self) -> None:
        """Wait while too much is decided and not yet published: a crowd of timers would fill the memory otherwise."""
        assert self._outgoing is not None
        if self._outgoing.has_room:
            return
        self._standing.wait("room", f"{len(self._outgoing)} messages are decided and not yet published")
        await self._unless_stopped(self._outgoing.room())
        self._standing.wait("room", None)

    async def _unless_stopped(self, coming: Awaitable[Answered]) -> Answered:
        """What is waited for while nothing is in hand."""
        waiting = asyncio.ensure_future(coming)
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
        finally:
            waiting.cancel()
            stopping.cancel()
        raise _Stopped

    async def _save(self, save: Save) -> None:
        assert self._outgoing is not None
        save.commit.published = self._outgoing.settled

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
        self._standing.wait(dependency, why)
