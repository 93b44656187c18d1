"""What every lane of a worker works with, as far as a lane needs to know it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from agents.worker.batches import Batches
from agents.worker.lane_status import Status
from agents.worker.outbox_relay import Publisher
from agents.worker.same_topics import KnownTopics
from infra.store import LaneStore
from schemas.almanac import Almanac
from schemas.lane import BrokerIdentity, LaneState
from schemas.times import Millis
from streams.lane import Lane
from streams.lane_protocol import Batch, LaneConfig, Save, Steps
from streams.rulebook_schedule import RulebookSchedule


class Almanacs(Protocol):
    """Where almanacs come from."""

    async def wait(self, epoch: int) -> Almanac | None:
        """The almanac of this epoch; in service the newest one not later, at once."""
        ...


class LaneCore(Protocol):
    """What decides: a machine without input or output, which asks for what it needs and says what to save."""

    @property
    def state(self) -> LaneState:
        """Where the lane stands; committed with every ``Save``."""
        ...

    def take(self, batch: Batch) -> Steps:
        """Handle a batch; the last ``Save`` moves the offsets past it."""
        ...


class LaneObserver(Protocol):
    """Who is told what a lane does: the metrics."""

    def status(self, partition: int, status: Status) -> None:
        """A lane has another status."""
        ...

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one batch is over."""
        ...

    def saved(self, save: Save) -> None:
        """A micro-batch is committed."""
        ...

    def fenced(self) -> None:
        """A lane found another owner."""
        ...

    def away(self, dependency: str) -> None:
        """A call found a dependency away and is tried again."""
        ...


async def never_far_ahead(last: Millis, waits: Callable[[str | None], None]) -> None:
    """Event time acts: it is where the events are."""


async def always_trusted(waits: Callable[[str | None], None]) -> None:
    """Event time acts: there is no clock to doubt."""


class LaneDependencies(msgspec.Struct, frozen=True):
    """What every lane of a worker works with."""

    store: LaneStore
    almanacs: Almanacs
    library: RulebookSchedule
    watch: LaneObserver
    identity: BrokerIdentity
    clock: str
    outbox_limit: int
    begin_offsets: Callable[[int], Mapping[str, int]]
    """First readable offset per topic of a partition: where a lane without a state begins."""
    publisher: Callable[[int], Publisher]
    batches: Callable[[int, Mapping[str, int]], Batches]
    """Makes the source of batches of a partition from the offsets to start at."""
    applied: Callable[[int, Mapping[str, int]], None]
    same_topics: KnownTopics
    """Whether the topics are still those that offsets speak of."""
    prove_clock: Callable[[Callable[[str | None], None]], Awaitable[None]] = always_trusted
    """Waits until the clock can be believed, and says why it cannot."""
    prove_leap: Callable[[Millis, Callable[[str | None], None]], Awaitable[None]] = never_far_ahead
    """The same, of a clock that may be far ahead of a lane's last commit."""
    core: Callable[[LaneConfig, LaneState, RulebookSchedule], LaneCore] = Lane
    """Makes what decides, from where the store says that the lane stands."""
    exact: bool = False
    """Whether the same batches come again after a crash, with the same sequences: in a replay with watermarks."""
