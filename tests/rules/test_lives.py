"""The shipped rules in the life of a customer, as a lane would tell it: events, timers and releases together."""

from __future__ import annotations

import pytest

from rules.loading import shipped
from schemas.outcome import Outcome
from schemas.times import DAY, Millis
from tests.builders import Life, added, complained, event, lane_context, placed, when

Told = list[tuple[str, str, str]]


def told(outcome: Outcome) -> Told:
    """Rule, verdict and reason of each decision, in order."""
    return [(one.rule, one.verdict.value, one.reason.value if one.reason else "") for one in outcome.decisions]


@pytest.fixture
def anna() -> Life:
    """Anna of Berlin has opened an account and allowed everything."""
    life = Life(lane_context(shipped()))
    profile = {"name": "Anna", "email": "anna@example.com", "phone": "+4912345678", "zone": "Europe/Berlin"}
    life.happens(event("customer.registered", when(), locale="de", birthday="1990-04-10", **profile))
    for channel in ("email", "sms", "push", "call"):
        life.happens(event("consent.granted", when(minutes=1), channel=channel, purpose="marketing"))
    return life


def days(number: float) -> Millis:
    return when(days=number)


def test_from_the_first_order_to_the_second_offer(anna: Life) -> None:
    first = anna.happens(placed(days(1)))
    delivered = anna.happens(event("order.delivered", days(2), order_id="o-1"))
    later = anna.until(days(9))

    assert told(first) == [("first_order_thanks", "emitted", "")]
    assert told(delivered) == []
    assert told(later) == [("delivery_survey", "emitted", ""), ("second_order_coupon", "emitted", "")]
    assert [action.locale for action in later.actions] == ["de", "de"]


def test_a_coupon_given_is_reminded_of_unless_it_is_used(anna: Life) -> None:
    anna.happens(placed(days(1)), event("order.delivered", days(3), order_id="o-1"))
    anna.until(days(9))
    (coupon,) = anna.record.coupons

    reminded = told(anna.until(coupon.expires - 2 * DAY))
    assert [one for one in reminded if one[0] == "coupon_expiring"][-1] == ("coupon_expiring", "released", "")

    anna.until(coupon.expires + DAY)
    assert coupon.code not in [one.code for one in anna.record.coupons]


def test_a_coupon_that_was_used_is_not_reminded_of(anna: Life) -> None:
    anna.happens(placed(days(1)), event("order.delivered", days(3), order_id="o-1"))
    anna.until(days(9))
    (coupon,) = anna.record.coupons

    anna.happens(placed(days(10), "o-2", coupons=[coupon.code]))

    assert "coupon_expiring" not in [rule for rule, _, _ in told(anna.until(coupon.expires))]


def test_a_cart_left_at_night_is_spoken_of_in_the_morning(anna: Life) -> None:
    anna.happens(added(when(days=3, hours=9), price=4_000))

    night = anna.until(when(days=3, hours=12))
    morning = anna.until(when(days=4))

    assert told(night) == [("cart_left", "held", "quiet_hours")]
    assert told(morning) == [("cart_left", "released", "")]
    assert night.decisions[0].action_id == morning.actions[0].action_id


def test_a_cart_bought_meanwhile_is_not_spoken_of(anna: Life) -> None:
    anna.happens(added(when(days=3, hours=9), price=4_000))
    anna.until(when(days=3, hours=12))

    anna.happens(placed(when(days=3, hours=13), cart_id="k-1"))

    assert ("cart_left", "refused", "no_longer_true") in told(anna.until(when(days=4)))


def test_marketing_waits_for_the_complaint_and_goes_out_when_it_is_resolved(anna: Life) -> None:
    opened = anna.happens(complained(days(2)), added(when(days=2, hours=1), price=4_000))
    held = anna.until(when(days=2, hours=3))
    resolved = anna.happens(event("complaint.resolved", when(days=2, hours=5), complaint_id="p-1"))

    assert told(opened) == [("complaint_routed", "emitted", ""), ("complaint_acknowledged", "emitted", "")]
    assert told(held) == [("cart_left", "held", "open_complaint")]
    assert told(resolved) == [("cart_left", "released", "")]
    assert told(anna.until(days(5))) == [("complaint_follow_up", "emitted", "")]


def test_a_complaint_that_nobody_resolves_is_escalated(anna: Life) -> None:
    anna.happens(complained(days(2)))

    assert ("complaint_escalated", "emitted", "") in told(anna.until(days(5)))


def test_a_late_parcel_is_apologised_for_once(anna: Life) -> None:
    anna.happens(placed(days(1), promised=days(3)), event("order.dispatched", days(2), order_id="o-1"))

    overdue = told(anna.until(days(4)))
    arrived = told(anna.happens(event("order.delivered", days(5), order_id="o-1")))

    assert ("late_delivery_apology", "emitted", "") in overdue
    assert "late_delivery_apology" not in [rule for rule, _, _ in arrived]


def test_a_birthday_is_kept_in_the_customers_own_morning(anna: Life) -> None:
    anna.happens(placed(days(1)))

    greeted = [action for action in anna.until(days(45)).actions if action.rule == "birthday_greeting"]

    assert len(greeted) == 1
    assert greeted[0].text.startswith("Alles Gute zum Geburtstag.")
    assert greeted[0].decided_at.isoformat() >= "2026-04-10T08:00:00+00:00"


def test_who_stays_away_is_woken_up_once(anna: Life) -> None:
    anna.happens(placed(days(1)), placed(days(8), "o-2"))

    woken = [one for one in told(anna.until(days(150))) if one[0] == "dormant_wake_up" and one[1] != "held"]

    assert len(woken) == 1


def test_before_acting_begins_nobody_hears_anything_and_nothing_is_made_up_for_later() -> None:
    life = Life(lane_context(shipped(), act_from=days(20)))

    silent = life.happens(
        event("customer.registered", when(), email="anna@example.com", name="Anna"),
        placed(days(1)),
        placed(days(2), "o-2"),
    )
    after = life.happens(placed(days(21), "o-3"))

    assert (silent.actions, silent.decisions) == ([], [])
    assert [action.rule for action in after.actions] == []


def test_an_event_that_comes_twice_decides_nothing_twice(anna: Life) -> None:
    order = placed(days(1))
    anna.happens(order)
    before = anna.stored()

    assert told(anna.happens(order)) == []
    assert anna.stored() == before
