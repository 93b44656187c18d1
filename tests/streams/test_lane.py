"""A lane as a machine: what it needs, what it saves, and where it goes on after a crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from operator import attrgetter
from typing import Any

import msgspec
import pytest

from infra.store.memory_lane import MemoryLane
from rules.context import LaneContext
from rules.loading import shipped
from rules.rulebook import Rulebook
from schemas.almanac import NONE_YET, Almanac, decode_contribution
from schemas.churn import Tick
from schemas.codec import decode_record
from schemas.errors import TendError
from schemas.events import AnyEvent
from schemas.lane import KafkaRecord, LaneState, Loaded
from schemas.outcome import Decision, Outcome, decode_decision
from schemas.times import DAY, HOUR, MINUTE, WEEK, Millis
from schemas.topics import DEAD_LETTERS, DECISIONS, LESSONS, ORDERS, WATERMARKS
from streams import pipeline
from streams.churn import initial_state
from streams.customer import Customer
from streams.ingest import DeadLetter
from streams.lane import Lane
from streams.lane_protocol import Batch, LaneConfig, NeedAlmanac, NeedRecords, Save, drive
from streams.micro_batch import SAFE_LIMITS, USUAL_LIMITS
from streams.rulebook_schedule import RulebookSchedule
from tests.builders import START, arrived, at_once, complained, placed

EPOCH = START // DAY
GROUND = LaneConfig(0, 1, DAY, (28,), Tick(0, WEEK), initial_state((28,)))


class Bench:
    """One lane with a dictionary as store, driven step by step."""

    def __init__(self, library: RulebookSchedule | None = None, config: LaneConfig = GROUND) -> None:
        self.config = config
        self.shelf = MemoryLane()
        self.library = library or RulebookSchedule(shipped())
        self.state = msgspec.msgpack.encode(LaneState(offsets={}))
        self.almanacs: list[int] = []
        self.commits = 0
        self.aside: list[int] = []
        """Offsets of what was told to be put aside."""

    def lane(self) -> Lane:
        """A new owner's lane, from what was committed."""
        return Lane(self.config, msgspec.msgpack.decode(self.state, type=LaneState), self.library)

    def take(self, batch: Batch, lane: Lane | None = None, crash_after: int = 1 << 30) -> Lane:
        """Handle a batch; or leave it in the middle, after so many commits."""
        lane = lane or self.lane()
        self._left = crash_after
        if crash_after:
            at_once(drive(lane.take(batch), self))
        return lane

    async def load(self, step: NeedRecords) -> Loaded:
        return self.shelf.load(step.customers, step.customers, step.due_until, step.due_limit)

    async def almanac(self, step: NeedAlmanac) -> Almanac:
        self.almanacs.append(step.epoch)
        return Almanac(1, step.epoch, 1, initial_state((28,)))

    async def save(self, step: Save) -> bool:
        self._commit(step)
        self._left -= 1
        return self._left > 0

    def _commit(self, step: Save) -> None:
        self.shelf.commit(step.commit)
        self.state = step.commit.state
        self.commits += 1
        self.aside.extend(item.raw.offset for item in step.aside)

    @property
    def saved(self) -> LaneState:
        return msgspec.msgpack.decode(self.state, type=LaneState)

    def out(self, topic: str) -> list[Any]:
        return [entry for entry in self.shelf.outbox if entry.topic == topic]


def batch(*events: AnyEvent, until: Millis, marked: bool = True, **more: Any) -> Batch:
    arrivals = [arrived(one, offset) for offset, one in enumerate(events)]
    usual = {"offsets": {ORDERS: len(events), WATERMARKS: 1}, "marked": marked}
    return Batch(arrivals, until, **{**usual, **more})


def orders(count: int, every: Millis = MINUTE) -> list[AnyEvent]:
    return [placed(START + n * every, f"o-{n}") for n in range(count)]


def orders_of(bench: Bench, who: str = "c-1") -> int:
    return decode_record(bench.shelf.records[who]).purchases.count


def test_offsets_move_with_the_last_commit_of_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "bounds", USUAL_LIMITS._replace(events=2))
    bench = Bench()

    bench.take(batch(*orders(5), until=START + HOUR), crash_after=2)
    assert (bench.saved.offsets, bench.saved.interval_done) == ({}, 4)

    bench.take(batch(*orders(5), until=START + HOUR))
    assert (bench.saved.offsets, bench.saved.interval_done) == ({ORDERS: 5, WATERMARKS: 1}, 0)
    assert bench.saved.time == START + HOUR


@pytest.mark.parametrize("crash_after", [1, 2, 3, 4, 5])
def test_a_crash_between_two_commits_changes_nothing(monkeypatch: pytest.MonkeyPatch, crash_after: int) -> None:
    monkeypatch.setattr(Lane, "bounds", USUAL_LIMITS._replace(events=2))
    told = batch(*orders(7, every=5 * HOUR), until=START + 3 * DAY)
    straight, crashed = Bench(), Bench()
    straight.take(told)

    crashed.take(told, crash_after=crash_after)
    crashed.take(told)

    assert crashed.shelf.records == straight.shelf.records
    assert crashed.shelf.outbox == straight.shelf.outbox
    assert crashed.state == straight.state


def test_in_service_every_commit_moves_the_offsets_past_what_it_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "bounds", USUAL_LIMITS._replace(events=2))
    bench = Bench()

    bench.take(batch(*orders(5), until=START + HOUR, marked=False, acting=START + HOUR), crash_after=2)

    assert bench.saved.offsets == {ORDERS: 4}


def test_an_epoch_is_closed_at_its_end_and_the_learner_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()

    bench.take(batch(placed(), placed(START + DAY, "o-2"), until=START + 2 * DAY))

    told = [decode_contribution(entry.value) for entry in bench.out(LESSONS)]
    assert [one.epoch for one in told if one.done] == [EPOCH, EPOCH + 1]
    assert all(one.first == EPOCH for one in told)
    assert bench.saved.epoch == EPOCH + 2


def test_an_epoch_is_decided_with_the_almanac_of_the_last_but_one() -> None:
    bench = Bench()

    bench.take(batch(*orders(5, every=DAY), until=START + 5 * DAY))

    assert bench.almanacs == [EPOCH, EPOCH + 1, EPOCH + 2, EPOCH + 3]
    ledger = [decode_decision(entry.value) for entry in bench.out(DECISIONS)]
    assert {one.almanac for one in ledger if one.at < START + DAY} <= {NONE_YET}


def test_after_a_restart_the_almanac_in_force_is_asked_for_again() -> None:
    bench = Bench()
    bench.take(batch(*orders(4, every=DAY), until=START + 4 * DAY))
    bench.almanacs.clear()

    bench.take(batch(until=START + 4 * DAY + HOUR))

    assert bench.almanacs == [bench.saved.epoch - 2]


def test_a_rulebook_is_in_force_from_its_very_moment_in_the_middle_of_a_batch() -> None:
    other = copy(shipped())
    other.version = "other"
    library = RulebookSchedule(shipped())
    library.add(other, START + 2 * MINUTE)
    bench = Bench(library)

    told = [complained(START + n * MINUTE, f"p-{n}") for n in range(4)]
    bench.take(batch(*told, until=START + HOUR))

    routed = [decode_decision(entry.value) for entry in bench.out(DECISIONS)]
    by_version = {
        version: [one.at for one in routed if one.rulebook == version] for version in (shipped().version, "other")
    }
    assert max(by_version[shipped().version]) == START + MINUTE
    assert min(by_version["other"]) == START + 2 * MINUTE
    assert (bench.saved.rulebook, bench.saved.rulebook_since) == ("other", START + 2 * MINUTE)


def test_a_lane_that_has_passed_the_moment_starts_with_its_next_batch() -> None:
    bench = Bench()
    lane = bench.take(batch(*orders(2), until=START + HOUR))
    late: Rulebook = copy(shipped())
    late.version = "late"
    bench.library.add(late, START + MINUTE)

    bench.take(batch(complained(START + 2 * HOUR), until=START + 3 * HOUR), lane)

    assert {decode_decision(entry.value).rulebook for entry in bench.out(DECISIONS)[-1:]} == {"late"}
    assert bench.saved.rulebook == "late"


def letters(count: int) -> Sequence[DeadLetter]:
    return [DeadLetter(KafkaRecord(ORDERS, 0, n, 0, None, b"x" * 90_000), "wrong_json", "", "") for n in range(count)]


@pytest.mark.parametrize("crash_after", [1, 2, 3])
def test_what_is_put_aside_is_told_once_whatever_happens(crash_after: int) -> None:
    bench = Bench()
    told = batch(placed(), until=START + HOUR, aside=letters(5))

    bench.take(told, crash_after=crash_after)
    bench.take(told)

    assert [dict(entry.headers)["tend-offset"] for entry in bench.out(DEAD_LETTERS)] == [b"%d" % n for n in range(5)]
    assert bench.aside == list(range(5))
    assert orders_of(bench) == 1


def test_what_is_too_much_for_one_commit_is_done_again_in_smaller_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [placed(START + n, f"o-{n}", who=f"c-{n}") for n in range(SAFE_LIMITS.customers // 2)]
    whole, parts = Bench(), Bench()
    whole.take(batch(*told, until=START + WEEK))

    monkeypatch.setattr("streams.lane.MAX_COMMIT_BYTES", 8_000)
    parts.take(batch(*told, until=START + WEEK))

    assert parts.commits > whole.commits
    assert (parts.shelf.records, parts.shelf.orders, parts.shelf.timers) == (
        whole.shelf.records,
        whole.shelf.orders,
        whole.shelf.timers,
    )
    assert _by_customer(parts) == _by_customer(whole)


def _by_customer(bench: Bench) -> list[Decision]:
    """The ledger, each customer's entries in their order: timers of different customers have none."""
    return sorted((decode_decision(entry.value) for entry in bench.out(DECISIONS)), key=attrgetter("customer"))


def test_a_batch_of_nothing_but_time_rings_the_timers_of_the_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "bounds", USUAL_LIMITS._replace(due=2))
    bench = Bench()
    told = [placed(START + n, f"o-{n}", who=f"c-{n}") for n in range(9)]
    bench.take(batch(*told, until=START + HOUR))

    bench.take(batch(until=START + 2 * WEEK))

    assert min(bench.shelf.timers.values()) > START + 2 * WEEK
    assert bench.saved.time == START + 2 * WEEK


def test_in_service_events_need_not_wait_for_a_crowd_of_timers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "bounds", USUAL_LIMITS._replace(due=2))
    bench, later = Bench(), START + 2 * WEEK
    told = [placed(START + n, f"o-{n}", who=f"c-{n}") for n in range(9)]
    lane = bench.take(batch(*told, until=START + HOUR, marked=False, acting=START + HOUR))

    bench.take(batch(until=later, marked=False, acting=later), lane)
    assert any(due <= later for due in bench.shelf.timers.values())
    assert bench.saved.time < later

    bench.take(batch(complained(later, who="c-10"), until=later, marked=False, acting=later), lane)
    assert "c-10" in bench.shelf.records
    assert any(due <= later for due in bench.shelf.timers.values())

    for _ in range(100):
        bench.take(batch(until=later, marked=False, acting=later), lane)
    assert min(bench.shelf.timers.values()) > later
    assert bench.saved.time == later


@pytest.mark.parametrize(("said", "most"), [({"timers": 16}, 16), ({}, USUAL_LIMITS.due)])
def test_no_more_timers_are_taken_at_once_than_the_batch_says(said: dict[str, Any], most: int) -> None:
    first = next(Bench().lane().take(batch(until=START, marked=False, acting=START, **said)))

    assert isinstance(first, NeedRecords)
    assert first.due_limit == most


def test_too_many_letters_stop_the_lane_before_any_of_the_batch_is_done() -> None:
    bench = Bench(config=msgspec.structs.replace(GROUND, letters_limit=0.001))
    bench.take(batch(*orders(5), until=START + HOUR))
    before = (bench.state, dict(bench.shelf.records), list(bench.shelf.outbox))

    for _ in range(2):  # started again it says so again
        with pytest.raises(TendError, match="Too many dead letters"):
            bench.take(batch(placed(START + 2 * HOUR, "o-9"), until=START + 3 * HOUR, aside=letters(3)))

    assert (bench.state, bench.shelf.records, bench.shelf.outbox) == before


def test_events_that_fail_stop_it_with_their_portion_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lane, "bounds", USUAL_LIMITS._replace(events=2))
    monkeypatch.setattr("streams.customer_session.handle", _fails_for("o-3"))
    bench = Bench(config=msgspec.structs.replace(GROUND, letters_limit=0.0005))

    with pytest.raises(TendError, match="ValueError at test_lane"):
        bench.take(batch(*orders(5), until=START + HOUR))

    assert bench.saved.interval_done == 2
    assert orders_of(bench) == 2
    assert bench.out(DEAD_LETTERS) == []


def test_the_share_of_letters_outlives_the_lane() -> None:
    bench = Bench(config=msgspec.structs.replace(GROUND, letters_limit=0.5))

    bench.take(batch(*orders(6), until=START + HOUR, aside=letters(4)))

    assert bench.saved.dead_letter_share == pytest.approx(0.004, rel=0.01)


def _fails_for(order_id: str) -> Callable[..., Outcome]:
    def handle(customer: Customer, event: AnyEvent, lane: LaneContext, acting: Millis) -> Outcome:
        if getattr(event, "order_id", "") == order_id:
            raise ValueError("no such order")
        return pipeline.handle(customer, event, lane, acting)

    return handle
