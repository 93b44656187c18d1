"""One lane at work on a store, logs and a publisher in memory that keep the promises of the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from agents.worker.batches import MarkedBatches
from agents.worker.lane import LaneRunner
from agents.worker.lane_dependencies import LaneDependencies
from agents.worker.lane_status import Status
from agents.worker.live_batches import LiveBatches
from agents.worker.same_topics import SameTopics
from agents.worker.trusted_clock import ClockDistrusted
from infra.kafka.fetching.buffer import PartitionRevoked
from infra.store import MemoryStore
from rules.loading import shipped
from schemas.almanac import Almanac
from schemas.churn import Tick
from schemas.errors import DependencyUnavailable
from schemas.lane import BrokerIdentity, Claimed, Commit, LaneState, Loaded, OutboxEntry
from schemas.outcome import Outcome
from schemas.times import DAY, HOUR, MINUTE, SECOND, WEEK, Millis
from schemas.topics import BROWSE, DEAD_LETTERS, LESSONS, MESSAGES, ORDERS
from streams import customer_session, pipeline
from streams.churn import initial_state
from streams.lane_protocol import LaneConfig, Save
from streams.rulebook_schedule import RulebookSchedule
from tests.agents.logs import Logs, LogsSource
from tests.agents.memory_publisher import MemoryPublisher
from tests.builders import START as MONDAY

START = MONDAY + 4 * HOUR
"""In the morning, where the shipped rulebook's store is: no quiet hours."""
EPOCH = DAY


class Moody(MemoryStore):
    """A store that can be away, and that can be told what happens in the middle of a commit."""

    def __init__(self) -> None:
        super().__init__()
        self.away = 0
        """So many calls more find it away."""
        self.before_commit: list[Callable[[], Any]] = []
        self.commits = 0

    async def claim(self, partition: int) -> Claimed:
        self._answer()
        return await super().claim(partition)

    async def load(
        self,
        partition: int,
        customers: Collection[str],
        orders_of: Collection[str] = (),
        due_until: Millis | None = None,
        due_limit: int = 0,
    ) -> Loaded:
        self._answer()
        return await super().load(partition, customers, orders_of, due_until, due_limit)

    async def commit(self, partition: int, version: int, commit: Commit) -> int:
        self._answer()
        if self.before_commit:
            await self.before_commit.pop(0)()
        version = await super().commit(partition, version, commit)
        self.commits += 1
        return version

    def _answer(self) -> None:
        if self.away:
            self.away -= 1
            raise DependencyUnavailable("the store sleeps")


class DictStore:
    """Almanacs that are there, or not yet."""

    def __init__(self) -> None:
        self._known: dict[int, Almanac] = {}
        self._changed = asyncio.Condition()
        self.asked: list[int] = []

    async def wait(self, epoch: int) -> Almanac | None:
        self.asked.append(epoch)
        async with self._changed:
            await self._changed.wait_for(lambda: epoch in self._known)
            return self._known[epoch]

    async def bring(self, epoch: int) -> None:
        async with self._changed:
            self._known[epoch] = Almanac(1, epoch, 1, initial_state((28,)))
            self._changed.notify_all()


@dataclass
class Diary:
    """What the lane said of itself."""

    statuses: list[Status] = field(default_factory=list)
    fences: int = 0
    missed: list[str] = field(default_factory=list)

    def status(self, partition: int, status: Status) -> None:
        self.statuses.append(status)

    def stage(self, name: str, seconds: float) -> None: ...

    def saved(self, save: Save) -> None: ...

    def fenced(self) -> None:
        self.fences += 1

    def away(self, dependency: str) -> None:
        self.missed.append(dependency)


class World:
    """Everything around one lane."""

    def __init__(self, clock: Callable[[], Millis] | None = None, outbox_limit: int = 5_000) -> None:
        self.logs = Logs()
        self.store = Moody()
        self.press = MemoryPublisher()
        self.almanacs = DictStore()
        self.diary = Diary()
        self.clock = clock
        self.outbox_limit = outbox_limit
        self.identity = BrokerIdentity("cluster-1", {ORDERS: "topic-1"})
        self.clock_is_right = asyncio.Event()
        self.clock_is_right.set()
        self.sources: list[LogsSource] = []
        self._running: list[tuple[LaneRunner, asyncio.Task[None]]] = []

    def lose(self) -> None:
        """Another worker has the partition."""
        for source in self.sources:
            source.end(PartitionRevoked("another worker has it"))

    def batches(self, partition: int, offsets: Mapping[str, int]) -> LiveBatches | MarkedBatches:
        source = self.logs.open(offsets)
        self.sources.append(source)
        if self.clock is None:
            return MarkedBatches(source, partition, 1)
        return LiveBatches(source, partition, 1, self.clock, SECOND)

    def start(self, clock: str = "") -> LaneRunner:
        """A new owner takes the lane over."""
        self.same_topics = SameTopics(self.identity, lambda: self.identity)
        around = LaneDependencies(
            store=self.store,
            almanacs=self.almanacs,
            library=RulebookSchedule(shipped()),
            watch=self.diary,
            identity=self.identity,
            clock=clock or ("wall" if self.clock else "event"),
            outbox_limit=self.outbox_limit,
            begin_offsets=lambda _: self.logs.begins,
            publisher=lambda _: self.press,
            batches=self.batches,
            applied=lambda *_: None,
            exact=self.clock is None,
            same_topics=self.same_topics,
            prove_clock=self.prove_clock,
        )
        runner = LaneRunner(LaneConfig(0, 1, EPOCH, (28,), Tick(0, WEEK), initial_state((28,))), around)
        self._running.append((runner, asyncio.create_task(runner.run())))
        return runner

    async def prove_clock(self, waits: Callable[[str | None], None]) -> None:
        """The clock is right when the test says so."""
        waits(None if self.clock_is_right.is_set() else "the clock says another year")
        await self.clock_is_right.wait()
        waits(None)

    async def stop(self) -> None:
        """All owners stop in good order."""
        for runner, task in self._running:
            runner.stop()
            await asyncio.wait_for(task, 10)

    async def end(self) -> None:
        """All owners die."""
        running, self._running = self._running, []
        for _, task in running:
            task.cancel()
        await asyncio.gather(*(task for _, task in running), return_exceptions=True)

    def out(self, topic: str) -> list[OutboxEntry]:
        return [entry for entry in self.press.out if entry.topic == topic]

    async def state(self) -> LaneState:
        held = await self.store.lane(0)
        return msgspec.msgpack.decode((held and held[1]) or b"", type=LaneState)

    async def until(self, wanted: Callable[[], bool]) -> None:
        """Wait until it is so; the lane's own trouble is shown where it never comes."""
        for _ in range(4_000):
            if wanted():
                return
            await asyncio.sleep(0.005)
        assert wanted(), [(runner.status, runner.why) for runner, _ in self._running]


@pytest.fixture
async def world() -> AsyncIterator[Callable[..., World]]:
    made: list[World] = []

    def make(**chosen: Any) -> World:
        made.append(World(**chosen))
        return made[-1]

    yield make
    for one in made:
        await one.end()


Make = Callable[..., World]


async def test_an_order_is_thanked_for(world: Make) -> None:
    here = world()
    here.logs.event("customer.registered", START, email="a@example.org", name="Anna")
    here.logs.ordered(START + HOUR)
    here.logs.watermark(START + DAY)

    here.start()
    await here.until(lambda: len(here.out(MESSAGES)) >= 2)

    assert (await here.state()).offsets[ORDERS] == 1
    assert [entry.sequence for entry in here.press.out] == list(range(1, len(here.press.out) + 1))


async def test_a_store_that_is_away_is_waited_for_and_nothing_is_lost(
    world: Make, caplog: pytest.LogCaptureFixture
) -> None:
    here = world()
    here.logs.ordered(START)
    here.logs.watermark(START + HOUR)
    here.store.away = 3

    runner = here.start()
    await here.until(lambda: here.store.commits > 0)

    assert Status.WAITING in here.diary.statuses or here.diary.missed
    assert here.diary.missed == ["store"] * 3
    told = [record.getMessage() for record in caplog.records if record.name == "agents.retry"]
    assert told == ["Waiting for the store sleeps", "Going on; waited for the store sleeps"]
    assert await here.store.customer(0, "c-1") != (None, None)
    assert runner.status is Status.RUNNING


async def test_a_store_that_answers_does_not_say_that_the_broker_does(world: Make) -> None:
    here = world()
    here.press.trouble = [DependencyUnavailable("the broker sleeps")] * 4
    here.logs.ordered(START)
    here.logs.watermark(START + HOUR)

    runner = here.start()
    await here.until(lambda: "kafka" in here.diary.missed)
    here.logs.ordered(START + HOUR)
    here.logs.watermark(START + 2 * HOUR)
    await here.until(lambda: here.store.commits >= 2)

    assert runner.status is Status.WAITING
    assert runner.why == "the broker sleeps"
    await here.until(lambda: runner.status is Status.RUNNING)


async def test_a_fenced_lane_is_thrown_away_and_made_anew_from_the_store(world: Make) -> None:
    here = world()
    here.logs.ordered(START)
    here.logs.watermark(START + HOUR)

    async def another_owner() -> None:
        await here.store.claim(0)

    here.store.before_commit = [another_owner]
    runner = here.start()
    await here.until(lambda: here.store.commits > 0)

    assert here.diary.fences == 1
    assert runner.status is Status.RUNNING
    assert (await here.state()).offsets[ORDERS] == 1


async def test_two_owners_at_once_do_nothing_twice(world: Make) -> None:
    here = world()
    here.logs.event("customer.registered", START, email="a@example.org", name="Anna")
    for hour in range(24):
        here.logs.ordered(START + hour * HOUR)
        here.logs.watermark(START + (hour + 1) * HOUR)

    first = here.start()
    await here.until(lambda: first.state is not None and first.state.time >= START + 24 * HOUR)
    second = here.start()
    await here.until(lambda: second.status is Status.RUNNING)

    here.logs.ordered(START + 25 * HOUR)
    here.logs.watermark(START + 26 * HOUR)
    await here.until(lambda: here.diary.fences > 0)
    await here.stop()

    assert (await here.state()).time == START + 26 * HOUR
    assert here.press.published == (await here.state()).sequence
    sequences = [entry.sequence for entry in here.press.out]
    assert sequences == list(range(1, len(sequences) + 1))


async def test_what_is_unexpected_parks_the_lane_and_says_what(world: Make) -> None:
    here = world()
    here.logs.ordered(START)
    here.logs.watermark(START + HOUR)

    async def surprise() -> None:
        raise RuntimeError("nobody thought of this")

    here.store.before_commit = [surprise]
    runner = here.start()
    await here.until(lambda: runner.status is Status.PARKED)

    assert runner.why == "RuntimeError: nobody thought of this"


async def test_a_replay_waits_for_its_almanac_and_says_for_which(world: Make) -> None:
    here = world()
    for day in range(4):
        here.logs.ordered(START + day * DAY)
        here.logs.watermark(START + (day + 1) * DAY)
    first = START // EPOCH

    runner = here.start()
    await here.until(lambda: runner.why == f"almanac of epoch {first}")
    assert runner.status is Status.WAITING
    await here.almanacs.bring(first)
    await here.almanacs.bring(first + 1)
    await here.almanacs.bring(first + 2)

    await here.until(lambda: runner.state is not None and runner.state.time >= START + 4 * DAY)
    assert here.almanacs.asked[:2] == [first, first + 1]


async def test_stopped_while_it_waits_for_an_almanac_it_publishes_what_it_has_decided(world: Make) -> None:
    here = world()
    for day in range(4):
        here.logs.ordered(START + day * DAY)
        here.logs.watermark(START + (day + 1) * DAY)
    here.press.stall()
    runner = here.start()
    await here.until(lambda: runner.why.startswith("almanac"))

    here.press.go_on()
    await here.stop()

    state = await here.state()
    assert here.press.published == state.sequence
    assert runner.status is Status.ENDED


@pytest.mark.parametrize(
    ("cluster", "topic", "says"),
    [
        ("cluster-2", "topic-1", "belongs to cluster cluster-1, and the broker at hand is cluster cluster-2"),
        ("cluster-1", "topic-2", "other topics named storefront.orders"),
    ],
    ids=["another broker", "topics made anew"],
)
async def test_a_store_of_other_offsets_is_refused(world: Make, cluster: str, topic: str, says: str) -> None:
    here = world()
    here.logs.ordered(START)
    here.logs.watermark(START + HOUR)
    here.start()
    await here.until(lambda: here.store.commits > 0)
    await here.stop()

    here.identity = BrokerIdentity(cluster, {ORDERS: topic})
    runner = here.start()
    await here.until(lambda: runner.status is Status.PARKED)

    assert says in runner.why
    assert "start with an empty store" in runner.why


async def test_a_topic_made_anew_under_a_lane_parks_it_before_it_keeps_what_it_read(world: Make) -> None:
    here = world(clock=lambda: START)
    lane = here.start()
    await here.until(lambda: lane.status is Status.RUNNING)
    here.identity = BrokerIdentity("cluster-1", {ORDERS: "topic-2"})
    await here.same_topics.look()
    commits = here.store.commits

    here.logs.ordered(START)
    await here.until(lambda: lane.status is Status.PARKED)

    assert here.store.commits == commits
    assert "tend topics adopt storefront.orders" in lane.why


async def test_a_store_goes_on_where_a_newer_version_reads_one_topic_more(world: Make) -> None:
    here = world()
    here.logs.watermark(START + HOUR)
    here.start()
    await here.until(lambda: here.store.commits > 0)
    await here.stop()

    here.identity = BrokerIdentity("cluster-1", {ORDERS: "topic-1", "storefront.new": "topic-9"})
    here.logs.watermark(START + 2 * HOUR)
    runner = here.start()
    await here.until(lambda: here.store.commits > 1)

    assert runner.status is Status.RUNNING


async def test_a_store_written_by_another_clock_is_refused(world: Make) -> None:
    here = world()
    here.logs.watermark(START + HOUR)
    here.start()
    await here.until(lambda: here.store.commits > 0)
    await here.stop()

    runner = here.start(clock="wall")
    await here.until(lambda: runner.status is Status.PARKED)

    assert "was written with TEND_CLOCK=event, this worker has TEND_CLOCK=wall. Set it to event" in runner.why


async def test_a_flood_of_what_is_no_event_fits_into_commits_and_is_told_once(world: Make) -> None:
    here = world()
    for number in range(60):
        here.logs.put(BROWSE, b"x" * 60_000 + b"%d" % number)
    here.logs.put(BROWSE, b"y" * 1_000_000)
    here.logs.watermark(START + HOUR)

    here.start()
    await here.until(lambda: len(here.out(DEAD_LETTERS)) >= 20)
    await here.end()
    here.start()
    await here.until(lambda: len(here.out(DEAD_LETTERS)) >= 61)
    await here.stop()

    letters = here.out(DEAD_LETTERS)
    assert [dict(letter.headers)["tend-offset"] for letter in letters] == [b"%d" % n for n in range(61)]
    assert dict(letters[-1].headers)["tend-truncated"] == b"1000000"
    assert (await here.state()).offsets[BROWSE] == 61


async def test_in_service_an_event_with_an_ancient_date_does_not_begin_the_epochs_of_decades(world: Make) -> None:
    here = world(clock=lambda: START)
    here.logs.viewed(SECOND)

    here.start()
    await here.until(lambda: here.store.commits > 0)

    state = await here.state()
    assert state.epoch == state.first_epoch == START // EPOCH
    assert here.out(LESSONS) == []


async def test_in_service_a_silent_lane_closes_its_epochs_by_the_clock(world: Make) -> None:
    now = [START]
    here = world(clock=lambda: now[0])
    here.start()
    await here.until(lambda: here.store.commits > 0)

    now[0] = START + DAY + MINUTE
    await here.until(lambda: len(here.out(LESSONS)) == 1)

    assert (await here.state()).epoch == START // EPOCH + 1


async def test_while_the_clock_cannot_be_believed_nothing_is_committed_and_events_wait(world: Make) -> None:
    leapt = False

    def clock() -> Millis:
        if leapt:
            raise ClockDistrusted("this machine's clock leapt by 2,592,000 s")
        return START + HOUR

    here = world(clock=clock)
    lane = here.start()
    here.logs.ordered(START, order_id="o-1")
    await here.until(lambda: here.store.commits > 0 and lane.status is Status.RUNNING)
    leapt = True
    here.clock_is_right.clear()
    await here.until(lambda: "another year" in lane.why)
    before = here.store.commits
    here.logs.ordered(START + MINUTE, order_id="o-2")
    await asyncio.sleep(0.1)
    assert (lane.status, here.store.commits) == (Status.WAITING, before)

    leapt = False
    here.clock_is_right.set()

    await here.until(lambda: here.store.commits > before and lane.status is Status.RUNNING)
    assert here.out(DEAD_LETTERS) == []


async def test_a_machine_without_descriptors_makes_a_lane_wait_and_costs_no_event(
    world: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.worker.lane._MACHINE_SECONDS", 0.05)
    here = world(clock=lambda: START + HOUR)
    lacking = True
    real = pipeline.handle

    def handle(*arguments: Any) -> Outcome:
        if lacking:
            raise OSError(24, "Too many open files")
        return real(*arguments)

    monkeypatch.setattr(customer_session, "handle", handle)
    lane = here.start()
    here.logs.ordered(START, order_id="o-1")
    await here.until(lambda: "Too many open files" in lane.why)
    assert (lane.status, here.store.commits) == (Status.WAITING, 0)

    lacking = False

    await here.until(lambda: here.store.commits > 0 and lane.status is Status.RUNNING)
    assert here.out(DEAD_LETTERS) == []
