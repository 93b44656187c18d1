"""More situations that shops report, each a file for ``tend rehearse`` with its source, by kinds of docs/reality.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.rehearsal import Rehearsed, read_lines, rehearse
from rules.loading import shipped
from schemas.actions import AnyAction
from schemas.order_book import Order
from schemas.outcome import Reason
from schemas.readings import points_balance
from schemas.record import CustomerRecord
from schemas.times import to_datetime
from tests.cases.test_cases import given, moment, record

HERE = Path(__file__).parent / "reported"


def case(name: str, until: str = "2026-04-20") -> Rehearsed:
    return rehearse(read_lines(HERE / f"{name}.jsonl"), shipped(), moment(until))


def known(done: Rehearsed, order_id: str = "o-1", who: str = "c-1") -> Order:
    book = done.customers[who].orders
    return next(one for one in (book.orders if book else ()) if one.id == order_id)


def said(done: Rehearsed, rule: str) -> list[AnyAction]:
    return [action for action in done.actions() if action.rule == rule]


def refused(done: Rehearsed, rule: str) -> set[Reason | None]:
    return {one.reason for step in done.steps for one in step.decisions if one.rule == rule and one.reason}


def test_every_file_says_where_it_was_reported_and_is_looked_at_here() -> None:
    told = Path(__file__).read_text(encoding="utf-8")
    for file in HERE.glob("*.jsonl"):
        story, source = file.read_text(encoding="utf-8").splitlines()[:2]
        assert story.startswith("// ")
        assert source.startswith(("// https://github.com/", "// Thought up"))
        assert f'"{file.stem}"' in told, "a situation that nobody expects anything of"


class TestGoodsAndMoney:
    def test_no_more_is_given_back_than_was_paid(self) -> None:
        done = case("refunds_beyond_the_total")

        assert (known(done).money, known(done).refunded) == ("refunded", 5_000)
        assert (record(done).purchases.spent, points_balance(record(done).points)) == (0, 0)

    def test_an_edit_after_a_refund_takes_neither_back(self) -> None:
        assert record(case("edited_after_a_refund")).purchases.spent == 12_000 - 3_000

    @pytest.mark.parametrize("name", ["paid_back_before_it_left", "paid_back_while_it_was_held"])
    def test_who_has_all_money_back_is_not_told_that_the_order_is_late(self, name: str) -> None:
        done = case(name)

        assert said(done, "late_delivery_apology") == []
        assert said(done, "delivery_survey") == []

    def test_an_order_of_two_parcels_is_there_with_the_second(self) -> None:
        done = case("two_parcels")

        assert known(done).delivered == moment("2026-03-09") + 10 * 3_600_000
        (apology,) = said(done, "late_delivery_apology")
        assert f"{apology.decided_at:%m-%d}" == "03-06", "at the promise: one parcel is still on its way"
        assert "A part of it has arrived; the rest has not been delivered yet." in apology.text
        assert apology.message is not None
        assert apology.message.facts is not None
        assert apology.message.facts.rows[1].value == "in part, 1 day late"
        assert given(done, "delivery_survey") == []

    def test_parcels_told_of_twice_are_there_once(self) -> None:
        done = case("two_parcels_in_time")

        assert record(done).purchases.delivered == 1
        assert given(done, "delivery_survey") == ["03-06"]
        assert to_datetime(known(done).delivered).hour == 11

    @pytest.mark.parametrize("name", ["exchanged_for_a_new_order", "exchange_heard_of_first"])
    def test_what_comes_in_exchange_is_no_further_purchase(self, name: str) -> None:
        done = case(name, "2026-03-20")

        purchases = record(done).purchases
        assert (purchases.count, purchases.spent, sum(purchases.counts)) == (1, 10_000, 1)
        assert purchases.last == known(done, "o-1").placed
        assert known(done, "o-2").replaces
        assert record(done).segment.stage == "first"

    def test_a_promise_of_before_the_cancellation_binds_nobody_after_it(self) -> None:
        done = case("paid_after_the_cancellation")

        assert given(done, "late_delivery_apology") == []
        assert record(done).purchases.late == 0

    def test_a_promise_that_had_passed_when_it_was_given_is_none(self) -> None:
        done = case("promise_of_the_same_day")

        assert given(done, "late_delivery_apology") == []
        assert given(done, "delivery_survey") == ["03-04"]

    def test_who_is_owed_nothing_is_no_longer_taken_for_somebody_in_trouble(self) -> None:
        done = case("return_declined")

        assert (known(done).owed_since, known(done).money) == (0, "paid")
        assert given(done, "second_order_coupon") != []

    def test_a_refund_that_was_a_mistake_leaves_nothing_behind(self) -> None:
        done = case("refund_entered_by_mistake")

        assert (known(done).status, known(done).money) == ("delivered", "paid")
        assert (record(done).purchases.spent, record(done).purchases.returned) == (10_000, 0)
        assert points_balance(record(done).points) == 100


class TestIdentity:
    def test_a_guest_who_opens_an_account_is_one_customer_and_thanked_once(self) -> None:
        done = case("guest_opens_an_account")

        assert record(done).purchases.count == 2
        assert record(done).segment.stage == "repeat"
        assert len(said(done, "first_order_thanks")) <= 1

    def test_the_second_person_at_a_device_keeps_their_own_life(self) -> None:
        done = case("two_people_at_one_device")

        assert record(done, "device-1").merged_into == "c-1"
        assert record(done, "c-1").purchases.count == 0
        assert record(done, "c-2").purchases.count == 1
        assert sum(step.codes.get("identity_conflict", 0) for step in done.steps) == 1


class TestLateAndEarly:
    def test_of_surveys_that_wait_for_a_complaint_one_waits_and_crowds_nothing_out(self) -> None:
        done = case("surveys_wait_for_a_complaint", until="2026-03-06")

        assert [(one.rule, one.reason) for one in record(done).held] == [("delivery_survey", Reason.OPEN_COMPLAINT)]
        assert Reason.EXCLUSIVE in refused(done, "delivery_survey")

    def test_an_order_heard_of_before_who_placed_it_is_thanked_for_a_minute_later(self) -> None:
        done = case("ordered_before_who_it_was")

        (thanks,) = said(done, "first_order_thanks")
        assert (thanks.customer, f"{thanks.decided_at:%H:%M:%S}") == ("c-1", "10:01:00")
        assert refused(done, "first_order_thanks") == {Reason.NO_ADDRESS}, "of whom no address came"

    def test_a_refund_heard_of_before_its_order_waits_for_it(self) -> None:
        assert record(case("refund_before_the_order")).purchases.spent == 7_500

    def test_an_edit_heard_of_before_its_order_waits_for_it(self) -> None:
        assert record(case("edit_before_the_order")).purchases.spent == 7_500

    def test_old_orders_that_come_as_new_ones_are_not_answered(self) -> None:
        done = case("history_arrives_live")

        assert {action.rule for action in done.actions()} == {"welcome"}
        assert record(done).purchases.count == 2


class TestPatches:
    def test_what_is_left_out_stays(self) -> None:
        profile = record(case("sync_without_the_phone")).profile

        assert (profile.phone, profile.name, profile.region) == ("+491701234567", "Mia", "north")

    def test_what_is_emptied_is_empty(self) -> None:
        profile = record(case("phone_taken_away")).profile

        assert (profile.phone, profile.name) == ("", "Mia")


class TestConsent:
    def test_a_yes_of_before_their_no_changes_nothing(self) -> None:
        done = case("imported_after_they_said_no")

        assert said(done, "cart_left") == []
        assert refused(done, "cart_left") >= {Reason.NO_CONSENT}

    def test_before_the_confirmation_nothing_is_sent_and_after_it_is(self) -> None:
        assert given(case("not_confirmed_yet"), "cart_left") == ["03-06"]


class TestCarts:
    @pytest.mark.parametrize("name", ["bought_on_another_device", "guest_cart_then_account"])
    def test_what_was_bought_is_not_reminded_of(self, name: str) -> None:
        done = case(name)

        assert said(done, "cart_left") == []
        assert record(done).cart is None

    def test_what_was_not_bought_is(self) -> None:
        done = case("bought_in_part_on_another_device")

        assert [action.values["cart.value"] for action in said(done, "cart_left")] == [3_000]


class TestWhatIsNoted:
    def test_stock_that_comes_and_goes_is_told_of_once(self) -> None:
        assert given(case("stock_comes_and_goes"), "wish_back") == ["03-05"]

    def test_who_notes_it_anew_is_told_again(self) -> None:
        assert given(case("noted_again_after_it_was_gone"), "wish_back") == ["03-05", "03-12"]

    def test_a_price_is_compared_with_the_lowest_of_thirty_days(self) -> None:
        assert given(case("price_up_and_down_again"), "wish_cheaper") == []

    def test_amounts_of_two_currencies_are_not_compared(self) -> None:
        assert given(case("price_in_another_currency"), "wish_cheaper") == []


class TestReadAloud:
    def test_a_ticket_says_that_a_complaint_came_back_and_nothing_of_what_was_not_said_yet(self) -> None:
        first, again = (one.text for one in said(case("opened_again_in_the_night"), "complaint_routed"))

        assert "First complaint." in first
        assert "Opened again." in again
        assert "First" not in again
        assert not any("was told" in text for text in (first, again)), "they sleep, and are told in the morning"

    def test_who_complained_of_a_late_order_hears_of_it_once(self) -> None:
        done = case("complained_before_the_apology")

        assert [one.message.subject for one in said(done, "late_delivery_apology") if one.message] == [
            "Order o-2 is late. We are sorry."
        ]
        assert given(done, "complaint_acknowledged") == ["03-06"]

    def test_of_two_orders_that_are_late_each_is_apologised_for_and_nobody_is_asked_how_another_was(self) -> None:
        done = case("two_orders_late_at_once", "2026-03-10")

        assert sorted(one.values["order.id"] for one in said(done, "late_delivery_apology")) == ["o-1", "o-2"]
        assert given(done, "delivery_survey") == []


class TestPoints:
    def test_points_of_what_came_back_go(self) -> None:
        assert points_balance(record(case("points_of_what_came_back")).points) == 70

    def test_points_of_an_order_that_goes_on_are_there_again(self) -> None:
        assert points_balance(record(case("points_of_an_order_restored")).points) == 100

    def test_points_spent_on_what_was_cancelled_are_there_again(self) -> None:
        assert points_balance(record(case("points_spent_on_a_cancelled_order")).points) == 150

    def test_points_spent_on_what_came_back_in_part_come_back_in_part(self) -> None:
        assert points_balance(record(case("points_spent_on_a_part_return")).points) == 150 - 100 + 30 + 70


class TestZones:
    def test_what_waits_for_the_morning_waits_for_that_of_where_they_are(self) -> None:
        (thanks,) = said(case("moved_west_in_the_night"), "first_order_thanks")

        assert thanks.decided_at.hour >= 9 + 8, "nine in the morning in Los Angeles"

    def test_a_birthday_is_greeted_once_wherever_they_fly_to(self) -> None:
        assert given(case("moved_on_their_birthday"), "birthday_greeting") == ["03-12"]


class TestCalendars:
    def test_who_was_born_on_a_leap_day_has_a_birthday_every_year(self) -> None:
        done = case("born_on_a_leap_day", "2028-04-01")

        assert [f"{one.decided_at:%Y-%m-%d}" for one in said(done, "birthday_greeting")] == ["2027-02-28", "2028-02-29"]

    def test_a_month_that_comes_twice_has_the_birthday_once(self) -> None:
        done = case("born_in_a_month_that_comes_twice", "2026-08-30")

        # The sixth month of 2025 begins on 25 June, the leap month after it on 25 July.
        assert [f"{one.decided_at:%Y-%m-%d}" for one in said(done, "birthday_greeting")] == ["2025-07-09", "2026-07-28"]

    def test_the_last_month_of_the_lunar_year_is_not_skipped(self) -> None:
        done = case("born_in_the_last_lunar_month", "2027-02-20")

        assert [f"{one.decided_at:%Y-%m-%d}" for one in said(done, "birthday_greeting")] == ["2026-02-05", "2027-01-25"]


class TestComplaints:
    def test_a_complaint_opened_again_has_a_deadline_of_its_own(self) -> None:
        done = case("closed_and_answered_days_later", "2026-03-10")
        (complaint,) = record(done).complaints.recent

        assert complaint.deadline > moment("2026-03-11")
        assert given(done, "complaint_escalated") == []
        assert given(case("closed_and_answered_days_later"), "complaint_escalated") == ["03-12"]

    def test_what_was_settled_as_it_was_written_down_is_not_escalated(self) -> None:
        done = case("closed_as_it_was_opened")

        assert not any(one.is_open for one in record(done).complaints.recent)
        assert given(done, "complaint_escalated") == []


class TestAddresses:
    def test_a_yes_makes_no_dead_address_alive(self) -> None:
        done = case("signed_up_again_with_a_dead_address")

        assert said(done, "first_order_thanks") == []
        assert refused(done, "first_order_thanks") == {Reason.NO_ADDRESS}

    def test_a_mailbox_that_was_full_once_is_written_to_again(self) -> None:
        assert said(case("mailbox_full_for_a_day"), "first_order_thanks") != []


class TestLanguagesAndMoney:
    @pytest.mark.parametrize(
        ("name", "total"), [("yen_have_no_cents", "¥10,000"), ("dinars_have_a_thousand_parts", "KWD 12.345")]
    )
    def test_amounts_have_the_digits_of_their_currency(self, name: str, total: str) -> None:
        (apology,) = said(case(name), "late_delivery_apology")

        assert apology.message is not None
        assert apology.message.facts is not None
        assert apology.message.facts.total is not None
        assert apology.message.facts.total.value.replace("\u00a0", " ") == total

    def test_who_reads_traditional_chinese_is_written_to_in_it(self) -> None:
        done = case("reads_traditional_chinese")
        (thanks,) = said(done, "first_order_thanks")
        (promise,) = said(done, "complaint_acknowledged")

        assert (thanks.locale, thanks.message.locale if thanks.message else "") == ("zh-Hant", "zh-TW")
        assert thanks.text.startswith("感謝您的第一份訂單")
        assert "關於配送的投訴已登記" in promise.text

    def test_who_named_no_language_is_spoken_to_in_that_of_their_country(self) -> None:
        (thanks,) = said(case("language_of_where_they_live"), "first_order_thanks")

        assert thanks.locale == "de"


class TestRhythmAndTiers:
    def test_a_regular_who_falls_silent_is_noticed_once(self) -> None:
        done = case("weekly_and_then_silent", "2026-05-30")

        assert len(said(done, "quiet_coupon")) == 1

    def test_nobody_is_asked_back_while_they_buy(self) -> None:
        done = case("bought_back_the_same_day", "2026-06-23")

        assert not any(day.startswith("06-22") for day in given(done, "quiet_coupon") + given(done, "dormant_wake_up"))
        assert record(done).segment.stage == "won_back"

    def test_orders_that_were_all_cancelled_leave_no_tier(self) -> None:
        done = case("tier_of_an_order_that_was_cancelled")

        assert record(done).segment.tier in ("", "bronze")
        assert record(done).purchases.spent == 0


class TestOthers:
    def test_an_event_that_nobody_declared_names_the_fix(self) -> None:
        done = case("own_event_not_declared")

        (letter,) = [step.refused for step in done.steps if step.refused]
        assert "not_declared" in letter
        assert "circle_joined" in letter

    def test_news_of_an_old_order_brings_nobody_back_who_was_forgotten(self) -> None:
        done = case("erased_and_told_of_again")

        kept: CustomerRecord = record(done)
        assert kept.erased
        assert (kept.profile.email, kept.purchases.spent) == ("", 0)
        assert done.customers["c-1"].orders is None or done.customers["c-1"].orders.orders == []
