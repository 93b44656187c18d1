"""Orders, in whatever order the news of them comes."""

from __future__ import annotations

import msgspec
import pytest

from schemas.given_out import Coupon
from schemas.order_book import MAX_ORDERS, MAX_PARCELS
from schemas.outcome_codes import OutcomeCode
from schemas.record import TimerKind
from schemas.times import DAY, HOUR
from tests.builders import START, Life, added, event, placed, when


def test_an_order_is_counted_entered_and_rewarded_with_points() -> None:
    life = Life()

    life.happens(placed(amount=12_345))

    assert (life.record.purchases.count, life.record.purchases.spent) == (1, 12_345)
    assert life.record.purchases.first == life.record.purchases.last == START
    assert life.order().points == 123
    assert life.record.points.earned == 123


def test_an_order_told_twice_counts_once_even_under_another_event_id() -> None:
    life = Life()
    life.happens(placed(id="first"))
    before, facts = life.stored(), life.facts()

    assert life.happens(placed(id="first")).codes == {OutcomeCode.DUPLICATE: 1}
    assert life.stored() == before

    outcome = life.happens(placed(id="second"))
    assert (outcome.codes, outcome.counts) == ({OutcomeCode.DUPLICATE: 1}, {})
    assert life.facts() == facts


def test_an_order_told_again_after_its_event_id_was_forgotten_changes_no_byte() -> None:
    life = Life()
    order = placed(promised=when(3))
    news = [
        order,
        event("order.delivered", when(1), order_id="o-1"),
        event("order.returned", when(2), order_id="o-1", amount=9),
    ]
    life.happens(*news, *(event("consent.granted", when(3, 0, n), channel="sms", purpose="service") for n in range(99)))
    before = life.stored()

    outcome = life.happens(*news)

    assert outcome.codes == {OutcomeCode.DUPLICATE: 3}
    assert life.stored() == before


def test_an_order_takes_its_cart_with_it_and_leaves_another() -> None:
    life = Life()
    life.happens(added(cart_id="k-1"), placed(when(minutes=1), cart_id="k-2"))
    assert life.due(TimerKind.CART) is not None

    life.happens(placed(when(minutes=2), order_id="o-2", cart_id="k-1"))
    assert life.record.cart is None
    assert life.due(TimerKind.CART) is None


def test_an_order_that_names_no_cart_takes_the_one_at_cache() -> None:
    life = Life()

    life.happens(added(), placed(when(minutes=1)))

    assert life.record.cart is None


def test_orders_in_a_foreign_currency_are_counted_but_not_summed_nor_rewarded() -> None:
    life = Life()

    outcome = life.happens(placed(), placed(when(1), order_id="o-2", currency="JPY", amount=9_999))

    assert life.record.purchases.count == 2
    assert life.record.purchases.spent == 5_000
    assert life.record.purchases.foreign == 1
    assert life.order("o-2").points == 0
    assert outcome.codes == {OutcomeCode.FOREIGN_CURRENCY: 1}


def test_a_promise_that_passes_is_noticed_once_after_the_grace() -> None:
    life = Life()
    life.happens(placed(promised=when(2)))
    grace = life.lane.rulebook.defaults.orders.late_grace_millis
    assert life.due(TimerKind.DELIVERY) == when(2) + grace

    life.until(when(2))
    assert "delivery.overdue" not in life.heard

    life.until(when(5))
    assert life.heard.count("delivery.overdue") == 1


def test_a_promise_said_again_at_dispatch_is_not_noticed_again() -> None:
    life = Life()
    life.happens(placed(promised=when(2)))
    life.until(when(3))

    life.happens(event("order.dispatched", when(4), order_id="o-1", promised_at="2026-03-04T12:00:00Z"))

    assert life.heard.count("delivery.overdue") == 1
    assert life.order().late


def test_a_broken_promise_that_no_timer_was_set_for_is_noticed_with_the_next() -> None:
    life = Life()
    grace = life.lane.rulebook.defaults.orders.late_grace_millis
    life.happens(placed(promised=when(2)), placed(when(0, 1), order_id="o-2", promised=when(2) - 1))
    life.order().promised -= 1_000

    life.until(when(2) + grace)

    assert life.heard.count("delivery.overdue") == 2


def test_a_promise_moved_at_dispatch_is_the_one_that_counts() -> None:
    life = Life()
    life.happens(
        placed(promised=when(2)),
        event("order.dispatched", when(1), order_id="o-1", promised_at="2026-03-08T12:00:00Z"),
    )

    life.until(when(5))

    assert "delivery.overdue" not in life.heard


def test_a_promise_broken_before_it_was_heard_of_is_noticed_at_once() -> None:
    life = Life()

    life.happens(event("product.viewed", when(9), sku="s-1"), placed(promised=when(3)))

    assert "delivery.overdue" in life.heard


def test_a_delivery_after_its_promise_is_late_and_counted() -> None:
    life = Life()

    life.happens(placed(promised=when(2)), event("order.delivered", when(3), order_id="o-1"))

    assert life.order().late
    assert (life.record.purchases.delivered, life.record.purchases.late) == (1, 1)
    assert "delivery.late" in life.heard


def test_a_delivery_in_time_is_not_late_and_is_asked_after() -> None:
    life = Life()
    life.happens(placed(promised=when(2)), event("order.delivered", when(2), order_id="o-1"))
    assert not life.order().late
    assert life.due(TimerKind.DELIVERY) is None

    life.until(when(4))

    assert life.heard.count("survey.due") == 1


def test_nobody_is_asked_after_a_delivery_that_came_back() -> None:
    life = Life()
    life.happens(
        placed(),
        event("order.delivered", when(1), order_id="o-1"),
        event("order.returned", when(1, 2), order_id="o-1", amount=5_000),
    )

    life.until(when(9))

    assert "survey.due" not in life.heard


def test_a_cancelled_order_gives_back_money_points_and_its_place_in_the_year() -> None:
    life = Life()
    life.happens(placed(), placed(when(1), order_id="o-2", amount=700))

    life.happens(event("order.cancelled", when(2), order_id="o-1"))

    purchases = life.record.purchases
    assert (purchases.count, purchases.cancelled, purchases.spent) == (2, 1, 700)
    assert sum(purchases.counts) == 1
    assert sum(purchases.amounts) == 700
    assert sum(lot.points for lot in life.record.points.lots) == 7


def test_an_order_may_come_back_in_parts_but_never_for_more_than_was_paid() -> None:
    life = Life()
    life.happens(placed(amount=5_000))

    life.happens(
        event("order.returned", when(1), order_id="o-1", amount=2_000),
        event("order.returned", when(2), order_id="o-1", amount=4_000),
    )

    assert life.order().refunded == 5_000
    assert life.record.purchases.spent == 0
    assert life.record.purchases.returned == 1
    assert life.record.points.reversed == 50


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        (("order.delivered", "order.placed"), "delivered"),
        (("order.dispatched", "order.placed", "order.delivered"), "delivered"),
        (("order.delivered", "order.dispatched", "order.placed"), "delivered"),
        (("order.cancelled", "order.placed"), "cancelled"),
        (("order.returned", "order.placed"), "returned"),
    ],
)
def test_news_that_overtakes_the_order_takes_effect_when_the_order_comes(kinds: tuple[str, ...], status: str) -> None:
    news = {
        "order.placed": placed(promised=when(3)),
        "order.dispatched": event("order.dispatched", when(1), order_id="o-1"),
        "order.delivered": event("order.delivered", when(2), order_id="o-1"),
        "order.cancelled": event("order.cancelled", when(1), order_id="o-1"),
        "order.returned": event("order.returned", when(4), order_id="o-1", amount=5_000),
    }
    overtaken, straight = Life(), Life()
    overtaken.happens(*(news[kind] for kind in kinds))
    straight.happens(*sorted((news[kind] for kind in kinds), key=lambda one: one.at))

    assert overtaken.order().status == straight.order().status == status
    assert overtaken.record.purchases.spent == straight.record.purchases.spent
    assert overtaken.record.purchases.delivered == straight.record.purchases.delivered
    assert overtaken.record.points.reversed == straight.record.points.reversed


def test_news_of_an_order_nobody_placed_is_counted() -> None:
    assert Life().happens(event("order.delivered", order_id="ghost")).codes == {OutcomeCode.UNKNOWN_ORDER: 1}


@pytest.mark.parametrize("kind", ["order.dispatched", "order.delivered"])
def test_a_cancelled_order_stays_cancelled(kind: str) -> None:
    life = Life()
    life.happens(placed(), event("order.cancelled", when(1), order_id="o-1"))
    before = msgspec.structs.replace(life.record.purchases)

    life.happens(event(kind, when(1, 1), order_id="o-1"))

    assert life.order().status == "cancelled"
    assert life.record.purchases == before


def test_a_full_book_forgets_settled_orders_first_and_does_not_take_them_for_new() -> None:
    life = Life()
    first = placed(when(0), order_id="settled")
    life.happens(placed(when(0, 0, -1), order_id="open"), first)
    life.happens(event("order.delivered", when(0, 1), order_id="settled"))

    outcome = life.happens(*(placed(when(1, 0, n), order_id=f"n-{n}") for n in range(MAX_ORDERS)))

    ids = {order.id for order in life.book.orders}
    assert len(ids) == MAX_ORDERS
    assert "settled" not in ids
    assert outcome.codes == {OutcomeCode.CAP_ORDERS: 1}
    forgotten = placed(when(0), order_id="settled", id="again")
    assert life.happens(forgotten).codes == {OutcomeCode.TOO_OLD_ORDER: 1}


def test_a_second_order_is_asked_for_after_the_first_only() -> None:
    life = Life()
    life.happens(placed())
    assert life.due(TimerKind.SECOND_ORDER, "o-1") == START + life.lane.rulebook.defaults.orders.second_order_millis

    life.happens(placed(when(1), order_id="o-2"))
    life.until(when(30))

    assert "second_order.due" not in life.heard


def test_a_first_order_alone_is_followed_by_the_question_for_a_second() -> None:
    life = Life()
    life.happens(placed())

    life.until(when(30))

    assert life.heard.count("second_order.due") == 1


def test_a_coupon_of_ours_is_redeemed_by_the_order_that_names_it() -> None:
    life = Life()
    life.record.coupons.append(Coupon("TEND-1", 7, when(9)))

    life.happens(placed(coupons=["TEND-1", "FOREIGN"]))

    assert life.record.coupons[0].redeemed


def test_late_grace_is_a_number_of_the_rulebook() -> None:
    life = Life()
    grace = life.lane.rulebook.defaults.orders.late_grace_millis

    life.happens(placed(promised=START + DAY))
    life.happens(event("order.delivered", START + DAY + grace, order_id="o-1"))

    assert grace >= HOUR
    assert not life.order().late


def test_an_order_in_more_parcels_than_are_told_apart_has_arrived_when_all_of_it_is_said_to_have() -> None:
    life = Life()
    life.happens(placed())
    for parcel in range(MAX_PARCELS + 3):
        life.happens(event("order.dispatched", when(1), order_id="o-1", parcel=f"p-{parcel}", parcels=MAX_PARCELS + 3))
    assert life.order().status == "dispatched"

    life.happens(event("order.delivered", when(3), order_id="o-1"))

    assert (life.order().status, life.order().delivered) == ("delivered", when(3))
