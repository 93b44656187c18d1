"""What a lane and whoever runs it say to each other: batches go in, steps come out, answers go in."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

import msgspec

from schemas.almanac import Almanac
from schemas.churn import ChurnState, Days, Tick
from schemas.lane import Commit, KafkaRecord, Loaded
from schemas.times import Millis
from streams.dead_letter_limit import NO_LIMIT
from streams.ingest import Arrival, DeadLetter, Forward
from streams.micro_batch import MicroBatch


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


class Batch(msgspec.Struct, frozen=True):
    """Merged events between two watermarks, or as many as may be released in service."""

    arrivals: Sequence[Arrival]
    until: Millis
    """M: everything before it is in; timers are handled up to it."""
    offsets: Mapping[str, int]
    """Next offset per topic once all of the batch is done."""
    aside: Sequence[DeadLetter | Forward] = ()
    raws: Mapping[tuple[str, int], KafkaRecord] = {}
    """The records as they lay, by topic and offset, for dead letters."""
    marked: bool = False
    """Between two watermarks: read again from the start after a crash, and gone on with after ``interval_done``."""
    position: Mapping[str, int] = {}
    act_from: Millis = 0
    acting: Millis | None = None
    """The clock in service; None: event time."""

    @property
    def is_live(self) -> bool:
        """Whether it is of service, where events come while the batch is worked on."""
        return self.acting is not None and not self.marked
