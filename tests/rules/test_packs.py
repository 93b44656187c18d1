"""Each shipped rule: that it fires, that it does not, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rules.context import Churn
from rules.loading import shipped
from schemas.actions import AnyAction, CallbackAction, CouponAction, GreetingAction, MessageAction, TicketAction
from schemas.outcome import Decision
from schemas.record import Coupon, CustomerRecord, Lot, Purchases
from schemas.times import DAY, HOUR, to_millis
from tests.rules.moments import NOON, Moments, cart, complaint, customer, orders

LIKELY = Churn(0.8, 0.7, 0.9, trusted=True, labels=900, causes=lambda: ("quiet for longer than usual",))


def shop(record: CustomerRecord | None = None, **context: Any) -> Moments:
    """The shipped rules, and Anna, who speaks English."""
    return Moments(shipped(), record or customer(), **context)


def german(**changes: Any) -> CustomerRecord:
    record = customer(**changes)
    record.profile.locale = "de-AT"
    return record


def nameless(**changes: Any) -> CustomerRecord:
    record = customer(**changes)
    record.profile.name = ""
    return record


def of(rule: str, decisions: list[Decision]) -> list[str]:
    """What became of a rule's proposals."""
    return [one.verdict.value for one in decisions if one.rule == rule]


def said(moments: Moments, rule: str) -> AnyAction:
    """The one action of that rule."""
    (action,) = [action for action in moments.outcome.actions if action.rule == rule]
    return action


def newcomer(**changes: Any) -> CustomerRecord:
    return customer(purchases=Purchases(), **changes)


def first_timer(record: CustomerRecord) -> CustomerRecord:
    record.purchases = Purchases(count=1, spent=5_000, currency="EUR", first=NOON - 7 * DAY, last=NOON - 7 * DAY)
    return record


class TestWelcome:
    def test_it_greets_a_new_account(self) -> None:
        moments = shop(newcomer())
        moments.when("customer.registered")

        action = said(moments, "welcome")
        assert isinstance(action, MessageAction)
        assert action.text.startswith("Hello Anna, welcome!")
        assert (action.channel, action.purpose, action.locale) == ("email", "service", "en")

    def test_it_does_without_a_name_and_speaks_german(self) -> None:
        record = german(purchases=Purchases())
        record.profile.name = ""
        moments = shop(record)
        moments.when("customer.registered")

        assert said(moments, "welcome").text.startswith("Herzlich willkommen! Ihr Konto")

    def test_who_has_ordered_before_is_no_stranger(self) -> None:
        assert shop().when("customer.registered") == []

    def test_it_comes_once_in_a_life(self) -> None:
        moments = shop(newcomer())
        moments.when("customer.registered", "", NOON)

        assert moments.when("customer.registered", "", NOON + 400 * DAY) == []


class TestFirstOrderThanks:
    def test_the_first_order_is_thanked_for(self) -> None:
        moments = shop(first_timer(customer()))
        moments.when("order.placed", "A-17")

        assert said(moments, "first_order_thanks").text.startswith("Hello Anna, thank you for your first order, A-17.")

    def test_in_german(self) -> None:
        moments = shop(first_timer(german()))
        moments.when("order.placed", "A-17")

        assert "vielen Dank für Ihre erste Bestellung A-17." in said(moments, "first_order_thanks").text

    def test_the_second_is_not(self) -> None:
        assert of("first_order_thanks", shop().when("order.placed")) == []


class TestSecondOrderCoupon:
    def test_it_invites_to_a_second_order(self) -> None:
        moments = shop(first_timer(customer()))
        moments.when("second_order.due", "o-1")

        action = said(moments, "second_order_coupon")
        assert isinstance(action, CouponAction)
        assert (action.coupon.percent, action.purpose) == (10, "marketing")
        assert f"10 % off the next one: {action.coupon.code}, good until April 3, 2026." in action.text
        assert action.reason == "ordered once, 7 days ago, and not again"

    def test_in_german(self) -> None:
        moments = shop(first_timer(german()))
        moments.when("second_order.due", "o-1")

        assert "gültig bis 3. April 2026." in said(moments, "second_order_coupon").text

    def test_who_came_back_by_herself_needs_none(self) -> None:
        assert shop().when("second_order.due", "o-1") == []


class TestCartLeft:
    def test_it_reminds_of_the_cart_and_its_worth(self) -> None:
        moments = shop(customer(cart=cart(123_450)))
        moments.when("cart.left", "k-1")

        action = said(moments, "cart_left")
        assert "your cart is as you left it, worth €1,234.50." in action.text
        assert (action.channel, action.reason) == ("push", "left €1,234.50 in the cart")

    def test_in_german(self) -> None:
        moments = shop(german(cart=cart(123_450)))
        moments.when("cart.left", "k-1")

        assert "Ihr Warenkorb im Wert von 1.234,50\u00a0€ ist noch da" in said(moments, "cart_left").text

    @pytest.mark.parametrize("left", [None, cart(999)])
    def test_an_empty_or_small_cart_is_left_alone(self, left: Any) -> None:
        assert shop(customer(cart=left)).when("cart.left", "k-1") == []

    def test_not_every_cart_of_a_week_is_worth_a_word(self) -> None:
        moments = shop(customer(cart=cart()))
        moments.when("cart.left", "k-1", NOON)
        moments.record.cart = cart(id="k-2")

        decided = moments.when("cart.left", "k-2", NOON + 2 * DAY)

        assert [one.reason for one in decided] == ["cooldown"]


class TestBirthday:
    def test_it_congratulates_with_a_coupon(self) -> None:
        moments = shop()
        moments.when("birthday", "2026")

        action = said(moments, "birthday_greeting")
        assert isinstance(action, GreetingAction)
        assert action.coupon
        assert action.text.startswith("Happy birthday, Anna! A little present: 15 % off an order until April 3, 2026")
        assert action.coupon.code in action.text

    def test_in_chinese(self) -> None:
        record = customer()
        record.profile.locale = "zh-Hans-CN"
        moments = shop(record)
        moments.when("birthday", "2026")

        assert said(moments, "birthday_greeting").text.startswith("Anna，生日快乐！送您一份小礼物：2026年4月3日前")

    def test_one_year_has_one_birthday(self) -> None:
        moments = shop()
        moments.when("birthday", "2026")

        assert moments.when("birthday", "2026", NOON + 30 * DAY) == []
        assert len(moments.when("birthday", "2027", NOON + 360 * DAY)) == 1

    def test_who_never_bought_is_not_presented_with_anything(self) -> None:
        assert shop(newcomer()).when("birthday", "2026") == []


class TestFestival:
    def test_it_greets_and_offers_nothing(self) -> None:
        moments = shop()
        moments.when("festival", "new_year-2027")

        action = said(moments, "festival_greeting")
        assert isinstance(action, GreetingAction)
        assert action.coupon is None
        assert action.text == "Happy New Year, Anna! All of us here wish you a good day."

    def test_in_chinese(self) -> None:
        record = nameless()
        record.profile.locale = "zh"
        moments = shop(record)
        moments.when("festival", "mid_autumn-2026")

        assert said(moments, "festival_greeting").text == "中秋快乐！我们全体同事祝您平安喜乐。"

    def test_the_dormant_are_left_alone(self) -> None:
        record = customer()
        record.segment.stage = "dormant"

        assert shop(record).when("festival", "new_year-2027") == []


class TestTierUpgrade:
    def risen(self, record: CustomerRecord, tier: str) -> CustomerRecord:
        record.segment.tier = tier
        return record

    def test_it_tells_of_the_new_tier(self) -> None:
        moments = shop(self.risen(customer(), "gold"))
        moments.when("tier.upgraded", "gold")

        assert said(moments, "tier_upgrade").text.startswith("Congratulations, Anna: you are now a Gold customer.")

    def test_in_german(self) -> None:
        moments = shop(self.risen(german(), "platinum"))
        moments.when("tier.upgraded", "platinum")

        assert said(moments, "tier_upgrade").text.startswith("Glückwunsch, Anna: Sie gehören jetzt zur Stufe Platin.")

    def test_the_lowest_tier_is_no_news(self) -> None:
        assert shop(self.risen(customer(), "bronze")).when("tier.upgraded", "bronze") == []

    def test_going_down_and_up_again_in_a_year_is_no_news_either(self) -> None:
        moments = shop(self.risen(customer(), "gold"))
        moments.when("tier.upgraded", "gold", NOON)

        assert moments.when("tier.upgraded", "gold", NOON + 100 * DAY) == []
        assert of("tier_upgrade", moments.when("tier.upgraded", "gold", NOON + 320 * DAY)) == ["emitted"]


class TestPointsExpiring:
    def lapsing(self, points: int, record: CustomerRecord | None = None) -> CustomerRecord:
        record = record or customer()
        record.points.lots = [Lot(NOON + 14 * DAY, points), Lot(NOON + 60 * DAY, 5_000)]
        return record

    def test_it_reminds_of_what_lapses_soon(self) -> None:
        moments = shop(self.lapsing(1_250))
        moments.when("points.expiring", "2026-03-18")

        assert "1,250 of your points can be used until March 18, 2026." in said(moments, "points_expiring").text

    def test_in_german(self) -> None:
        moments = shop(self.lapsing(1_250, german()))
        moments.when("points.expiring", "2026-03-18")

        assert "1.250 Ihrer Punkte gelten noch bis 18. März 2026." in said(moments, "points_expiring").text

    def test_a_handful_is_not_worth_a_message(self) -> None:
        assert shop(self.lapsing(99)).when("points.expiring", "2026-03-18") == []


class TestCouponExpiring:
    def holding(self, record: CustomerRecord | None = None, **changes: Any) -> CustomerRecord:
        record = record or customer()
        record.coupons = [Coupon(**{"code": "BDAY-1", "rule": 1, "expires": NOON + 3 * DAY, "percent": 15, **changes})]
        return record

    def test_it_reminds_of_the_coupon(self) -> None:
        moments = shop(self.holding())
        moments.when("coupon.expiring", "BDAY-1")

        assert said(moments, "coupon_expiring").text == "Hello Anna, your coupon BDAY-1 is good until March 7, 2026."

    def test_in_german(self) -> None:
        moments = shop(self.holding(german()))
        moments.when("coupon.expiring", "BDAY-1")

        expected = "Guten Tag Anna, Ihr Gutschein BDAY-1 gilt noch bis 7. März 2026."
        assert said(moments, "coupon_expiring").text == expected

    def test_a_coupon_that_was_used_needs_no_reminder(self) -> None:
        assert shop(self.holding(redeemed=True)).when("coupon.expiring", "BDAY-1") == []


class TestLateDelivery:
    def test_it_apologises_when_the_promise_is_broken(self) -> None:
        moments = shop(orders=orders("A-17", status="dispatched", promised=NOON - 2 * HOUR))
        moments.when("delivery.overdue", "A-17")

        action = said(moments, "late_delivery_apology")
        assert "we are sorry: we promised order A-17 for March 4, 2026 and did not keep it." in action.text
        assert action.reason == "order A-17 was promised for 2026-03-04 and is late"

    def test_in_german(self) -> None:
        moments = shop(german(), orders=orders("A-17", status="dispatched", promised=NOON - 2 * HOUR))
        moments.when("delivery.overdue", "A-17")

        assert "Die Bestellung A-17 war für den 4. März 2026 versprochen" in said(moments, "late_delivery_apology").text

    def test_one_order_gets_one_apology(self) -> None:
        moments = shop(orders=orders("A-17", promised=NOON - 2 * HOUR))
        moments.when("delivery.overdue", "A-17", NOON)

        assert moments.when("delivery.late", "A-17", NOON + DAY) == []

    def test_a_cancelled_order_comes_late_for_nobody(self) -> None:
        moments = shop(orders=orders("A-17", status="cancelled", promised=NOON))

        assert moments.when("delivery.overdue", "A-17") == []


class TestDeliverySurvey:
    def test_it_asks_how_it_went(self) -> None:
        moments = shop(orders=orders("A-17"))
        moments.when("survey.due", "A-17")

        action = said(moments, "delivery_survey")
        assert isinstance(action, MessageAction)
        assert action.survey == "delivery"
        assert action.text == "Hello Anna, your order A-17 has arrived. How did it go? One question, half a minute."

    def test_in_german(self) -> None:
        moments = shop(german(), orders=orders("A-17"))
        moments.when("survey.due", "A-17")

        assert "Ihre Bestellung A-17 ist angekommen. Wie war es?" in said(moments, "delivery_survey").text

    def test_what_came_back_is_not_asked_about(self) -> None:
        assert shop(orders=orders("A-17", status="returned")).when("survey.due", "A-17") == []

    def test_a_regular_is_not_asked_after_every_order(self) -> None:
        moments = shop(orders=orders("A-17", "A-18"))
        moments.when("survey.due", "A-17", NOON)

        assert [one.reason for one in moments.when("survey.due", "A-18", NOON + 8 * DAY)] == ["cooldown"]


class TestComplaints:
    def complaining(self, record: CustomerRecord | None = None, **changes: Any) -> CustomerRecord:
        record = record or customer()
        record.complaints.recent = [complaint(**changes)]
        record.complaints.total = 3
        return record

    def test_a_complaint_is_acknowledged_with_a_date(self) -> None:
        moments = shop(self.complaining())
        moments.when("complaint.opened", "p-1")

        expected = "Hello Anna, your complaint about the delivery has arrived (p-1)."
        assert said(moments, "complaint_acknowledged").text.startswith(expected)
        assert "by March 6, 2026." in said(moments, "complaint_acknowledged").text

    def test_in_german(self) -> None:
        moments = shop(self.complaining(german()))
        moments.when("complaint.opened", "p-1")

        assert "Beschwerde zum Thema Lieferung ist angekommen (p-1)" in said(moments, "complaint_acknowledged").text

    @pytest.mark.parametrize("urgency", ["low", "critical"])
    def test_it_is_routed_by_category_and_urgency_with_its_deadline(self, urgency: str) -> None:
        moments = shop(self.complaining(german(), category="payment", urgency=urgency))
        moments.when("complaint.opened", "p-1")

        ticket = said(moments, "complaint_routed")
        assert isinstance(ticket, TicketAction)
        assert (ticket.queue, ticket.urgency, ticket.channel) == ("complaints-payment", urgency, "desk")
        assert to_millis(ticket.due_at) == NOON + 48 * HOUR
        assert ticket.hours is None
        assert ticket.locale == "en", "the store's own people read it"
        assert "Resolve by 2026-03-06 12:00 UTC. Tier bronze, value low, 2 earlier complaints." in ticket.text

    def test_it_is_routed_again_when_its_urgency_changes_and_not_otherwise(self) -> None:
        moments = shop(self.complaining())
        moments.when("complaint.opened", "p-1")

        assert moments.when("complaint.updated", "p-1") == []
        moments.record.complaints.recent[0].urgency = "high"
        assert of("complaint_routed", moments.when("complaint.updated", "p-1")) == ["emitted"]

    def test_a_breach_is_escalated(self) -> None:
        moments = shop(self.complaining(escalated=True))
        moments.when("complaint.breached", "p-1", NOON + 48 * HOUR)

        ticket = said(moments, "complaint_escalated")
        assert isinstance(ticket, TicketAction)
        assert (ticket.queue, ticket.urgency) == ("escalations", "critical")
        assert ticket.text.startswith("Complaint p-1 (the delivery) was due 2026-03-06 12:00 UTC and is still open.")

    def test_what_was_resolved_in_time_is_not(self) -> None:
        assert shop(self.complaining(closed=NOON)).when("complaint.breached", "p-1") == []

    def test_after_closing_she_is_asked(self) -> None:
        moments = shop(self.complaining(closed=NOON - 48 * HOUR))
        moments.when("complaint.follow_up", "p-1")

        action = said(moments, "complaint_follow_up")
        assert isinstance(action, MessageAction)
        assert action.survey == "after_sales"
        assert action.text.startswith("Hello Anna, we closed your complaint p-1. Is it really settled?")

    def test_after_closing_she_is_asked_in_german(self) -> None:
        moments = shop(self.complaining(german(), closed=NOON - 48 * HOUR))
        moments.when("complaint.follow_up", "p-1")

        assert "wir haben Ihre Beschwerde p-1 abgeschlossen." in said(moments, "complaint_follow_up").text

    def test_what_was_opened_again_is_not_asked_about_but_acknowledged_again(self) -> None:
        moments = shop(self.complaining())
        moments.when("complaint.opened", "p-1")
        moments.record.complaints.recent[0].reopened = 1

        assert moments.when("complaint.follow_up", "p-1") == []
        decided = moments.when("complaint.reopened", "p-1", NOON + HOUR)
        assert of("complaint_acknowledged", decided) == ["emitted"]
        assert of("complaint_routed", decided) == ["emitted"]

    def test_a_complaint_that_is_not_known_leads_to_nothing(self) -> None:
        assert shop(customer()).when("complaint.opened", "p-9") == []


class TestWinBack:
    def test_low_value_gets_a_coupon(self) -> None:
        moments = shop(churn=LIKELY)
        moments.when("churn.scored", "12")

        action = said(moments, "win_back_coupon")
        assert isinstance(action, CouponAction)
        assert action.reason == "probability of churn 80 %: quiet for longer than usual"
        assert "Hello Anna, it would be good to see you again: 15 % off an order until March 25, 2026" in action.text

    def test_in_german(self) -> None:
        moments = shop(german(), churn=LIKELY)
        moments.when("churn.scored", "12")

        assert "schön wäre es, Sie wiederzusehen: 15 %" in said(moments, "win_back_coupon").text

    def valuable(self, record: CustomerRecord | None = None) -> CustomerRecord:
        record = record or customer()
        record.segment.value = "high"
        return record

    def test_high_value_gets_a_call_by_a_person(self) -> None:
        moments = shop(self.valuable(), churn=LIKELY)
        moments.when("churn.scored", "12")

        action = said(moments, "win_back_call")
        assert isinstance(action, CallbackAction)
        assert (action.channel, action.address) == ("call", "customer/c-1/phone")
        assert to_millis(action.due_at) == NOON + 3 * DAY
        assert action.text.startswith("Call Anna: 80 % likely not to order again (quiet for longer than usual).")
        assert [one.rule for one in moments.outcome.actions] == ["win_back_call"]

    def test_the_call_is_described_in_the_language_of_the_store(self) -> None:
        moments = shop(self.valuable(german()), churn=LIKELY)
        moments.when("churn.scored", "12")

        assert said(moments, "win_back_call").locale == "en"

    @pytest.mark.parametrize(
        "score",
        [
            None,
            Churn(0.25, 0.2, 0.3, trusted=True, labels=900),
            Churn(0.9, 0.8, 0.95, trusted=False, labels=900),
            Churn(0.9, 0.8, 0.95, trusted=True, labels=100),
        ],
    )
    def test_without_a_likely_and_trusted_score_nobody_is_won_back(self, score: Churn | None) -> None:
        assert shop(churn=score).when("churn.scored", "12") == []
        assert shop(self.valuable(), churn=score).when("churn.scored", "12") == []

    def test_once_a_quarter_is_enough(self) -> None:
        moments = shop(churn=LIKELY)
        moments.when("churn.scored", "12", NOON)

        assert moments.when("churn.scored", "13", NOON + 7 * DAY) == []
        assert of("win_back_coupon", moments.when("churn.scored", "30", NOON + 61 * DAY)) == ["emitted"]


class TestDormantWakeUp:
    def dormant(self, record: CustomerRecord | None = None) -> CustomerRecord:
        record = record or customer()
        record.segment.stage = "dormant"
        return record

    def test_it_wakes_up_the_dormant(self) -> None:
        moments = shop(self.dormant())
        moments.when("stage.changed", "dormant")

        action = said(moments, "dormant_wake_up")
        assert isinstance(action, CouponAction)
        assert action.coupon.percent == 20
        assert action.text.startswith("Hello Anna, we have not seen you for a while.")

    def test_in_german(self) -> None:
        moments = shop(self.dormant(german()))
        moments.when("stage.changed", "dormant")

        assert "wir haben uns lange nicht gesehen." in said(moments, "dormant_wake_up").text

    def test_other_stages_need_no_waking(self) -> None:
        assert shop().when("stage.changed", "repeat") == []

    def test_one_offer_at_a_time(self) -> None:
        moments = shop(self.dormant(), churn=LIKELY)
        moments.when("stage.changed", "dormant")

        assert [one.reason for one in moments.when("churn.scored", "12")] == ["exclusive"]


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.id)
def test_every_rule_is_tested_here(rule: Any) -> None:
    assert f'said(moments, "{rule.id}")' in Path(__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.id)
def test_every_text_is_there_in_three_languages(rule: Any) -> None:
    for plan in rule.plans:
        assert set(plan.text.variants) == {"en", "de", "zh"}


def test_without_her_name_no_text_greets_a_blank() -> None:
    moments = shop(nameless(cart=cart()), orders=orders("A-17"), churn=LIKELY)
    moments.record.complaints.recent = [complaint(closed=NOON - HOUR)]
    for trigger, ref in [
        ("cart.left", "k-1"),
        ("birthday", "2026"),
        ("festival", "christmas-2026"),
        ("survey.due", "A-17"),
        ("churn.scored", "1"),
        ("complaint.follow_up", "p-1"),
    ]:
        moments.record.sent = []
        moments.when(trigger, ref)

    assert len(moments.texts) == 6
    for text in moments.texts:
        assert "Hello" not in text
        assert text[0].isupper()
