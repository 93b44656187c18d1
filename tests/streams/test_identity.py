"""Two ids that turn out to be one customer: their lives become one, wherever each is kept and whenever news comes."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.loading import shipped
from schemas.events import AnyEvent, decode_event
from schemas.given_out import MAX_SPENT, Sent
from schemas.ids import short_key
from schemas.outcome import Decision, Reason
from schemas.readings import points_balance
from schemas.record import CustomerRecord
from schemas.times import DAY
from streams.customer import Customer
from streams.pipeline import fire_timers, handle, new_customer
from tests.builders import START, event, lane_context, listening, placed, when
from tests.lives import ACTION, random_life
from tests.streams.test_order_of_arrival import END, LIVES, essence, essence_of

BOTH = ("guest", "c-1")
EXACT = ("orders", "first", "last", "gaps", "lengths", "log_gaps", "log_amounts")


class World:
    """Customers, each in a lane of their own; what one lane sends to another arrives when it is told to."""

    def __init__(self, rulebook: Any = None) -> None:
        self.lane = lane_context(rulebook or listening())
        self.customers: dict[str, Customer] = {}
        self.under_way: list[AnyEvent] = []
        self.codes: dict[str, int] = {}
        self.actions: list[tuple[str, str]] = []
        self.decisions: list[Decision] = []

    def happens(self, *events: AnyEvent) -> World:
        for one in events:
            who = self.customers.setdefault(one.customer, new_customer(one.customer, START - DAY, self.lane))
            rung = fire_timers(who, one.at, self.lane)
            self.actions += [(action.customer, action.rule) for action in rung.actions]
            outcome = handle(who, one, self.lane, max(one.at, who.record.seen))
            for code, count in outcome.codes.items():
                self.codes[code] = self.codes.get(code, 0) + count
            self.actions += [(action.customer, action.rule) for action in outcome.actions]
            self.decisions += outcome.decisions
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


def _check_merge(life: list[AnyEvent], dice: Any) -> None:
    """Events under two ids in any order, the word that they are one among them, are those of one life."""
    world = World()
    for who in ("guest", "c-1"):
        world.customers[who] = new_customer(who, START - DAY, world.lane)
    world.record("guest").sent = [Sent(short_key(bytes.fromhex(ACTION)), 1, START, "email", "service")]
    told = [under(_told_under(one, dice), one) for one in life]
    dice.shuffle(told)
    told.insert(dice.randrange(len(told) + 1), known_as("guest", "c-1", when(dice.randrange(60))))

    for one in told:
        world.happens(one)
        if dice.random() < 0.3:
            world.arrive(dice, most=1)
    world.arrive(dice)
    fire_timers(world.customers["c-1"], END, world.lane)

    assert essence_of(world.customers["c-1"]) == essence(life)
    assert world.record("guest").merged_into == "c-1"
    assert [one.id for one in world.record("c-1").merged] == ["guest"]


def _told_under(one: AnyEvent, dice: Any) -> str:
    """Receipts come under the id that the action went to, all else under either."""
    if one.type.startswith("receipt."):
        return "guest"
    return "guest" if dice.random() < 0.5 else "c-1"


@pytest.mark.timeout(3_600)
def test_a_merged_life_is_one_life_with_the_same_events() -> None:
    for seed in range(LIVES):
        dice = Random(seed)
        life = random_life(dice)
        try:
            _check_merge(life, dice)
        except AssertionError as difference:
            raise AssertionError(f"life {seed}: {difference}") from difference


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


def test_what_was_given_out_under_one_id_is_not_given_out_under_the_other() -> None:
    world = World(shipped()).happens(
        event("complaint.opened", when(1), who="guest", complaint_id="p-1", category="delivery"),
        known_as("guest", "c-1", when(1, hours=1)),
    )
    world.arrive().happens(event("complaint.updated", when(1, hours=2), complaint_id="p-1", text="The box was open."))

    assert [one for one in world.actions if one[1] == "complaint_routed"] == [("guest", "complaint_routed")]


def test_what_is_held_under_the_old_id_waits_on() -> None:
    night = when(hours=15)
    world = World(shipped()).happens(
        event("customer.registered", who="guest", email="mia@example.org", zone="Europe/London"),
        placed(night, "o-1", who="guest"),
    )
    held = [one.rule for one in world.record("guest").held]
    world.happens(known_as("guest", "c-1", night + 1_000)).arrive()
    assert held == ["first_order_thanks"] == [one.rule for one in world.record("c-1").held]

    world.happens(event("product.viewed", when(1), sku="s-1"))
    assert ("c-1", "first_order_thanks") in world.actions


def test_of_two_held_for_one_occasion_one_waits_on_and_the_ledger_says_so() -> None:
    night = when(hours=15)
    world = World(shipped()).happens(
        *(event("customer.registered", who=who, email="mia@example.org", zone="Europe/London") for who in BOTH),
        *(placed(night, f"o-{who}", who=who) for who in BOTH),
        known_as("guest", "c-1", night + 1_000),
    )
    world.arrive()

    assert [one.rule for one in world.record("c-1").held] == ["first_order_thanks"]
    assert [one.reason for one in world.decisions if "another id" in one.detail] == [Reason.NO_LONGER_TRUE]


def test_of_two_full_memories_what_was_given_out_stays_known() -> None:
    given = [bytes([1, 0, number, 4 | 2]) for number in range(MAX_SPENT - 6)]
    refused = [bytes([2, 0, number, 4]) for number in range(MAX_SPENT)]
    world = World().happens(placed(who="guest"), placed(order_id="o-2"))
    world.record("guest").spent, world.record("c-1").spent = b"".join(given), b"".join(refused)
    world.happens(known_as("guest", "c-1", when(1))).arrive()

    ring = world.record("c-1").spent
    assert len(ring) == 4 * MAX_SPENT
    assert all(entry in ring for entry in given)


def test_feedback_of_either_life_sent_again_much_later_counts_once() -> None:
    praise = [event("feedback.given", when(day), who="guest", kind="praise", topic=f"t-{day}") for day in range(4)]
    later = [event("feedback.given", when(10 + day), kind="question", topic=f"t-{day}") for day in range(12)]
    world = World().happens(*praise, known_as("guest", "c-1", when(5))).arrive()
    world.happens(*later, *praise).arrive()

    talks = world.record("c-1").talks
    assert talks is not None
    assert (talks.praise, talks.questions) == (4, 12)


def test_what_is_sent_again_under_the_old_id_does_not_overtake_the_life_that_knows_it() -> None:
    praise = event("feedback.given", who="guest", kind="praise")
    world = World().happens(praise, known_as("guest", "c-1", when(1)), praise)

    assert [one.type for one in world.under_way] == ["customer.merged"]
    world.arrive()
    talks = world.record("c-1").talks
    assert talks is not None
    assert talks.praise == 1


def test_points_told_as_spent_under_both_ids_are_spent_once_whichever_word_comes_first() -> None:
    def spent(number: int, who: str) -> AnyEvent:
        return event("points.redeemed", when(number), who=who, points=20, reference="red-1", id=f"till-{number}")

    known = known_as("guest", "c-1", when(2))
    for told in ([spent(0, "guest"), spent(1, "c-1"), known], [spent(0, "guest"), known, spent(1, "c-1")]):
        world = World().happens(*told).arrive().happens(spent(3, "c-1"), spent(4, "guest")).arrive()

        points = world.record("c-1").points
        assert (points.redeemed, points.debt, len(points.spendings)) == (20, 20, 1)


def test_points_spent_on_an_order_that_both_ids_were_told_of_come_back_once() -> None:
    for cancelled in BOTH:
        twice = [
            told
            for who in BOTH
            for told in (
                placed(when(0), "o-1", 5_000, who=who),
                event("points.redeemed", when(0), who=who, points=20, reference="red-1", order_id="o-1"),
            )
        ]
        world = World().happens(placed(START, "earlier", 10_000), *twice)
        world.happens(
            event("order.cancelled", when(1), who=cancelled, order_id="o-1"), known_as("guest", "c-1", when(2))
        )

        points = world.arrive().record("c-1").points
        assert (points.redeemed, points_balance(points)) == (0, 100)


def test_points_that_lapsed_for_less_as_a_spending_was_told_twice_lapse_in_full_when_lives_become_one() -> None:
    twice = [event("points.redeemed", when(1), who=who, points=20, reference="red-1", id=f"till-{who}") for who in BOTH]
    world = World().happens(placed(when(0), "o-1", 5_000), *twice)
    earned = world.record("c-1").points.earned
    later = when(800)
    world.happens(event("product.viewed", later, sku="s"), known_as("guest", "c-1", later)).arrive()

    points = world.record("c-1").points
    assert earned > 20
    assert (points.redeemed, points.debt, points.lapsed) == (20, 0, earned - 20)


def test_a_visit_too_old_to_be_told_from_a_duplicate_does_not_overtake_the_life_that_counted_it() -> None:
    visits = [event("product.viewed", when(day), who="guest", sku="s") for day in range(200)]
    world = World().happens(*visits, known_as("guest", "c-1", when(201)), visits[0])

    assert [one.type for one in world.under_way] == ["customer.merged"]


def test_lives_of_ids_that_begin_alike_are_told_apart() -> None:
    alike = "crm:customers:identified:2026-03-02T12:00:00.000Z:batch-0000000"
    world = World()
    for number in (1, 2):
        who = f"guest-{number}"
        word = event("customer.identified", when(1), who=who, into="c-1", id=f"{alike}{number}")
        world.happens(placed(order_id=f"o-{number}", who=who), word)
    world.arrive()

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
