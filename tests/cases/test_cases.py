"""Situations that real shops report, taken through the very code that ``tend rehearse`` runs.

The files are the situations as they were found; beside each kind stand further ones. docs/reality.md lists the kinds.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from agents.rehearsal import EventLine, Rehearsed, read_lines, rehearse
from rules.loading import shipped
from schemas.outcome import Reason
from schemas.readings import points_balance
from schemas.record import CustomerRecord
from schemas.times import to_millis

HERE = Path(__file__).parent


def moment(day: str) -> int:
    return to_millis(datetime.fromisoformat(f"{day}T00:00:00+00:00"))


def case(name: str, until: str = "") -> Rehearsed:
    """A situation as it was found."""
    return rehearse(read_lines(HERE / f"{name}.jsonl"), shipped(), moment(until) if until else None)


def told(*events: dict[str, Any], until: str = "") -> Rehearsed:
    """A situation told here; a customer who can be reached by e-mail, and allows it, goes before."""
    before = [
        {
            "type": "customer.registered",
            "time": "2026-03-02T12:00:00Z",
            "email": "mia@example.org",
            "zone": "Europe/Berlin",
        },
        {"type": "consent.granted", "time": "+1 minute", "channel": "email", "purpose": "marketing"},
    ]
    told = [*before, *events]
    lines = [EventLine(number, orjson.dumps({"customer": "c-1", **one})) for number, one in enumerate(told, start=1)]
    return rehearse(lines, shipped(), moment(until) if until else None)


def record(done: Rehearsed, who: str = "c-1") -> CustomerRecord:
    return done.customers[who].record


def given(done: Rehearsed, rule: str) -> list[str]:
    """The days on which a rule gave something out."""
    return [action.decided_at.strftime("%m-%d") for action in done.actions() if action.rule == rule]


def order(time: str, order_id: str = "o-1", amount: int = 10_000, **more: Any) -> dict[str, Any]:
    return {"type": "order.placed", "time": time, "order_id": order_id, "amount": amount, "currency": "EUR", **more}


def news(kind: str, time: str = "+1 hour", order_id: str = "o-1", **more: Any) -> dict[str, Any]:
    return {"type": kind, "time": time, "order_id": order_id, **more}


class TestGoodsAndMoney:
    """The state of an order's goods and that of its money are two things."""

    def test_a_part_of_the_money_given_back_does_not_end_the_order(self) -> None:
        late = case("a_partial_refund", "2026-03-20")
        never = case("a2_never_delivered", "2026-04-20")

        assert given(late, "late_delivery_apology") == given(never, "late_delivery_apology") == ["03-06"]
        assert given(late, "delivery_survey") == [], "who got an apology is not asked how the delivery was"
        (found,) = late.customers["c-1"].orders.orders  # type: ignore[union-attr]  # there is a book
        assert (found.status, found.money, found.refunded) == ("delivered", "part_refunded", 1_500)

    def test_who_got_a_part_of_the_money_back_is_asked_about_the_delivery_all_the_same(self) -> None:
        done = told(
            order("2026-03-03T12:00:00Z", promised_at="2026-03-06T20:00:00Z"),
            news("order.delivered", "+1 day"),
            news("refund.paid", refund="r-1", amount=1_500),
            until="2026-03-10",
        )

        assert given(done, "delivery_survey") == ["03-05"]

    def test_what_is_cancelled_after_a_part_was_given_back_is_cancelled(self) -> None:
        done = case("b_refund_then_cancel", "2026-03-20")

        purchases = record(done).purchases
        assert (purchases.spent, purchases.cancelled, record(done).points.lots) == (0, 1, [])
        assert given(done, "second_order_coupon") == []
        assert record(done).segment.stage == "prospect"
        assert record(done).segment.activity == "none"

    def test_an_edited_order_has_its_new_amount_whether_told_as_an_update_or_as_the_order_again(self) -> None:
        again = case("c_order_edited")
        update = told(order("+1 day"), news("order.updated", amount=25_000))

        assert record(again).purchases.spent == record(update).purchases.spent == 25_000
        assert record(again).purchases.count == record(update).purchases.count == 1
        assert sum(lot.points for lot in record(update).points.lots) == 250

    def test_a_refund_told_by_two_systems_under_one_reference_is_given_back_once(self) -> None:
        shop, provider = "refund.requested", "refund.paid"
        done = told(
            order("+1 day"),
            news("order.returned", amount=3_000, refund="r-1"),
            news(provider, amount=3_000, refund="r-1"),
            news(shop, amount=3_000, refund="r-1"),
            news(provider, amount=500),
        )

        assert record(done).purchases.spent == 10_000 - 3_000 - 500

    def test_an_order_restored_counts_again_and_is_waited_for_again(self) -> None:
        done = told(
            order("+1 day", promised_at="2026-03-06T12:00:00Z"),
            news("order.cancelled"),
            news("order.restored"),
            until="2026-03-08",
        )

        assert (record(done).purchases.spent, record(done).purchases.cancelled) == (10_000, 0)
        assert given(done, "late_delivery_apology") == ["03-06"]

    def test_goods_exchanged_move_no_money(self) -> None:
        done = told(order("+1 day"), news("order.delivered"), news("order.exchanged", reason="too small"))

        assert record(done).purchases.spent == 10_000
        assert record(done).purchases.returned == 0

    def test_points_are_spent_once_under_one_reference(self) -> None:
        spent = {"type": "points.redeemed", "time": "+1 day", "points": 30, "reference": "red-1"}
        done = told(order("+1 day"), spent, {**spent, "id": "the till again"})

        assert points_balance(record(done).points) == 70

    def test_a_number_used_again_next_year_is_another_order(self) -> None:
        done = case("receipt_numbers_restart")

        assert (record(done).purchases.count, record(done).purchases.spent) == (2, 7_000)


class TestLateAndEarly:
    """What comes late counts at its own time; what comes early waits for what it refers to."""

    @pytest.mark.parametrize("name", ["d_resolved_first", "d2_same_second"])
    def test_a_complaint_resolved_before_it_was_opened_is_closed(self, name: str) -> None:
        done = case(name, "2026-03-20")

        assert not any(one.is_open for one in record(done).complaints.recent)
        assert given(done, "complaint_escalated") == []

    def test_it_holds_no_greeting_back(self) -> None:
        done = case("d3_blocks_birthday", "2026-06-01")

        assert given(done, "birthday_greeting") == ["03-20"]

    def test_a_closed_number_opened_again_is_a_reopening(self) -> None:
        opened = {"type": "complaint.opened", "time": "+1 hour", "complaint_id": "k-1", "category": "delivery"}
        closed = {"type": "complaint.resolved", "time": "+1 hour", "complaint_id": "k-1"}
        done = told(opened, closed, {**opened, "time": "+2 days"})

        (complaint,) = record(done).complaints.recent
        assert (complaint.is_open, complaint.reopened) == (True, 1)
        assert record(done).complaints.total == 1

    def test_an_order_of_last_month_makes_nobody_active_today_and_is_not_thanked_for(self) -> None:
        visit = {"type": "product.viewed", "time": "2026-04-20T12:00:00Z", "sku": "s-1"}
        done = told(visit, order("2026-03-04T12:00:00Z"))

        assert record(done).purchases.last == to_millis(datetime.fromisoformat("2026-03-04T12:00:00+00:00"))
        assert record(done).segment.activity == "cooling"
        assert given(done, "first_order_thanks") == []

    def test_a_complaint_that_comes_late_reaches_the_desk(self) -> None:
        visit = {"type": "product.viewed", "time": "2026-04-20T12:00:00Z", "sku": "s-1"}
        late = {"type": "complaint.opened", "time": "2026-03-20T12:00:00Z", "complaint_id": "k-1", "category": "safety"}
        done = told(visit, late)

        assert [action.rule for action in done.actions() if action.channel == "desk"] != []
        assert record(done).complaints.total == 1

    def test_a_survey_of_last_month_counts_though_much_was_heard_since(self) -> None:
        seen = [
            {"type": "consent.granted", "time": "+1 day", "channel": "sms", "purpose": "service"} for _ in range(40)
        ]
        answer = {"type": "survey.answered", "time": "2026-03-05T12:00:00Z", "scores": {"overall": 2}}
        done = told(*seen, answer)

        assert record(done).satisfaction.last_overall == 2

    def test_times_are_written_as_rfc_3339_and_nothing_else(self) -> None:
        done = case("times_as_digits")

        assert [step.line for step in done.steps if step.refused.startswith("wrong_field: time")] == [1, 2, 3, 4, 5, 6]


class TestPatches:
    """A field left out changes nothing, null or nothing clears, a bad optional field does not spoil the event."""

    @pytest.mark.parametrize("name", ["g_lunar_update", "g2_calendar_alone"])
    def test_a_birthday_keeps_its_calendar_and_a_calendar_comes_alone(self, name: str) -> None:
        assert record(case(name)).profile.lunar

    @pytest.mark.parametrize("nothing", [None, ""])
    @pytest.mark.parametrize("field", ["email", "name", "birthday", "zone", "locale", "region", "household_size"])
    def test_what_is_told_as_nothing_is_cleared(self, field: str, nothing: str | None) -> None:
        known = {"name": "Mia", "birthday": "1990-03-12", "locale": "de", "region": "north", "household_size": 2}
        update = {"type": "customer.updated", "time": "+1 day"}

        done = told({**update, **known}, {**update, field: nothing})

        assert not getattr(record(done).profile, field)
        assert record(done).profile.email or field == "email"

    def test_a_phone_number_can_be_taken_back(self) -> None:
        assert record(case("h_clear")).profile.phone == ""

    def test_a_bad_optional_field_is_left_out_and_counted(self) -> None:
        done = case("i_optional_bad")

        assert not any(step.refused for step in done.steps)
        assert sum(step.codes.get("field_left_out", 0) for step in done.steps) == 7

    @pytest.mark.parametrize(
        ("zone", "meant"),
        [("europe/berlin", "Europe/Berlin"), ("UTC+8", "Etc/GMT-8"), ("GMT-5", "Etc/GMT+5"), ("Mars/Base", "")],
    )
    def test_a_zone_is_the_one_that_is_meant_or_none(self, zone: str, meant: str) -> None:
        done = told({"type": "customer.updated", "time": "+1 day", "zone": zone})

        assert record(done).profile.zone == meant
        assert done.steps[-1].codes == ({} if meant else {"unknown_zone": 1})

    def test_nobody_is_written_to_at_night_for_a_zone_in_other_letters(self) -> None:
        done = case("z_zone", "2026-03-03")

        assert all(9 <= action.decided_at.hour + 8 < 20 for action in done.actions("c-sh"))


class TestReleasedOnFactsOfNow:
    """What was held is decided on the facts as they are when it is released."""

    def test_nobody_is_apologised_to_for_an_order_cancelled_meanwhile(self) -> None:
        promised = order("+1 day", promised_at="2026-03-05T20:00:00Z")
        done = told(promised, news("order.cancelled", "2026-03-06T01:00:00Z"), until="2026-03-10")

        assert given(done, "late_delivery_apology") == []

    def test_an_apology_given_after_the_delivery_says_that_it_came(self) -> None:
        promised = order("+1 day", promised_at="2026-03-05T20:00:00Z")
        done = told(promised, news("order.delivered", "2026-03-06T06:00:00Z"), until="2026-03-10")

        (apology,) = [action for action in done.actions() if action.rule == "late_delivery_apology"]
        assert "came late" in apology.text or "later" in apology.text

    def test_a_birthday_is_greeted_on_the_day_or_not_at_all(self) -> None:
        done = case("birthday_after_coupon", "2026-03-20")

        assert set(given(done, "birthday_greeting")) <= {"03-12"}

    def test_a_greeting_held_past_its_day_has_expired(self) -> None:
        born = {"type": "customer.updated", "time": "+1 hour", "birthday": "03-12"}
        coupon = {"type": "cart.item_added", "time": "2026-03-11T12:00:00Z", "cart_id": "k", "sku": "s", "price": 5000}
        done = told(born, order("+1 day"), {**coupon, "currency": "EUR"}, until="2026-03-20")

        decisions = [one for step in done.steps for one in step.decisions if one.rule == "birthday_greeting"]
        assert given(done, "birthday_greeting") in ([], ["03-12"])
        assert given(done, "birthday_greeting") or decisions[-1].reason is Reason.EXPIRED


class TestWhatIsToldIsRead:
    """An address that failed for good is not used until it changes."""

    def test_another_channel_takes_over(self) -> None:
        done = case("e_hard_bounce", "2026-03-20")

        assert [action.channel for action in done.actions() if action.rule == "first_order_thanks"] == ["sms"]

    @pytest.mark.parametrize(("email", "reached"), [("new@example.org", True), ("mia@example.org", False)])
    def test_only_a_new_address_ends_it(self, email: str, reached: bool) -> None:
        failed = {"type": "receipt.failed", "time": "+1 hour", "action_id": "$welcome", "permanent": True}
        done = told(failed, {"type": "customer.updated", "time": "+1 day", "email": email}, order("+1 day"))

        assert bool(given(done, "first_order_thanks")) is reached

    def test_a_mailbox_that_was_only_full_is_tried_again(self) -> None:
        failed = {"type": "receipt.failed", "time": "+1 hour", "action_id": "$welcome", "permanent": False}

        assert given(told(failed, order("+1 day")), "first_order_thanks") != []


class TestTheWayBack:
    """Who registers again after having been forgotten is a new customer."""

    def test_they_are_welcomed_and_their_complaint_reaches_a_desk(self) -> None:
        done = case("f_erased_back", "2027-05-01")

        assert len(given(done, "welcome")) == 2
        assert given(done, "complaint_routed") != []
        assert record(done).purchases.count == 1

    def test_an_order_alone_is_no_way_back(self) -> None:
        done = told({"type": "erasure.requested", "time": "+1 day"}, order("+1 day"))

        assert record(done).erased
        assert record(done).purchases.count == 0

    def test_a_registration_from_before_the_erasure_that_comes_late_is_none_either(self) -> None:
        again = {"type": "customer.registered", "time": "2026-03-02T13:00:00Z", "email": "mia@example.org"}
        done = told({"type": "erasure.requested", "time": "+1 day"}, again)

        assert record(done).erased
        assert record(done).profile.email == ""


def test_nobody_is_won_back_at_the_moment_of_an_order() -> None:
    done = told(order("+1 day"), order("+30 days", "o-2"), order("+30 days", "o-3"))

    woken = [one for step in done.steps if step.what == "order.placed" for one in step.not_true]
    assert not any(one.rule.startswith("win_back") for one in woken)
