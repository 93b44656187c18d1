"""One lane at work: batch after batch, load, decide, commit, publish; from the store again when another took over."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from agents.retry import until_available
from agents.worker.batches import Batches
from agents.worker.lane_dependencies import LaneCore, LaneDependencies
from agents.worker.lane_states import continue_behind, recover_state
from agents.worker.lane_status import LaneStatus, Status
from agents.worker.outbox_relay import OutboxRelay
from agents.worker.trusted_clock import ClockDistrusted
from infra.kafka.fetching.buffer import PartitionRevoked
from schemas.almanac import Almanac
from schemas.errors import MACHINE_TROUBLE, DependencyUnavailable, Fenced, TakenOver, TendError
from schemas.lane import Claimed, LaneState, Loaded
from streams.lane_protocol import LaneConfig, NeedAlmanac, NeedRecords, Save, drive

log = logging.getLogger(__name__)

_FAREWELL_SECONDS = 5.0
"""How long a lane that lost its partition goes on publishing what it has committed; the next owner does the rest."""
_SOON_SECONDS = 0.1
_FEW = 50
_UNDER_WAY_SECONDS = 0.05
"""In service, after fewer events, how long a lane waits until what they led to is out before it takes more: what those
lead to goes out after it, and taken together they cost less. A broker that does not answer holds nobody up."""
_MACHINE_SECONDS = 5.0
"""After which a lane tries again that found its machine without memory or descriptors."""
Answered = TypeVar("Answered")


class _Stopped(Exception):
    """Asked to stop while it waited for something: nothing is in hand."""


class LaneRunner:
    """Runs the lane of one partition for as long as it is ours."""

    def __init__(self, config: LaneConfig, dependencies: LaneDependencies) -> None:
        self._config = config
        self._deps = dependencies
        self._stopping = asyncio.Event()
        self._relay: OutboxRelay | None = None
        self._batches: Batches | None = None
        self._version, self._owner = 0, ""
        self._status = LaneStatus(lambda status: dependencies.watch.status(config.partition, status))
        self._answered = 0.0
        self._had_few = False
        """Whether the last batch of service was small, and nothing was left behind with it."""
        self.state: LaneState | None = None

    @property
    def partition(self) -> int:
        """The lane's number."""
        return self._config.partition

    @property
    def status(self) -> Status:
        """What the lane is doing."""
        return self._status.status

    @property
    def why(self) -> str:
        """What it waits for, or why it is parked."""
        return self._status.why

    @property
    def waiting_to_publish(self) -> int:
        """Messages decided and not yet published."""
        return len(self._relay) if self._relay else 0

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
                    self._deps.watch.fenced()
                    await asyncio.sleep(0.2)
                except ClockDistrusted as doubt:
                    # Nothing of the batch at hand is committed: it is taken again once the clock is right.
                    log.error("Lane %d takes nothing in: %s", self.partition, doubt)
                    self._status.wait("clock", str(doubt))
                except MACHINE_TROUBLE as trouble:
                    await self._wait_for_machine(trouble)
            self._status.end(Status.ENDED, "")
        except TendError as refusal:
            why = await self._reason_for(refusal)
            log.error("Lane %d is parked: %s", self.partition, why)
            self._status.end(Status.PARKED, str(why))
        except asyncio.CancelledError:
            self._status.end(Status.ENDED, "cancelled")
            raise
        except Exception as error:
            log.exception("Lane %d is parked", self.partition)
            self._status.end(Status.PARKED, f"{type(error).__name__}: {error}")

    async def _reason_for(self, refusal: TendError) -> TendError:
        """What lies behind it: in a topic that was made anew, offsets of before lie outside the log, or anywhere."""
        try:
            await self._deps.same_topics.look()
            self._deps.same_topics.require_same()
        except DependencyUnavailable:
            return refusal
        except TendError as reason:
            return reason
        return refusal

    async def _wait_for_machine(self, trouble: Exception) -> None:
        """Descriptors or memory may be there again in a moment, and no event is to blame: begin anew from the store."""
        log.error("Lane %d waits for its machine", self.partition, exc_info=trouble)
        self._status.wait("machine", f"the machine: {type(trouble).__name__}: {trouble}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MACHINE_SECONDS):
                await self._stopping.wait()

    def stop(self) -> None:
        """Finish the batch in hand, commit it, publish it, and end."""
        self._stopping.set()

    async def _own(self) -> None:
        """Take the lane over and work until stopped or fenced."""
        store = self._deps.store
        relay = self._relay = self._new_relay()
        try:
            await self._unless_stopped(self._deps.prove_clock(partial(self._status.wait, "clock")))
            claimed = await self._unless_stopped(
                until_available(lambda: store.claim(self.partition), self._waits_for_store)
            )
            self._version, self._owner = claimed.version, claimed.owner
            await self._unless_stopped(until_available(self._deps.same_topics.look, self._waits_for_kafka))
            self._deps.same_topics.require_same()
            state = self.state = self._recover(claimed)
            await self._unless_stopped(self._deps.prove_leap(state.time, partial(self._status.wait, "clock")))
            await self._unless_stopped(relay.open(claimed.outbox, state.sequence))
            # Nothing is sent before: what the store still holds may have been decided again, and be out.
            await self._unless_stopped(continue_behind(state, self.partition, relay, exact=self._deps.exact))
            relay.start()
            self._status.wait("start", None)
            self._status.wait("machine", None)
            await self._work(self._deps.core(self._config, state, self._deps.library))
            await relay.flush()
        except _Stopped:
            await relay.flush()
        except PartitionRevoked:
            with contextlib.suppress(TimeoutError, Fenced):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await relay.flush()
            raise
        finally:
            await relay.close()

    def _new_relay(self) -> OutboxRelay:
        deps = self._deps
        publisher = deps.publisher(self.partition)
        took = partial(deps.watch.stage, "publish")
        return OutboxRelay(publisher, deps.outbox_limit, self._waits_for_kafka, took, require_ours=self._require_ours)

    async def _require_ours(self) -> None:
        owner = await until_available(lambda: self._deps.store.owner(self.partition), self._waits_for_store)
        if owner != self._owner:
            raise TakenOver(f"lane {self.partition} was taken over")

    def _recover(self, claimed: Claimed) -> LaneState:
        deps, begins = self._deps, self._deps.begin_offsets(self.partition)
        return recover_state(claimed.state, self.partition, deps.identity, deps.clock, begins)

    async def _work(self, lane: LaneCore) -> None:
        self._batches = self._deps.batches(self.partition, lane.state.offsets)
        while not self._stopping.is_set():
            await self._turn(lane, self._batches)

    async def _turn(self, lane: LaneCore, batches: Batches) -> None:
        await self._room()
        if self._had_few:
            await self._publish_first()
        started = time.perf_counter()
        batch = await batches.next(lane.state)
        if batch is None:
            return
        try:
            self._deps.same_topics.require_same()
            self._deps.watch.stage("fetch", time.perf_counter() - started)
            self._answered = time.perf_counter()
            await drive(lane.take(batch), self)
        finally:
            batches.done()
        serves, few = batch.acting is not None, len(batch.arrivals) < _FEW
        self._had_few = serves and few and lane.state.time >= batch.until
        self._deps.applied(self.partition, lane.state.offsets)

    async def _publish_first(self) -> None:
        """Wait a moment until what was decided is out."""
        assert self._relay is not None
        if self._relay.under_way is not None:
            await asyncio.wait({self._relay.under_way}, timeout=_UNDER_WAY_SECONDS)

    def _decided(self) -> float:
        """The lane has thought since it was last answered; when it comes with its next step."""
        now = time.perf_counter()
        self._deps.watch.stage("decide", now - self._answered)
        return now

    async def load(self, step: NeedRecords) -> Loaded:
        """See ``LanePort``; waits while too much is decided and not yet published."""
        self._decided()
        await self._room()
        started, store, who = time.perf_counter(), self._deps.store, step.customers
        loaded = await until_available(
            lambda: store.load(self.partition, who, who, step.due_until, step.due_limit), self._waits_for_store
        )
        self._answered = time.perf_counter()
        self._deps.watch.stage("load", self._answered - started)
        return loaded

    async def almanac(self, step: NeedAlmanac) -> Almanac | None:
        """See ``LanePort``."""
        self._decided()
        found = await self._almanac(step.epoch)
        self._answered = time.perf_counter()
        return found

    async def save(self, step: Save) -> bool:
        """See ``LanePort``."""
        assert self._relay is not None
        started, store, commit = self._decided(), self._deps.store, step.commit
        commit.published = self._relay.settled
        self._version = await until_available(
            lambda: store.commit(self.partition, self._version, commit), self._waits_for_store
        )
        self._relay.add(commit.outbox)
        self._deps.watch.saved(step)
        self._answered = time.perf_counter()
        self._deps.watch.stage("commit", self._answered - started)
        return not self._stopping.is_set()

    async def _almanac(self, epoch: int) -> Almanac | None:
        # In service the answer is there at once, and nobody needs to hear of a wait.
        why = f"almanac of epoch {epoch}"
        telling = asyncio.get_running_loop().call_later(_SOON_SECONDS, self._status.wait, "almanac", why)
        try:
            return await self._unless_stopped(self._deps.almanacs.wait(epoch))
        finally:
            telling.cancel()
            self._status.wait("almanac", None)

    async def _room(self) -> None:
        """Wait while too much is decided and not yet published: a crowd of timers would fill the memory otherwise."""
        assert self._relay is not None
        if self._relay.has_room:
            return
        self._status.wait("room", f"{len(self._relay)} messages are decided and not yet published")
        await self._unless_stopped(self._relay.room())
        self._status.wait("room", None)

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

    def _waits_for_store(self, why: str | None) -> None:
        self._waits("store", why)

    def _waits_for_kafka(self, why: str | None) -> None:
        self._waits("kafka", why)

    def _waits(self, dependency: str, why: str | None) -> None:
        if why is not None:
            self._deps.watch.away(dependency)
        self._status.wait(dependency, why)
