"""Two ids that turn out to be one customer: their lives become one, wherever each is kept and whenever news comes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.loading import shipped
from schemas.events import AnyEvent, decode_event
from schemas.record import CustomerRecord, Sent
from schemas.times import DAY
from streams.customer import Customer
from streams.pipeline import fire_timers, handle, new_customer
from tests.builders import START, event, lane_context, listening, placed, when
from tests.streams.test_order_of_arrival import ACTION, END, essence, essence_of, lives

EXACT = ("orders", "first", "last", "gaps", "lengths", "log_gaps", "log_amounts")


class World:
    """Customers, each in a lane of their own; what one lane sends to another arrives when it is told to."""

    def __init__(self, rulebook: Any = None) -> None:
        self.lane = lane_context(rulebook or listening())
        self.customers: dict[str, Customer] = {}
        self.under_way: list[AnyEvent] = []
        self.codes: dict[str, int] = {}
        self.actions: list[tuple[str, str]] = []

    def happens(self, *events: AnyEvent) -> World:
        for one in events:
            who = self.customers.setdefault(one.customer, new_customer(one.customer, START - DAY, self.lane))
            fire_timers(who, one.at, self.lane)
            outcome = handle(who, one, self.lane, max(one.at, who.record.seen))
            for code, count in outcome.codes.items():
                self.codes[code] = self.codes.get(code, 0) + count
            self.actions += [(action.customer, action.rule) for action in outcome.actions]
            self.under_way += [decode_event(passed.body) for passed in outcome.passed]
        return self

    def arrive(self, dice: Any = None, most: int = 10_000) -> World:
        """What is under way arrives, of each sender and customer in the order in which it was sent."""
        while self.under_way and most:
            place = dice.randrange(len(self.under_way)) if dice else 0
            first = self.under_way[place].customer
            place = next(n for n, one in enumerate(self.under_way) if one.customer == first)
            self.happens(self.under_way.pop(place))
            most -= 1
        return self

    def record(self, who: str) -> CustomerRecord:
        return self.customers[who].record


def under(who: str, one: AnyEvent) -> AnyEvent:
    """The same event, told of under another id."""
    return one.model_copy(update={"customer": who})


def known_as(who: str, into: str, at: int = START) -> AnyEvent:
    return event("customer.identified", at, who=who, into=into)


@pytest.mark.timeout(600)
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(lives(), st.randoms(use_true_random=False))
def test_a_merged_life_is_one_life_with_the_same_events(life: list[AnyEvent], dice: Any) -> None:
    world = World()
    for who in ("guest", "c-1"):
        world.customers[who] = new_customer(who, START - DAY, world.lane)
    world.record("guest").sent = [Sent(bytes.fromhex(ACTION)[:8], 1, START, "email", "service")]
    # Receipts come under the id that the action went to; everything else under either.
    told = [
        one.model_copy(
            update={"customer": "guest" if one.type.startswith("receipt.") or dice.random() < 0.5 else "c-1"}
        )
        for one in life
    ]
    told.insert(dice.randrange(len(told) + 1), known_as("guest", "c-1", when(dice.randrange(20))))

    for one in told:
        world.happens(one)
        if dice.random() < 0.3:
            world.arrive(dice, most=1)
    world.arrive(dice)
    fire_timers(world.customers["c-1"], END, world.lane)

    assert essence_of(world.customers["c-1"]) == essence(life)
    assert world.record("guest").merged_into == "c-1"
    assert [one.id for one in world.record("c-1").merged] == ["guest"]


@pytest.mark.parametrize("late", [False, True])
def test_what_the_model_knows_is_that_of_one_life(late: bool) -> None:
    orders = [placed(when(day), f"o-{day}", 1_000 + day) for day in (0, 3, 11, 18, 30, 41)]
    visits = [event("product.viewed", when(day, hours=1), sku="s") for day in (2, 9, 33)]
    whole = World().happens(*sorted([*orders, *visits], key=lambda one: one.at))
    halves = World()
    for number, one in enumerate(sorted([*orders, *visits], key=lambda one: one.at)):
        if number == 4 and not late:
            halves.happens(known_as("guest", "c-1", one.at)).arrive()
        halves.happens(under("guest" if number % 2 else "c-1", one)).arrive()
    halves.happens(known_as("guest", "c-1", when(42))).arrive()

    known, joint = whole.record("c-1").purchase_features, halves.record("c-1").purchase_features
    assert [getattr(known, name) for name in EXACT] == [getattr(joint, name) for name in EXACT]
    assert joint.counts == pytest.approx(known.counts, abs=5)
    assert known.signals is not None
    assert joint.signals is not None
    assert joint.signals.visits_season == pytest.approx(known.signals.visits_season, rel=0.01)


def test_nothing_is_thanked_for_twice() -> None:
    able = [
        event("customer.registered", who=who, email="mia@example.org", zone="Europe/London") for who in ("guest", "c-1")
    ]
    allowed = [event("consent.granted", who=who, channel="email", purpose="marketing") for who in ("guest", "c-1")]
    world = World(shipped()).happens(*able, *allowed, placed(when(1), "o-1", who="guest"))
    world.happens(known_as("guest", "c-1", when(2))).arrive()
    world.happens(placed(when(3), "o-2"))

    assert [rule for _, rule in world.actions].count("first_order_thanks") <= 1
    assert world.record("c-1").purchases.count == 2


def test_what_comes_later_under_the_old_id_goes_to_the_customer_in_any_number_of_steps() -> None:
    world = World().happens(known_as("phone", "guest"), known_as("guest", "c-1", when(1))).arrive()
    world.happens(placed(when(2), "o-1", who="phone")).arrive()

    assert world.record("c-1").purchases.count == 1
    assert world.record("phone").purchases.count == world.record("guest").purchases.count == 0
    assert [one.id for one in world.record("c-1").merged] == ["phone", "guest"]


def test_said_twice_it_happens_once() -> None:
    world = World().happens(placed(who="guest"), known_as("guest", "c-1"))
    world.happens(known_as("guest", "c-1", when(1))).arrive()

    assert world.codes["merged"] == 1
    assert world.record("c-1").purchases.count == 1


def test_said_to_be_somebody_else_later_it_stays_with_the_first() -> None:
    world = World().happens(placed(who="guest"), known_as("guest", "c-1"), known_as("guest", "c-2", when(1))).arrive()

    assert world.codes["identity_conflict"] == 1
    assert world.record("c-1").purchases.count == 1
    assert "c-2" not in world.customers


@pytest.mark.parametrize("who", ["c-1", "guest"])
def test_nobody_becomes_themselves(who: str) -> None:
    world = World().happens(known_as("guest", "c-1")).arrive().happens(known_as("c-1", who, when(1))).arrive()

    assert world.codes["identity_conflict"] == 1
    assert world.record("c-1").merged_into == ""


def test_what_was_refused_by_either_is_refused() -> None:
    world = World().happens(
        event("consent.granted", who="c-1", channel="email", purpose="marketing"),
        event("consent.withdrawn", when(1), who="guest", channel="email", purpose="marketing"),
        known_as("guest", "c-1", when(2)),
    )
    world.arrive()

    assert [one.granted for one in world.record("c-1").consents] == [False]


def test_who_asked_to_be_forgotten_stays_so() -> None:
    world = (
        World().happens(event("erasure.requested", who="c-1"), placed(who="guest"), known_as("guest", "c-1")).arrive()
    )

    assert world.record("c-1").erased
    assert world.record("c-1").purchases.count == 0
    assert world.record("guest").purchases.count == 0


def test_an_erasure_under_the_old_id_forgets_the_customer() -> None:
    world = World().happens(placed(), known_as("guest", "c-1")).arrive()
    world.happens(event("erasure.requested", when(1), who="guest")).arrive()

    assert world.record("c-1").erased


IDS = ("a", "b", "c", "d")
steps = st.lists(
    st.tuples(st.sampled_from(["order", "order", "known"]), st.sampled_from(IDS), st.sampled_from(IDS)), max_size=14
)


@pytest.mark.timeout(600)
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(steps, st.randoms(use_true_random=False))
def test_no_order_is_lost_or_counted_twice_whoever_is_said_to_be_whom(told: list[Any], dice: Any) -> None:
    world, orders = World(), 0
    for number, (what, who, other) in enumerate(told):
        if what == "order":
            orders += 1
            world.happens(placed(when(number), f"o-{number}", who=who))
        else:
            world.happens(known_as(who, other, when(number)))
        if dice.random() < 0.5:
            world.arrive(dice, most=1)
    world.arrive(dice, most=2_000)

    assert world.under_way == []
    assert sum(one.record.purchases.count for one in world.customers.values()) == orders
    for one in world.customers.values():
        assert not one.record.merged_into or one.record.purchases.count == 0
