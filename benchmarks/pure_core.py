"""The pure core alone, in one process: what deciding costs per event, and a digest of every byte that it commits.

    python -m benchmarks.pure_core [--weeks 4] [--households 200] [--commits FILE] [--paced]

Simulated households live through all lanes, with a dictionary for a store. As in a worker, what is loaded before is
kept out of garbage collection. The learner, in service a process of its own, and the dictionary are told apart. This
file imports nothing else of ``benchmarks``, so that ``benchmarks.beside`` can run it in an older checkout.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from agents.replay.plan import plan_marks
from agents.simulate.journey import Journey
from infra import event_loop
from infra.settings import load_settings
from infra.store.memory_lane import MemoryLane
from rules.loading import shipped
from schemas.almanac import Almanac, Contribution
from schemas.churn import Tick
from schemas.ids import partition_of
from schemas.lane import Commit, KafkaRecord, Loaded
from schemas.times import DAY, WEEK, Millis
from schemas.topics import TOPIC_OF
from streams.churn import initial_state
from streams.lane_protocol import LaneConfig
from streams.learner import Collector
from streams.rulebook_schedule import RulebookSchedule
from tests.in_process_runner import InProcessRunner, WatermarkInterval

PARTITIONS = 4
SUNDAY = 3 * DAY
"""1970-01-04: weekly looks, as in an installation."""
TURN = 5
"""Commits in a turn of a paced run, some 50 ms: whatever else the machine does meets two runs alike."""


class _Sent(Protocol):
    """An event of the replay."""

    @property
    def customer(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def time(self) -> Millis: ...
    @property
    def body(self) -> bytes: ...


class CoreCost(msgspec.Struct):
    """Microseconds of CPU per event, and what was made."""

    events: int
    core: float
    """Door and lanes."""
    learner: float
    store: float
    """The dictionary that stands for a store."""
    digest: str
    """Of all commits, in their order: states of lanes, records, order books, timers, decisions and outbox."""


class Rehearsal(NamedTuple):
    """A run that is ready to begin."""

    runner: InProcessRunner
    intervals: list[list[WatermarkInterval]]
    """By partition."""
    events: int


class _Watch(msgspec.Struct):
    """What was seen of a run."""

    paced: bool = False
    commits: list[bytes] = []
    store: float = 0.0
    learner: float = 0.0
    """Seconds of CPU."""


class _Shelf(MemoryLane):
    """A store that is watched."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def load(
        self, customers: Collection[str], orders_of: Collection[str] = (), due_until: Millis | None = None,
        due_limit: int = 0,
    ) -> Loaded:  # fmt: skip
        began = time.process_time()
        loaded = super().load(customers, orders_of, due_until, due_limit)
        self._watch.store += time.process_time() - began
        return loaded

    def commit(self, commit: Commit) -> None:
        began, watch = time.process_time(), self._watch
        watch.commits.append(msgspec.msgpack.encode(commit))
        if watch.paced and len(watch.commits) % TURN == 0:
            wait()
        super().commit(commit)
        watch.store += time.process_time() - began


class _Learner(Collector):
    """A learner that is watched."""

    watch: _Watch

    def add(self, contribution: Contribution, offset: int) -> None:
        began = time.process_time()
        super().add(contribution, offset)
        self.watch.learner += time.process_time() - began

    def close(self, *, deadline: bool = False) -> Almanac | None:
        began = time.process_time()
        almanac = super().close(deadline=deadline)
        self.watch.learner += time.process_time() - began
        return almanac


class _Watched(InProcessRunner):
    """The core, store and learner watched."""

    def __init__(self, configs: Sequence[LaneConfig], library: RulebookSchedule) -> None:
        super().__init__(configs, library)
        self.watch = _Watch()
        self.shelves = [_Shelf(self.watch) for _ in configs]
        learner = _Learner(len(configs), configs[0].beginning)
        learner.watch = self.watch
        self._collector = learner


def wait() -> None:
    """End a turn with an empty line, until one is read."""
    print(flush=True)
    input()


def rehearsal(journey: Journey, runner: type[InProcessRunner] = InProcessRunner) -> Rehearsal:
    """The journey's events as lanes are to be given them; rules act in its second half."""
    settings = load_settings({"partitions": PARTITIONS, "clock": "event"})
    known = msgspec.structs.replace(initial_state(settings.churn_horizons), epoch_length=settings.epoch)
    tick = Tick(origin=SUNDAY, period=WEEK)
    configs = [
        LaneConfig(p, PARTITIONS, settings.epoch, settings.churn_horizons, tick, known) for p in range(PARTITIONS)
    ]
    made = runner(configs, RulebookSchedule(shipped()))
    intervals: list[list[WatermarkInterval]] = [[] for _ in range(PARTITIONS)]
    events = 0
    for planned in plan_marks(journey.events(), end=journey.end):
        events = planned.read
        raws: list[list[KafkaRecord]] = [[] for _ in range(PARTITIONS)]
        for raw in _raws(planned.events):
            raws[raw.partition].append(raw)
        for partition in range(PARTITIONS):
            intervals[partition].append(WatermarkInterval(raws[partition], planned.time, acts_from(journey)))
    return Rehearsal(made, intervals, events)


def acts_from(journey: Journey) -> Millis:
    """Rules act from half of the history on, as records and lessons are there by then."""
    return journey.start + (journey.end - journey.start) // 2 // DAY * DAY


def _raws(events: Sequence[_Sent]) -> Iterator[KafkaRecord]:
    for number, told in enumerate(events):
        partition = partition_of(told.customer, PARTITIONS)
        yield KafkaRecord(TOPIC_OF[told.type], partition, number, told.time, told.customer.encode(), told.body)


def measure(journey: Journey, commits: Path | None = None, *, paced: bool = False) -> CoreCost:
    """One run.

    Args:
        commits: a file that gets them all, to find where two runs begin to differ.
        paced: after each turn write a line and go on when one is read.
    """
    runner, intervals, events = rehearsal(journey, _Watched)
    assert isinstance(runner, _Watched)
    watch = runner.watch
    watch.paced = paced
    gc.collect()
    # What a worker does; in older checkouts it does no more than freeze.
    getattr(event_loop, "spare_garbage_collection", gc.freeze)()
    if paced:
        wait()
    began = time.process_time()
    runner.run(intervals)
    spent = time.process_time() - began
    digest = blake2b(digest_size=16)
    for commit in watch.commits:
        digest.update(commit)
    if commits is not None:
        commits.write_bytes(msgspec.msgpack.encode(watch.commits))
    core = spent - watch.store - watch.learner
    per_event = 1e6 / events
    return CoreCost(
        events=events,
        core=core * per_event,
        learner=watch.learner * per_event,
        store=watch.store * per_event,
        digest=digest.hexdigest(),
    )


def main() -> None:
    """The command: one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--households", type=int, default=200)
    parser.add_argument("--commits", type=Path, help="a file that gets all commits, as MessagePack")
    parser.add_argument("--paced", action="store_true", help="after each turn write a line and wait for one")
    told = parser.parse_args()
    cost = measure(Journey(days=told.weeks * 7, households=told.households), told.commits, paced=told.paced)
    print(msgspec.json.encode(cost).decode())


if __name__ == "__main__":
    main()
