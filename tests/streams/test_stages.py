"""The life cycle."""

from __future__ import annotations

from schemas.readings import BUCKET, STAGES
from schemas.record import Purchases, Segment
from schemas.times import DAY
from streams.pipeline import handle
from streams.stages import stage
from tests.builders import START, Life, event, lane_context, listening, placed, when
from tests.rules.moments import rule, rules

NUMBERS = listening().defaults.stages


def reached(days: int, orders: int, before: str = "", since_days: int = 0, churn: float | None = None) -> str:
    last = START - days * DAY
    purchases = Purchases(count=orders, last=last, bucket=last // BUCKET, counts=[orders], amounts=[0])
    return stage(Segment(stage=before, since=START - since_days * DAY), purchases, NUMBERS, START, churn)


def test_orders_lead_from_prospect_to_loyal() -> None:
    assert [reached(0, orders) for orders in (0, 1, 2, 9, 10)] == ["prospect", "first", "repeat", "repeat", "loyal"]


def test_time_without_an_order_leads_to_at_risk_and_dormant() -> None:
    assert [reached(days, 5) for days in (44, 45, 89, 90)] == ["repeat", "at_risk", "at_risk", "dormant"]


def test_a_churn_probability_that_may_be_acted_on_puts_at_risk_before_that() -> None:
    assert [reached(3, 5, churn=churn) for churn in (None, 0.59, 0.6)] == ["repeat", "repeat", "at_risk"]


def test_who_comes_back_from_dormancy_is_won_back_for_a_while() -> None:
    assert reached(0, 5, before="dormant") == "won_back"
    assert reached(9, 5, before="won_back", since_days=29) == "won_back"
    assert reached(9, 5, before="won_back", since_days=30) == "repeat"


def test_who_was_won_back_may_be_lost_again() -> None:
    assert reached(45, 5, before="won_back", since_days=20) == "at_risk"


def test_who_cancels_the_only_order_is_a_prospect_again() -> None:
    life = Life()
    life.happens(placed())
    assert life.record.segment.stage == "first"

    life.happens(event("order.cancelled", when(1), order_id="o-1"))
    assert life.record.segment.stage == "prospect"


def test_a_life_passes_the_stages_and_each_change_is_noticed_once() -> None:
    life = Life()
    passed = [life.record.segment.stage]

    def goes_on(stage: str) -> None:
        if stage != passed[-1]:
            passed.append(stage)

    for number in range(3):
        life.happens(placed(when(number), order_id=f"o-{number}"))
        goes_on(life.record.segment.stage)
    for week in range(20):
        life.until(when(week * 7))
        goes_on(life.record.segment.stage)
    life.happens(placed(when(150), order_id="o-9"))
    goes_on(life.record.segment.stage)
    life.until(when(190))
    goes_on(life.record.segment.stage)

    assert passed == ["prospect", "first", "repeat", "at_risk", "dormant", "won_back", "repeat"]
    assert life.heard.count("stage.changed") == len(passed) - 1
    assert set(passed) <= set(STAGES)


def test_who_is_known_by_an_order_of_long_ago_only_has_not_just_become_dormant() -> None:
    life = Life()
    life.happens(event("customer.registered", when(400), email="a@example.org"))
    handle(life.customer, placed(when(1)), life.lane, when(401))

    assert life.record.segment.stage == "dormant"
    assert "stage.changed" not in life.heard


def test_the_moment_of_a_change_is_kept() -> None:
    life = Life()
    life.happens(placed(when(1)))
    life.happens(event("product.viewed", when(2), sku="s-1"))

    assert life.record.segment.since == when(1)


def test_a_change_of_stage_or_tier_tells_what_was_before() -> None:
    told = rule(
        on=["stage.changed", "tier.upgraded", "tier.downgraded"],
        occasion="{trigger.name}: {trigger.previous} to {trigger.ref}",
    )
    at_once = {"tier_moves": {"qualify_days": 0, "stay_days": 0, "grace_days": 0}}
    life = Life(lane_context(rules(told, defaults=at_once)))

    outcome = life.happens(event("customer.registered", email="a@example.org"), placed(amount=60_000))
    outcome.decisions += life.until(when(100)).decisions

    changes = [decision.occasion for decision in outcome.decisions]
    assert changes[:2] == ["tier.upgraded: bronze to silver", "stage.changed: prospect to first"]
    assert "stage.changed: first to at_risk" in changes
    assert "stage.changed: at_risk to dormant" in changes
    assert "tier.downgraded: silver to bronze" in changes
