"""What a lane asks of whoever runs it, step by step, and the one driver that has each step answered."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Protocol

import msgspec

from schemas.almanac import Almanac
from schemas.churn import ChurnState, Days, Tick
from schemas.lane import Commit, Loaded
from schemas.times import Millis
from streams.dead_letter_limit import NO_LIMIT
from streams.ingest import Arrival, DeadLetter, Forward
from streams.micro_batch import USUAL_LIMITS, MicroBatch


class NeedRecords(msgspec.Struct, frozen=True):
    """Load these customers, and those with timers due by ``due_until``; answered with ``Loaded``."""

    customers: list[str]
    due_until: Millis
    due_limit: int


class NeedAlmanac(msgspec.Struct, frozen=True):
    """Answered with the almanac of ``epoch``; in service with a newest one not later, or None."""

    epoch: int


class Save(msgspec.Struct, frozen=True):
    """Commit this; answered with None. ``micro_batch`` and ``aside`` are what was done, for the metrics."""

    commit: Commit
    micro_batch: MicroBatch
    aside: Sequence[DeadLetter | Forward] = ()


Step = NeedRecords | NeedAlmanac | Save
Answer = Loaded | Almanac | None
Steps = Generator[Step, Answer, None]


class LanePort(Protocol):
    """Answers a lane's steps."""

    async def load(self, step: NeedRecords) -> Loaded:
        """What the store holds of those asked for."""
        ...

    async def almanac(self, step: NeedAlmanac) -> Almanac | None:
        """The almanac of the epoch; in service the newest one not later, if any."""
        ...

    async def save(self, step: Save) -> bool:
        """Commit; False where the lane is to be left now.

        Between two commits is the only place for that: a micro-batch is done or not begun.
        """
        ...


async def drive(steps: Steps, port: LanePort) -> None:
    """Take a lane's steps through a batch, each answered by the port; whatever the port raises ends it."""
    answer: Answer = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration:
            return
        if isinstance(step, Save):
            answer = None
            if not await port.save(step):
                return
        elif isinstance(step, NeedRecords):
            answer = await port.load(step)
        else:
            answer = await port.almanac(step)


def drive_at_once(steps: Steps, port: LanePort) -> None:
    """The same without an event loop, for a port that answers without waiting."""
    driving = drive(steps, port)
    try:
        driving.send(None)
    except StopIteration:
        return
    driving.close()
    raise RuntimeError("the port waits for something")


class LaneConfig(msgspec.Struct, frozen=True):
    """What stays the same for a lane as long as it lives."""

    partition: int
    partitions: int
    epoch_length: Millis
    horizons: tuple[Days, ...]
    tick: Tick
    beginning: ChurnState
    """What is known of churn before the first almanac."""
    letters_limit: float = NO_LIMIT
    """Share of dead letters (0 to 1) above which the lane stops; 1 lets all pass."""
    coupon_key: bytes = b""
    """Secret behind coupon codes."""


class Batch(msgspec.Struct, frozen=True):
    """Merged events between two watermarks, or as many as may be released in service."""

    arrivals: Sequence[Arrival]
    until: Millis
    """M: everything before it is in; timers are handled up to it."""
    offsets: Mapping[str, int]
    """Next offset per topic once all of the batch is done."""
    aside: Sequence[DeadLetter | Forward] = ()
    marked: bool = False
    """Between two watermarks: read again from the start after a crash, and gone on with after ``interval_done``."""
    position: Mapping[str, int] = {}
    act_from: Millis = 0
    acting: Millis | None = None
    """The clock in service; None: event time."""
    timers: int = USUAL_LIMITS.due
    """Timers of customers without an event that may be handled beside each of its micro-batches."""

    @property
    def is_live(self) -> bool:
        """Whether it is of service, where events come while the batch is worked on."""
        return self.acting is not None and not self.marked
