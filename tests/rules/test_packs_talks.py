"""Shipped rules about what customers say and note: that they fire, that they do not, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.actions import CallbackAction, CouponAction, TicketAction
from schemas.churn import PurchaseFeatures
from schemas.record import Contact, CustomerRecord, Talks
from schemas.times import DAY
from tests.builders import event
from tests.rules.moments import NOON, Moments, customer, message_of
from tests.rules.test_packs import LIKELY, said, shop


class TestTalks:
    def test_a_question_goes_to_people(self) -> None:
        asked = event("feedback.given", NOON, kind="question", topic="parcels")
        moments = shop(event=asked)
        moments.when("feedback.given", "")

        action = said(moments, "question_routed")
        assert isinstance(action, TicketAction)
        assert (action.queue, action.urgency) == ("questions", "normal")

    def test_praise_needs_no_answer(self) -> None:
        assert shop(event=event("feedback.given", NOON, kind="praise")).when("feedback.given", "") == []

    def test_the_third_contact_of_a_week_about_one_topic_gets_one_owner(self) -> None:
        talks = [Contact(NOON - days * DAY, "call", "delivery") for days in (4, 2, 0)]
        called = event("contact.made", NOON, channel="call", topic="delivery")
        moments = shop(customer(talks=Talks(talks, 3)), event=called)
        moments.when("contact.made", "")

        assert "3 contacts in a week: the delivery" in str(said(moments, "contacts_many").message)

    def test_contacts_about_several_topics_are_nothing_special(self) -> None:
        talks = [Contact(NOON - days * DAY, "call", topic) for days, topic in enumerate(("account", "range", "parcel"))]

        assert shop(customer(talks=Talks(talks, 3))).when("contact.made", "") == []


class TestWishBack:
    @pytest.mark.parametrize(
        ("told", "headline"),
        [
            ({"title": "Field Guide to Birds", "price": 1295, "currency": "EUR"}, "Field Guide to Birds is in stock"),
            ({}, "Something you noted is in stock"),
        ],
    )
    def test_what_was_noted_is_told_when_it_can_be_had_again(self, told: dict[str, Any], headline: str) -> None:
        moments = shop(event=event("product.updated", NOON, sku="b-1", stock=3, **told))
        moments.when("wish.back", "b-1")

        assert said(moments, "wish_back").text.startswith(headline)


class TestWishCheaper:
    def cheaper(self, price: int, was: int) -> Moments:
        told: dict[str, Any] = {"title": "Field Guide to Birds", "price": price, "currency": "EUR", "stock": 3}
        brought: dict[str, Any] = {"product.was": was}
        moments = shop(event=event("product.updated", NOON, sku="b-1", **told))
        moments.when("wish.cheaper", "b-1", **brought)
        return moments

    def test_both_prices_are_told(self) -> None:
        moments = self.cheaper(1_500, 2_000)

        message = message_of(said(moments, "wish_cheaper"))

        assert message.subject == "Field Guide to Birds costs less now"
        assert message.body[0].startswith("It is on your list. It costs €15.00 now, and was €20.00 before.")

    def test_a_few_cents_are_not_worth_a_message(self) -> None:
        assert self.cheaper(1_980, 2_000).texts == []


class TestQuiet:
    def quiet(self, orders: int) -> CustomerRecord:
        record = customer()
        record.purchases.count, record.purchases.last = orders, NOON - 40 * DAY
        record.purchase_features = PurchaseFeatures(orders=orders, log_gaps=210 * (orders - 1))
        return record

    def test_who_orders_now_and_then_gets_a_coupon(self) -> None:
        moments = shop(self.quiet(4))
        moments.when("rhythm.quiet", "4")

        action = said(moments, "quiet_coupon")
        assert isinstance(action, CouponAction)
        assert action.coupon.percent == 15

    def test_a_regular_gets_a_call(self) -> None:
        moments = shop(self.quiet(12))
        moments.when("rhythm.quiet", "12")

        assert isinstance(said(moments, "quiet_call"), CallbackAction)

    def test_where_the_model_is_trusted_it_decides(self) -> None:
        assert shop(self.quiet(4), churn=LIKELY).when("rhythm.quiet", "4") == []
