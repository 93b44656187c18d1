"""What a replay leaves is a function of its events: not of portions, watermarks, arrival or who was first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.loading import shipped
from schemas.churn import Tick
from schemas.events import AnyEvent, encode_event
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import DAY, HOUR, MINUTE, WEEK, Millis
from schemas.topics import DEAD_LETTERS, TOPIC_OF
from streams.churn import initial_state
from streams.lane import Lane
from streams.lane_protocol import LaneConfig
from streams.micro_batch import BatchLimits
from streams.rulebook_schedule import RulebookSchedule
from tests.builders import START, added, complained, event, placed
from tests.in_process_runner import InProcessRunner, WatermarkInterval

PARTITIONS = 2
DAYS = 9
END = START + DAYS * DAY

MAKERS: tuple[Callable[[Millis, str, str], AnyEvent], ...] = (
    lambda at, who, ref: placed(at, ref, who=who),
    lambda at, who, ref: added(at, ref, who=who),
    lambda at, who, ref: complained(at, ref, who=who),
    lambda at, who, ref: event("customer.registered", at, who=who, email="a@example.org", name="Anna", phone="+491701"),
    lambda at, who, ref: event("consent.granted", at, who=who, channel="email", purpose="marketing"),
    lambda at, who, ref: event("product.viewed", at, who=who, sku=ref),
)


@dataclass(frozen=True)
class Left:
    """Everything that must be equal."""

    records: dict[str, bytes]
    orders: dict[str, bytes]
    timers: dict[str, Millis]
    almanacs: dict[int, bytes]
    actions: frozenset[str]


def life(seed: int, events: int = 120, customers: int = 7) -> list[AnyEvent]:
    """Some customers' days, drawn from a seed."""
    random = Random(seed)
    times = sorted(START + random.randrange(0, DAYS * DAY - HOUR, 1_000) for _ in range(events))
    return [
        random.choice(MAKERS)(at, f"c-{random.randrange(customers)}", f"r-{number}") for number, at in enumerate(times)
    ]


def marks_each(span: Millis) -> list[Millis]:
    return [START, *range(START + span, END, span), END]


def replayed(told: Sequence[AnyEvent], watermarks: Sequence[Millis], shuffle: Random | None = None) -> Left:
    configs = [LaneConfig(p, PARTITIONS, DAY, (7,), Tick(0, WEEK), initial_state((7,))) for p in range(PARTITIONS)]
    rehearsal = InProcessRunner(configs, RulebookSchedule(shipped()))
    rehearsal.run([_intervals(told, watermarks, p, shuffle) for p in range(PARTITIONS)])
    shelves = rehearsal.shelves
    assert not [entry for shelf in shelves for entry in shelf.outbox if entry.topic == DEAD_LETTERS]
    return Left(
        {who: body for shelf in shelves for who, body in shelf.records.items()},
        {who: body for shelf in shelves for who, body in shelf.orders.items()},
        {who: due for shelf in shelves for who, due in shelf.timers.items()},
        rehearsal.almanac_bytes(),
        frozenset(rehearsal.action_ids()),
    )


def _intervals(
    told: Sequence[AnyEvent], watermarks: Sequence[Millis], partition: int, shuffle: Random | None
) -> list[WatermarkInterval]:
    offsets: Counter[str] = Counter()
    intervals = []
    for since, until in zip([0, *watermarks], watermarks, strict=False):
        inside = [one for one in told if since <= one.at < until and _of(one) == partition]
        if shuffle:
            shuffle.shuffle(inside)
        raws = []
        for one in inside:
            topic = TOPIC_OF[one.type]
            raws.append(KafkaRecord(topic, partition, offsets[topic], one.at, one.customer.encode(), encode_event(one)))
            offsets[topic] += 1
        intervals.append(WatermarkInterval(raws, until))
    return intervals


def _of(one: AnyEvent) -> int:
    return partition_of(one.customer, PARTITIONS)


@pytest.fixture(scope="module")
def told() -> list[AnyEvent]:
    return life(1)


@pytest.fixture(scope="module")
def expected(told: list[AnyEvent]) -> Left:
    left = replayed(told, marks_each(HOUR))
    assert len(left.actions) > 10
    assert len(left.almanacs) >= DAYS - 1
    return left


def test_the_same_events_leave_the_same_bytes(told: list[AnyEvent], expected: Left) -> None:
    assert replayed(told, marks_each(HOUR)) == expected


@pytest.mark.parametrize("span", [7 * MINUTE, 5 * HOUR, DAY, 3 * DAY], ids=["minutes", "hours", "a day", "days"])
def test_where_marks_are_set_does_not_matter(told: list[AnyEvent], expected: Left, span: Millis) -> None:
    assert replayed(told, marks_each(span)) == expected


def test_the_order_of_arrival_between_two_marks_does_not_matter(told: list[AnyEvent], expected: Left) -> None:
    assert replayed(told, marks_each(DAY), Random(5)) == expected


@pytest.mark.parametrize(("events", "customers", "due"), [(1, 1, 1), (3, 2, 2), (400, 1, 64), (2, 64, 1)])
def test_the_size_of_portions_does_not_matter(
    told: list[AnyEvent], expected: Left, monkeypatch: pytest.MonkeyPatch, events: int, customers: int, due: int
) -> None:
    monkeypatch.setattr(Lane, "bounds", BatchLimits(events, customers, due))

    assert replayed(told, marks_each(DAY)) == expected


def test_each_event_sent_twice_changes_nothing(told: list[AnyEvent], expected: Left) -> None:
    assert replayed([one for one in told for _ in range(2)], marks_each(HOUR)) == expected


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10_000), st.sampled_from([11 * MINUTE, 2 * HOUR, DAY]), st.integers(1, 5), st.integers(1, 4))
def test_any_life_is_the_same_however_it_is_cut(seed: int, span: Millis, events: int, due: int) -> None:
    some = life(seed, events=40, customers=4)
    whole = replayed(some, marks_each(3 * DAY))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lane, "bounds", BatchLimits(events, 64, due))
        assert replayed(some, marks_each(span), Random(seed)) == whole
