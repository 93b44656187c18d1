"""What decisions leave in the record."""

from __future__ import annotations

from schemas.given_out import MAX_COUPONS, MAX_LAST_FIRED, Coupon
from schemas.times import DAY
from tests.rules.moments import NOON, Moments, customer, rule, rules

TERMS = {"percent": 5, "valid": "10 days", "prefix": "TEST"}
GIFT = rule(actions=[{"kind": "coupon", "channel": "email", "text": "hello", "coupon": TERMS}])
UNCAPPED: dict[str, list[str]] = {"caps": []}


def test_cooldowns_that_are_over_are_forgotten() -> None:
    short, long, once = (
        rule(id="short", cooldown="1 day"),
        rule(id="long", cooldown="9 days"),
        rule(id="x", cooldown="once"),
    )
    moments = Moments(rules(short, long, once, defaults=UNCAPPED))
    moments.when("order.placed", "o-1", NOON)
    assert len(moments.record.fired) == 3

    moments.when("order.placed", "o-2", NOON + 2 * DAY)

    known = [(moments.rulebook.rule_of(number), at) for number, at in moments.record.fired.items()]
    assert {one.id: at for one, at in known if one} == {"short": NOON + 2 * DAY, "long": NOON, "x": NOON}


def test_where_too_many_rules_rest_what_is_done_once_is_known_longest() -> None:
    some = [rule(id=f"r{n}", cooldown="900 days") for n in range(MAX_LAST_FIRED + 3)]
    moments = Moments(rules(*some, rule(id="first", cooldown="once", priority=999), defaults=UNCAPPED))

    moments.when("order.placed")

    known = [moments.rulebook.rule_of(number) for number in moments.record.fired]
    assert len(known) == MAX_LAST_FIRED
    assert "first" in [one.id for one in known if one]


def test_a_rule_without_cooldown_leaves_no_trace_there() -> None:
    moments = Moments(rules(rule()))
    moments.when("order.placed")

    assert moments.record.fired == {}


def test_of_too_many_coupons_the_one_that_lapses_first_makes_room() -> None:
    record = customer(coupons=[Coupon(f"C-{n}", 1, NOON + (n + 1) * DAY) for n in range(MAX_COUPONS)])
    moments = Moments(rules(GIFT), record)
    moments.when("order.placed")

    codes = [one.code for one in moments.record.coupons]
    assert len(codes) == MAX_COUPONS
    assert codes[:-1] == [f"C-{n}" for n in range(1, MAX_COUPONS)]


def test_coupons_that_are_used_or_over_make_room_first() -> None:
    used, over = Coupon("used", 1, NOON + DAY, redeemed=True), Coupon("over", 1, NOON - 1)
    moments = Moments(rules(GIFT), customer(coupons=[used, over, Coupon("good", 1, NOON + DAY)]))
    moments.when("order.placed")

    assert [one.code.partition("-")[0] for one in moments.record.coupons] == ["good", "TEST"]


def test_what_nothing_counts_is_kept_for_its_receipts_for_a_month() -> None:
    moments = Moments(rules(rule(), defaults=UNCAPPED))
    moments.when("order.placed", "o-1", NOON)
    moments.when("order.placed", "o-2", NOON + 29 * DAY)
    assert len(moments.record.sent) == 2

    moments.when("order.placed", "o-3", NOON + 31 * DAY)

    assert [one.at for one in moments.record.sent] == [NOON + 29 * DAY, NOON + 31 * DAY]
