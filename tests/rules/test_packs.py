"""Each shipped rule: that it fires, that it does not, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rules.context import Churn
from rules.loading import shipped
from schemas.actions import (
    AnyAction,
    CallbackAction,
    CouponAction,
    GreetingAction,
    MessageAction,
    TicketAction,
)
from schemas.given_out import Coupon
from schemas.message import Row, Slip
from schemas.outcome import Decision
from schemas.record import CustomerRecord, Lot, Purchases
from schemas.times import DAY, HOUR, to_millis
from tests.rules.moments import NOON, Moments, book_of, cart, complaint, customer, message_of, orders

LIKELY = Churn(0.8, 0.7, 0.9, trusted=True, labels=900, causes=lambda: ("quiet for longer than usual",))


def shop(record: CustomerRecord | None = None, **context: Any) -> Moments:
    """The shipped rules, and Anna, who speaks English."""
    return Moments(shipped(), record or customer(), **context)


def german(**changes: Any) -> CustomerRecord:
    record = customer(**changes)
    record.profile.locale = "de-AT"
    return record


def of(rule: str, decisions: list[Decision]) -> list[str]:
    """What became of a rule's proposals."""
    return [one.verdict.value for one in decisions if one.rule == rule]


def said(moments: Moments, rule: str) -> AnyAction:
    """The one action of that rule."""
    (action,) = [action for action in moments.outcome.actions if action.rule == rule]
    return action


TIERS = [
    {"name": name, "score": score, "benefits": {"en": "free shipping", "de": "versandkostenfrei"}}
    for name, score in (("silver", 8), ("gold", 11), ("platinum", 14))
]


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
        assert action.text.startswith("Welcome.\n\nYour account is ready.")
        assert (action.channel, action.purpose, action.locale) == ("email", "service", "en")

    def test_it_speaks_german(self) -> None:
        moments = shop(german(purchases=Purchases()))
        moments.when("customer.registered")

        assert said(moments, "welcome").text.startswith("Herzlich willkommen.\n\nIhr Konto")

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

        assert "Order A-17 has reached us. If anything" in said(moments, "first_order_thanks").text

    def test_in_german(self) -> None:
        moments = shop(first_timer(german()))
        moments.when("order.placed", "A-17")

        assert "Ihre Bestellung A-17 ist bei uns eingegangen." in said(moments, "first_order_thanks").text

    def test_the_second_is_not(self) -> None:
        assert of("first_order_thanks", shop().when("order.placed")) == []


class TestSecondOrderCoupon:
    def test_it_invites_to_a_second_order(self) -> None:
        moments = shop(first_timer(customer()), orders=orders("o-1"))
        moments.when("second_order.due", "o-1")

        action = said(moments, "second_order_coupon")
        assert isinstance(action, CouponAction)
        assert (action.coupon.percent, action.purpose) == (10, "marketing")
        assert message_of(action).slip == Slip(
            worth="10% off one order",
            code_label="Code",
            code=action.coupon.code,
            rows=(Row(label="Good through", value="Friday, April 3"),),
        )
        assert action.reason == "ordered once, 7 days ago, and not again"

    def test_in_german(self) -> None:
        moments = shop(first_timer(german()), orders=orders("o-1"))
        moments.when("second_order.due", "o-1")

        told = message_of(said(moments, "second_order_coupon"))
        assert told.subject == "10\u00a0% auf Ihre zweite Bestellung"
        assert told.preheader is not None
        assert told.preheader.endswith("gültig bis Freitag, 3. April.")

    @pytest.mark.parametrize("status", ["dispatched", "returned", "cancelled"])
    def test_who_has_nothing_yet_or_sent_it_back_is_not_asked_again(self, status: str) -> None:
        moments = shop(first_timer(customer()), orders=orders("o-1", status=status))

        assert moments.when("second_order.due", "o-1") == []

    def test_who_came_back_by_herself_needs_none(self) -> None:
        assert shop().when("second_order.due", "o-1") == []


class TestCartLeft:
    def test_it_reminds_of_the_cart_and_its_worth(self) -> None:
        moments = shop(customer(cart=cart(123_450)))
        moments.when("cart.left", "k-1")

        action = said(moments, "cart_left")
        assert action.text == "Your cart is saved: €1,234.50 when you left it."
        assert (action.channel, action.reason) == ("push", "left €1,234.50 in the cart")

    def test_in_german(self) -> None:
        moments = shop(german(cart=cart(123_450)))
        moments.when("cart.left", "k-1")

        assert "zuletzt €\u00a01.234,50." in said(moments, "cart_left").text

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
        told = message_of(action)
        assert (told.subject, told.named.subject) == ("Happy birthday", "Happy birthday, {{ customer.name }}")
        assert told.slip is not None
        assert told.slip.code == action.coupon.code

    def test_in_chinese(self) -> None:
        record = customer()
        record.profile.locale = "zh-Hans-CN"
        moments = shop(record)
        moments.when("birthday", "2026")

        told = message_of(said(moments, "birthday_greeting"))
        assert told.subject == "（广告）生日快乐"
        assert told.body[1].startswith("如果想给自己选点什么，附上一张 8.5 折券，可用一次，有效期至4月3日（含当日）")

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
        assert action.text == "Happy New Year."

    def test_in_chinese(self) -> None:
        record = customer()
        record.profile.locale = "zh"
        moments = shop(record)
        moments.when("festival", "mid_autumn-2026")

        assert message_of(said(moments, "festival_greeting")).body == ("愿月圆人团圆，您手边常有好书。",)

    def test_the_dormant_are_left_alone(self) -> None:
        record = customer()
        record.segment.stage = "dormant"

        assert shop(record).when("festival", "new_year-2027") == []


class TestTierUpgrade:
    book = book_of(tiers=[{"name": "bronze", "score": 0}, *TIERS])

    def risen(self, record: CustomerRecord, tier: str) -> CustomerRecord:
        record.segment.tier = tier
        return record

    def test_it_tells_of_the_new_tier(self) -> None:
        moments = Moments(self.book, self.risen(customer(), "gold"))
        moments.when("tier.upgraded", "gold")

        told = message_of(said(moments, "tier_upgrade"))
        assert told.subject == "You are now a Gold customer"
        assert told.body[0].endswith("From today: free shipping")

    def test_a_tier_that_brings_nothing_is_no_news(self) -> None:
        assert shop(self.risen(customer(), "gold")).when("tier.upgraded", "gold") == []

    def test_in_german(self) -> None:
        moments = Moments(self.book, self.risen(german(), "platinum"))
        moments.when("tier.upgraded", "platinum")

        assert said(moments, "tier_upgrade").text.startswith("Sie gehören jetzt zur Stufe Platin.")

    def test_the_lowest_tier_is_no_news(self) -> None:
        assert Moments(self.book, self.risen(customer(), "bronze")).when("tier.upgraded", "bronze") == []

    def test_going_down_and_up_again_in_a_year_is_no_news_either(self) -> None:
        moments = Moments(self.book, self.risen(customer(), "gold"))
        moments.when("tier.upgraded", "gold", NOON)

        assert moments.when("tier.upgraded", "gold", NOON + 100 * DAY) == []
        assert of("tier_upgrade", moments.when("tier.upgraded", "gold", NOON + 320 * DAY)) == ["emitted"]


class TestPointsExpiring:
    book = book_of(points={"redeemable": True})

    def lapsing(self, points: int, record: CustomerRecord | None = None) -> CustomerRecord:
        record = record or customer()
        record.points.lots = [Lot(NOON + 14 * DAY, points), Lot(NOON + 60 * DAY, 5_000)]
        return record

    def test_it_reminds_of_what_lapses_soon(self) -> None:
        moments = Moments(self.book, self.lapsing(1_250))
        moments.when("points.expiring", "2026-03-18")

        expected = (
            "You have 6,250 points. 1,250 of them can be used through Wednesday, March 18 and lapse after that day."
        )
        assert expected in said(moments, "points_expiring").text

    def test_points_that_can_be_used_for_nothing_lapse_in_silence(self) -> None:
        assert shop(self.lapsing(1_250)).when("points.expiring", "2026-03-18") == []

    def test_in_german(self) -> None:
        moments = Moments(self.book, self.lapsing(1_250, german()))
        moments.when("points.expiring", "2026-03-18")

        assert "bis einschließlich Mittwoch, 18. März einlösen" in said(moments, "points_expiring").text

    def test_a_handful_is_not_worth_a_message(self) -> None:
        assert Moments(self.book, self.lapsing(99)).when("points.expiring", "2026-03-18") == []


class TestCouponExpiring:
    def holding(self, record: CustomerRecord | None = None, **changes: Any) -> CustomerRecord:
        record = record or customer()
        record.coupons = [Coupon(**{"code": "BDAY-1", "rule": 1, "expires": NOON + 3 * DAY, "percent": 15, **changes})]
        return record

    def test_it_reminds_of_the_coupon(self) -> None:
        moments = shop(self.holding())
        moments.when("coupon.expiring", "BDAY-1")

        action = said(moments, "coupon_expiring")
        assert action.text == "Your 15% coupon is good through Saturday, March 7."
        slip = message_of(action).slip
        assert slip is not None
        assert slip.code == "BDAY-1"

    def test_in_german(self) -> None:
        moments = shop(self.holding(german()))
        moments.when("coupon.expiring", "BDAY-1")

        expected = "Ihr Gutschein über 15\u00a0% gilt bis Samstag, 7. März."
        assert said(moments, "coupon_expiring").text == expected

    def test_a_coupon_that_was_used_needs_no_reminder(self) -> None:
        assert shop(self.holding(redeemed=True)).when("coupon.expiring", "BDAY-1") == []


class TestLateDelivery:
    def test_it_apologises_when_the_promise_is_broken(self) -> None:
        moments = shop(orders=orders("A-17", status="dispatched", promised=NOON - 2 * HOUR))
        moments.when("delivery.overdue", "A-17")

        action = said(moments, "late_delivery_apology")
        assert "We promised you this order for Wednesday, March 4. It is on its way, but has not been" in action.text
        facts = message_of(action).facts
        assert facts is not None
        assert [(row.label, row.value) for row in facts.rows] == [
            ("Promised for", "Wednesday, March 4"),
            ("Delivered", "not yet, 1 day late"),
        ]
        assert facts.total is not None
        assert (facts.total.label, facts.total.value) == ("Total", "€50.00")
        assert action.reason == "order A-17 was promised for 2026-03-04 and is late"

    def test_in_german(self) -> None:
        moments = shop(german(), orders=orders("A-17", status="dispatched", promised=NOON - 2 * HOUR))
        moments.when("delivery.overdue", "A-17")

        assert "für Mittwoch, 4. März zugesagt. Sie ist unterwegs" in said(moments, "late_delivery_apology").text

    def test_what_came_late_is_not_said_to_be_missing(self) -> None:
        moments = shop(orders=orders("A-17", placed=NOON - 90 * HOUR, promised=NOON - 50 * HOUR, delivered=NOON - HOUR))
        moments.when("delivery.late", "A-17")

        told = message_of(said(moments, "late_delivery_apology"))
        assert told.subject == "Order A-17 came late. We are sorry."
        assert told.body[0].endswith("it came 3 days later.")

    def test_what_has_not_left_us_is_not_said_to_be_on_its_way(self) -> None:
        moments = shop(orders=orders("A-17", status="placed", promised=NOON - 2 * HOUR))
        moments.when("delivery.overdue", "A-17")

        assert "It has not left us yet." in said(moments, "late_delivery_apology").text

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
        told = message_of(action)
        assert told.subject == "How was the delivery of order A-17?"
        assert told.scale is not None
        assert [(one.value, one.label) for one in told.scale.choices] == [
            (1, "Very poor"), (2, "Poor"), (3, "Fair"), (4, "Good"), (5, "Very good"),
        ]  # fmt: skip
        assert told.scale.out == "It has not arrived, or something is wrong"

    def test_in_german(self) -> None:
        moments = shop(german(), orders=orders("A-17"))
        moments.when("survey.due", "A-17")

        assert "Ihre Bestellung A-17 wurde zugestellt." in said(moments, "delivery_survey").text

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

        action = said(moments, "complaint_acknowledged")
        assert "Your complaint about the delivery has the number p-1." in action.text
        assert "We will answer by Friday, March 6." in action.text

    def test_in_german(self) -> None:
        moments = shop(self.complaining(german()))
        moments.when("complaint.opened", "p-1")

        assert "Ihre Beschwerde zum Thema Lieferung hat die Nummer p-1." in said(moments, "complaint_acknowledged").text

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
        assert "Bronze. 2 earlier." in ticket.text
        assert "Answer by Mar 6, 7:00\u202fAM, local time of the store." in ticket.text

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
        assert ticket.text.startswith("Overdue: complaint p-1\n\nDue Mar 6, 7:00\u202fAM, still open.")

    def test_what_was_resolved_in_time_is_not(self) -> None:
        assert shop(self.complaining(closed=NOON)).when("complaint.breached", "p-1") == []

    def test_after_closing_the_customer_is_asked(self) -> None:
        moments = shop(self.complaining(closed=NOON - 48 * HOUR))
        moments.when("complaint.follow_up", "p-1")

        action = said(moments, "complaint_follow_up")
        assert isinstance(action, MessageAction)
        told = message_of(action)
        assert action.survey is None, "an opinion is not asked for in a message of service"
        assert "We closed your complaint p-1 on Monday, March 2." in action.text
        assert [(one.label, one.to) for one in told.buttons] == [
            ("Yes, it is settled", "settled"),
            ("No, open it again", "reopen"),
        ]

    def test_after_closing_the_customer_is_asked_in_german(self) -> None:
        moments = shop(self.complaining(german(), closed=NOON - 48 * HOUR))
        moments.when("complaint.follow_up", "p-1")

        assert (
            "Ihre Beschwerde p-1 haben wir am Montag, 2. März abgeschlossen."
            in said(moments, "complaint_follow_up").text
        )

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
        assert action.reason == "risk of 80 % that they do not come back: quiet for longer than usual"
        told = message_of(action)
        assert told.subject == "15% off your next order"
        assert action.reason not in str(told), "a forecast is not told to whom it is about"

    def test_in_german(self) -> None:
        moments = shop(german(), churn=LIKELY)
        moments.when("churn.scored", "12")

        assert "15\u00a0% auf Ihre nächste Bestellung." in said(moments, "win_back_coupon").text

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
        assert to_millis(action.due_at) == NOON + 5 * DAY, "Monday, as three days on is a Saturday"
        told = message_of(action)
        assert told.subject == "Call this customer, by Mar 9, 8:00\u202fAM"
        assert told.named.subject == "Call {{ customer.name }}, by Mar 9, 8:00\u202fAM"
        assert "What stands out: quiet for longer than usual." in action.text
        assert "80" not in action.text, "who reads a number out says it to the customer"
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
        assert of("win_back_coupon", moments.when("churn.scored", "30", NOON + 91 * DAY)) == ["emitted"]


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
        assert action.text.startswith("20% off, if you would like to order again.")

    def test_in_german(self) -> None:
        moments = shop(self.dormant(german()))
        moments.when("stage.changed", "dormant")

        assert "20\u00a0% Nachlass, wenn Sie wieder bestellen möchten." in said(moments, "dormant_wake_up").text

    def test_other_stages_need_no_waking(self) -> None:
        assert shop().when("stage.changed", "repeat") == []

    def test_one_offer_at_a_time(self) -> None:
        moments = shop(self.dormant(), churn=LIKELY)
        moments.when("stage.changed", "dormant")

        assert [one.reason for one in moments.when("churn.scored", "12")] == ["exclusive"]


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.id)
def test_every_rule_is_tested_here(rule: Any) -> None:
    tests = [one.read_text(encoding="utf-8") for one in Path(__file__).parent.glob("test_packs*.py")]

    assert any(f'said(moments, "{rule.id}")' in text for text in tests)
