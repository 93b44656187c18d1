"""The cart at hand."""

from __future__ import annotations

from typing import Any

from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_CART_ITEMS, CartProduct, TimerKind
from schemas.times import DAY
from streams.carts import TITLE_BYTES
from tests.builders import START, Life, added, event, placed, when


def test_a_cart_that_nobody_touched_for_the_delay_is_left_once() -> None:
    life = Life()
    life.happens(added(), added(when(minutes=30), sku="s-2"))
    delay = life.lane.rulebook.defaults.carts.delay_millis
    assert life.due(TimerKind.CART) == when(minutes=30) + delay

    life.until(when(minutes=30) + delay - 1)
    assert "cart.left" not in life.heard

    life.until(when(3))
    assert life.heard.count("cart.left") == 1


def test_a_cart_touched_again_is_left_again() -> None:
    life = Life()
    life.happens(added())
    life.until(when(1))
    life.happens(added(when(2), sku="s-2"))
    life.until(when(3))

    assert life.heard.count("cart.left") == 2


def test_a_cart_left_for_long_is_forgotten() -> None:
    life = Life()
    life.happens(added())

    life.until(when(40))

    assert life.record.cart is None
    assert life.due(TimerKind.CART) is None


def test_another_cart_id_is_another_cart() -> None:
    life = Life()
    life.happens(added(price=900), added(when(minutes=1), cart_id="k-2", price=100))

    assert life.record.cart is not None
    assert (life.record.cart.id, life.record.cart.value) == ("k-2", 100)


def test_the_value_follows_what_is_put_in_and_taken_out() -> None:
    life = Life()
    life.happens(
        added(price=900),
        added(when(minutes=1), sku="s-2", price=100),
        event("cart.item_removed", when(minutes=2), cart_id="k-1", sku="s-1"),
    )

    assert life.record.cart is not None
    assert (life.record.cart.value, [item.sku for item in life.record.cart.items]) == (100, ["s-2"])


def test_an_emptied_cart_is_none_and_nobody_waits_for_it() -> None:
    life = Life()
    life.happens(added(), event("cart.item_removed", when(minutes=2), cart_id="k-1", sku="s-1"))

    life.until(when(3))

    assert life.record.cart is None
    assert "cart.left" not in life.heard


def test_beyond_its_bound_a_cart_keeps_value_and_number_but_no_more_lines() -> None:
    life = Life()

    outcome = life.happens(*(added(when(minutes=n), sku=f"s-{n}", price=10) for n in range(MAX_CART_ITEMS + 3)))

    cart = life.record.cart
    assert cart is not None
    assert (len(cart.items), cart.more, cart.value) == (MAX_CART_ITEMS, 3, 10 * (MAX_CART_ITEMS + 3))
    assert outcome.codes == {OutcomeCode.CAP_CART_ITEMS: 3}


def test_the_way_to_the_till_says_what_the_customer_would_pay() -> None:
    life = Life()
    life.happens(
        added(price=900),
        event("checkout.started", when(minutes=1), cart_id="k-1", amount=1_070, currency="EUR"),
        event("payment.failed", when(minutes=2), cart_id="k-1"),
    )

    cart = life.record.cart
    assert cart is not None
    assert (cart.value, cart.checkout, cart.payment_failed) == (1_070, True, True)
    assert life.record.browsing.failed_payments == 1


def test_news_of_a_cart_that_comes_after_its_order_is_outdated() -> None:
    life = Life()
    life.happens(placed(when(1)))

    outcome = life.happens(added(when(0)), event("checkout.started", cart_id="k-1", amount=1, currency="EUR"))

    assert outcome.codes == {OutcomeCode.OUTDATED: 2}
    assert life.record.cart is None


def test_taking_something_out_of_a_cart_that_is_not_at_hand_is_counted() -> None:
    outcome = Life().happens(event("cart.item_removed", cart_id="k-9", sku="s-1"))

    assert outcome.codes == {OutcomeCode.UNKNOWN_CART: 1}


def test_a_foreign_currency_in_the_cart_is_not_added_to_its_value() -> None:
    life = Life()
    life.happens(added(price=900), added(when(minutes=1), sku="s-2", price=9_999, currency="JPY"))

    assert life.record.cart is not None
    assert life.record.cart.value == 900


TOLD: dict[str, Any] = {
    "title": "Field Guide to Birds",
    "url": "https://shop.example/b/1",
    "image": "https://cdn.example/1.jpg",
}


def test_what_was_put_in_last_with_its_title_can_be_shown() -> None:
    life = Life()
    life.happens(added(sku="b-0", title="Atlas"), added(when(minutes=1), sku="b-1", **TOLD), added(when(minutes=2)))

    assert life.record.cart is not None
    assert life.record.cart.shown == CartProduct("b-1", *TOLD.values())


def test_what_was_taken_out_is_not_shown() -> None:
    life = Life()
    life.happens(
        added(),
        added(when(minutes=1), sku="b-1", **TOLD),
        event("cart.item_removed", when(minutes=2), cart_id="k-1", sku="b-1"),
    )

    assert life.record.cart is not None
    assert life.record.cart.shown is None


def test_what_a_browser_says_of_a_product_is_shown_to_nobody() -> None:
    life = Life()
    life.happens(added(sku="b-1", actor="customer", **TOLD))

    assert life.record.cart is not None
    assert (life.record.cart.value, life.record.cart.shown) == (1_000, None)


def test_a_long_title_is_shortened_and_a_long_address_is_none() -> None:
    life = Life()
    told = {"title": "The tides " * 20, "url": f"https://shop.example/{'x' * 300}", "image": TOLD["image"]}
    life.happens(added(sku="b-1", **told))

    assert life.record.cart is not None
    assert life.record.cart.shown is not None
    title = life.record.cart.shown.title
    assert title.endswith("…")
    assert len(title.encode()) <= TITLE_BYTES
    assert (life.record.cart.shown.url, life.record.cart.shown.image) == ("", TOLD["image"])


def test_a_cart_that_was_followed_by_another_does_not_come_back_with_late_news() -> None:
    life = Life()
    life.happens(added(when(3), cart_id="k-2", price=700), added(when(1), cart_id="k-1", price=900))

    assert life.record.cart is not None
    assert (life.record.cart.id, life.record.cart.value) == ("k-2", 700)


def test_news_of_a_cart_that_would_be_forgotten_by_now_bring_it_back_to_nobody() -> None:
    life = Life(since=START - 30 * DAY)
    life.happens(event("product.viewed", when(0), sku="s-1"))

    outcome = life.happens(added(START - 20 * DAY))

    assert outcome.codes == {OutcomeCode.LATE: 1, OutcomeCode.OUTDATED: 1} or outcome.codes == {OutcomeCode.OUTDATED: 1}
    assert life.record.cart is None


def test_what_was_bought_under_another_carts_name_is_not_left_in_this_one() -> None:
    life = Life()
    life.happens(
        added(price=900, sku="s-1"),
        added(when(minutes=1), sku="s-2", price=100),
        placed(when(minutes=5), cart_id="k-9", items=[{"sku": "s-1", "price": 900}]),
    )

    assert life.record.cart is not None
    assert (life.record.cart.value, [item.sku for item in life.record.cart.items]) == (100, ["s-2"])
