"""Every fact: declared wholly, readable of everybody, and right."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rules.context import Churn
from rules.fact_types import FactType
from rules.facts import FACTS, Fact, FactReader
from rules.facts.customer import NEVER
from rules.language import compile_expression
from schemas.given_out import Coupon
from schemas.order_book import OrderBook
from schemas.profile import Profile
from schemas.record import VERSION, Browsing, CustomerRecord, Lot, Purchases, Satisfaction, Segment
from schemas.times import DAY, HOUR, MINUTE
from schemas.triggers import NOTICED
from tests.rules.moments import NOON, Moments, cart, complaint, customer, orders, rule, rules

TYPES = {FactType.INT: int, FactType.DOUBLE: float, FactType.STRING: str, FactType.BOOL: bool, FactType.STRINGS: list}
BOOK = rules(rule())


def known_customer() -> CustomerRecord:
    """Somebody of whom everything is known."""
    record = customer(cart=cart(4_000, checkout=True))
    record.profile = Profile(
        name="Anna",
        locale="en-GB",
        region="south",
        age_band="35-44",
        income_band="50-74K",
        household_size=3,
        tags=["vip"],
        zone="Asia/Tokyo",
        registered=NOON - 400 * DAY,
    )
    record.segment = Segment(tier="gold", stage="loyal", activity="active", value="high", rfm=543)
    record.purchases = Purchases(
        count=12,
        cancelled=2,
        returned=1,
        spent=100_000,
        currency="EUR",
        first=NOON - 300 * DAY,
        last=NOON - 3 * DAY - HOUR,
        late=1,
        delivered=9,
        bucket=NOON // (28 * DAY) - 1,
        counts=[1] * 13,
        amounts=[100] * 13,
    )
    record.browsing = Browsing(views=50, searches=5, empty_searches=1, visits=20, last=NOON - 2 * DAY, category="books")
    record.complaints.recent = [complaint(reopened=1), complaint(id="p-0", closed=NOON)]
    record.complaints.total = 4
    record.satisfaction = Satisfaction(counts=[2, 1], sums=[9, 3], last_overall=4)
    record.points.lots = [Lot(NOON + 5 * DAY, 100), Lot(NOON + 14 * DAY, 20), Lot(NOON + 15 * DAY, 7)]
    record.coupons = [
        Coupon("C-1", 1, NOON + 3 * DAY, percent=10),
        Coupon("C-2", 1, NOON + 3 * DAY, redeemed=True),
        Coupon("C-3", 1, NOON - 1),
    ]
    record.churn = [0.25]
    return record


def facts_of(record: CustomerRecord, trigger: str = "order.placed", ref: str = "o-1", **context: Any) -> FactReader:
    book = (
        orders("o-0", "o-1", placed=NOON - 50 * HOUR, promised=NOON - 30 * HOUR, delivered=NOON)
        if record.purchases.count
        else None
    )
    return FactReader(Moments(BOOK, record, **{"orders": book, **context}).context(trigger, ref, NOON))


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_it_is_declared_wholly(fact: Fact) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_][a-z0-9_]*", fact.name)
    assert fact.unit
    assert fact.meaning
    assert fact.meaning[0].islower()
    assert not fact.meaning.endswith(".")


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_it_has_a_value_of_its_kind_for_everybody(fact: Fact) -> None:
    stranger = CustomerRecord(VERSION, "c-0", created=NOON)

    for reader in (facts_of(stranger, ref=""), facts_of(known_customer())):
        assert type(reader[fact.name]) is TYPES[fact.kind], fact.name


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_it_can_be_used_in_a_condition(fact: Fact) -> None:
    plain = {
        FactType.INT: "0",
        FactType.DOUBLE: "0.0",
        FactType.STRING: "''",
        FactType.BOOL: "false",
        FactType.STRINGS: "[]",
    }

    compiled = compile_expression(f"{fact.name} == {plain[fact.kind]}", FactType.BOOL)

    assert compiled.uses == (fact.name,)
    assert isinstance(compiled.evaluate(facts_of(known_customer()).all(compiled.uses)), bool)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile.name", "Anna"),
        ("profile.tags", ["vip"]),
        ("profile.registered", True),
        ("profile.registered_days", 400),
        ("segment.tier", "gold"),
        ("segment.tier_rank", 3),
        ("segment.recency", 5),
        ("segment.frequency", 4),
        ("segment.monetary", 3),
        ("orders.count", 10),
        ("orders.average", 10_000),
        ("orders.year_count", 12),
        ("orders.year_spent", 1_200),
        ("orders.days_since_last", 3),
        ("browsing.days_since_last", 2),
        ("cart.open", True),
        ("cart.value", 4_000),
        ("cart.untouched_minutes", 60),
        ("satisfaction.index", 4.0),
        ("satisfaction.answers", 3),
        ("points.balance", 127),
        ("points.expiring", 120),
        ("points.last_day", "2026-03-09"),
        ("coupons.usable", 1),
        ("now.date", "2026-03-04"),
        ("now.hour", 21),
        ("now.weekday", 3),
        ("now.week", "2026-W10"),
        ("now.month", "2026-03"),
        ("now.quarter", "2026-Q1"),
        ("now.year", "2026"),
        ("order.id", "o-1"),
        ("order.amount", 5_000),
        ("order.status", "delivered"),
        ("order.days_late", 2),
        ("order.promised_on", "2026-03-03"),
        ("complaint.open", True),
        ("complaints.total", 4),
        ("churn.known", True),
        ("churn.probability", 0.25),
        ("churn.trusted", False),
    ],
)
def test_it_is_right(name: str, value: object) -> None:
    assert facts_of(known_customer())[name] == value


def test_what_never_happened_is_long_ago() -> None:
    reader = facts_of(CustomerRecord(VERSION, "c-0", created=NOON), ref="")

    assert reader["orders.days_since_last"] == NEVER
    assert reader["browsing.days_since_last"] == NEVER


def test_a_complaint_is_found_by_what_the_trigger_is_about() -> None:
    reader = facts_of(known_customer(), "complaint.opened", "p-1")

    assert (reader["complaint.id"], reader["complaint.category"], reader["complaint.urgency"]) == (
        "p-1",
        "delivery",
        "normal",
    )
    assert reader["complaint.deadline"] == NOON + 48 * HOUR
    assert (reader["complaint.due_on"], reader["complaint.reopened"]) == ("2026-03-06", 1)
    assert reader["complaint.this_open"] is True
    assert facts_of(known_customer(), "complaint.breached", "p-0")["complaint.this_open"] is False


def test_a_coupon_is_found_by_its_code() -> None:
    reader = facts_of(known_customer(), "coupon.expiring", "C-1")

    assert (reader["coupon.code"], reader["coupon.percent"], reader["coupon.usable"]) == ("C-1", 10, True)
    assert reader["coupon.last_day"] == "2026-03-07"
    assert facts_of(known_customer(), "coupon.expiring", "C-2")["coupon.usable"] is False


def test_a_festival_is_named_by_the_trigger() -> None:
    assert facts_of(known_customer(), "festival", "lunar_new_year-2026")["festival.id"] == "lunar_new_year"


def test_a_fresh_score_goes_before_the_last_known_one() -> None:
    score = Churn(0.9, 0.8, 0.95, trusted=True, labels=7, causes=lambda: ("first", "second"))
    reader = facts_of(known_customer(), "churn.scored", "1", churn=score)

    names = ("probability", "low", "high", "trusted", "labels", "cause")
    assert [reader[f"churn.{name}"] for name in names] == [0.9, 0.8, 0.95, True, 7, "first"]


def test_what_the_trigger_brings_along_goes_before_the_record() -> None:
    moments = Moments(BOOK, known_customer(), orders=OrderBook())
    context = moments.context("order.placed", "o-9", NOON, **{"order.amount": 77, "cart.value": 1})
    reader = FactReader(context)

    assert reader["order.amount"] == 77
    assert reader["cart.value"] == 4_000, "only facts of the moment can be brought along"


def test_each_fact_is_read_once() -> None:
    calls = []
    score = Churn(0.9, 0.8, 0.95, trusted=True, causes=lambda: (calls.append(1), ("x",))[1])  # type: ignore[func-returns-value]  # counts
    reader = facts_of(known_customer(), churn=score)

    assert [reader["churn.cause"], reader["churn.cause"]] == ["x", "x"]
    assert len(calls) == 1


def test_the_name_of_every_trigger_can_be_asked_for() -> None:
    for name in NOTICED:
        assert facts_of(known_customer(), name, "")["trigger.name"] == name


def test_a_cart_untouched_for_a_while_is_counted_in_whole_minutes() -> None:
    record = customer(cart=cart(touched=NOON - 61 * MINUTE - 59_000))

    assert facts_of(record)["cart.untouched_minutes"] == 61
