"""Shipped rules about what customers say and note: that they fire, that they do not, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.actions import CallbackAction, CouponAction, TicketAction
from schemas.churn import PurchaseFeatures
from schemas.message import Message, ShownProduct
from schemas.record import Cart, CartItem, CartProduct, CustomerRecord
from schemas.relations import Contact, Talks
from schemas.times import DAY, HOUR
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
        assert message.body[0].startswith("It is on your list. It costs €15.00 now. Since you noted it, it was never")
        assert "below €20.00 in the last 30 days" in message.body[0]

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


PAGE, PICTURE = "https://shop.example/b/birds", "https://cdn.example/birds.jpg?w=300&v=2"
BIRDS: dict[str, Any] = {"sku": "b-1", "stock": 3, "title": "Field Guide to Birds", "url": PAGE, "image": PICTURE}


def told_of(trigger: str, rule: str, event_: Any, channel: str = "email", locale: str = "en", **record: Any) -> Message:
    """What somebody is told who can be reached by this channel only."""
    moments = shop(customer(**record), event=event_)
    moments.record.profile.locale = locale
    moments.record.consents = [one for one in moments.record.consents if one.channel == channel]
    moments.when(trigger, "b-1", **({"product.was": 2_000} if trigger == "wish.cheaper" else {}))
    return message_of(said(moments, rule))


class TestPictures:
    @pytest.mark.parametrize(("trigger", "rule"), [("wish.back", "wish_back"), ("wish.cheaper", "wish_cheaper")])
    def test_a_mail_about_a_product_shows_its_picture_which_leads_to_its_page(self, trigger: str, rule: str) -> None:
        told = told_of(trigger, rule, event("product.updated", NOON, **BIRDS, price=1_295, currency="EUR"))

        assert told.product == ShownProduct(title="Field Guide to Birds", image=PICTURE, url=PAGE)
        assert [one.url for one in told.buttons] == [PAGE]

    @pytest.mark.parametrize(
        ("change", "picture", "button"),
        [
            ({"image": None}, False, True),
            ({"title": None}, False, True),
            ({"url": None}, True, False),
            ({"image": "http://cdn.example/birds.jpg"}, False, True),
            ({"url": "http://shop.example/b/birds"}, True, False),
        ],
    )
    def test_what_is_not_known_or_not_by_https_is_left_out(
        self, change: dict[str, Any], picture: bool, button: bool
    ) -> None:
        fields = {name: value for name, value in {**BIRDS, **change}.items() if value}
        told = told_of("wish.back", "wish_back", event("product.updated", NOON, **fields))

        assert (told.product is not None, bool(told.buttons)) == (picture, button)
        if told.product:
            assert (told.product.url is not None) is button

    @pytest.mark.parametrize(("locale", "said_"), [
        ("en", f"Field Guide to Birds is in stock again. {PAGE}"), ("de", f"Birds ist wieder da. {PAGE}"),
        ("zh-CN", f"】Field Guide to Birds到货了。查看：{PAGE} "),
    ])  # fmt: skip
    def test_an_sms_has_the_address_and_takes_at_most_two_parts(self, locale: str, said_: str) -> None:
        told = told_of("wish.back", "wish_back", event("product.updated", NOON, **BIRDS), "sms", locale)

        assert told.product is None
        assert told.sms is not None
        assert said_ in told.sms.text

    @pytest.mark.parametrize("locale", ["en", "de", "zh-CN"])
    @pytest.mark.parametrize("title", ["The " + "very " * 38 + "end", "春" * 200])
    def test_no_title_or_address_makes_an_sms_longer_than_two_parts(self, locale: str, title: str) -> None:
        for length in (70, 400):
            fields = {**BIRDS, "title": title, "url": f"{PAGE}/{'x' * 400}"[:length]}
            told = told_of("wish.back", "wish_back", event("product.updated", NOON, **fields), "sms", locale)

            assert told.sms is not None
            assert told.sms.parts <= 2
            assert "https://shop.example" not in told.sms.text or length == 70

    def test_a_reminder_of_a_cart_names_and_shows_what_was_put_in_last(self) -> None:
        shown = CartProduct("b-1", "Field Guide to Birds", PAGE, PICTURE)
        left = Cart("k-1", "EUR", 4_000, [CartItem("b-0", 1, 3_000), CartItem("b-1", 1, 1_000)], shown=shown)
        told = told_of("cart.left", "cart_left", None, cart=left)

        assert told.body[0].startswith("You left Field Guide to Birds and more in your cart, worth €40.00")
        assert told.product == ShownProduct(title="Field Guide to Birds", image=PICTURE, url=PAGE)
        assert [one.to for one in told.buttons] == ["cart"]

    def test_a_cart_of_which_nothing_was_told_is_reminded_of_as_before(self) -> None:
        told = told_of("cart.left", "cart_left", None, cart=Cart("k-1", "EUR", 4_000, [CartItem("b-1", 1, 4_000)]))

        assert told.body[0].startswith("You left something in your cart, worth €40.00")
        assert told.product is None

    def test_a_picture_is_still_known_when_the_night_is_over(self) -> None:
        moments = shop(event=event("product.updated", NOON, **BIRDS))
        moments.when("wish.back", "b-1", at=NOON + 12 * HOUR)
        moments._more["event"] = None
        moments.until(NOON + 2 * DAY)

        told = message_of(said(moments, "wish_back"))
        assert told.product is not None
        assert told.product.image == PICTURE
