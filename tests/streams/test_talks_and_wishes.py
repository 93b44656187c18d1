"""What customers say beside complaints, what they note, and coupons of the store's own."""

from __future__ import annotations

from itertools import permutations

import pytest

from schemas.record import TimerKind
from schemas.relations import MAX_CONTACTS, MAX_WISHES
from schemas.times import DAY, to_rfc3339
from tests.builders import START, Life, added, event, placed, when


def test_contacts_are_the_same_in_any_order_of_arrival() -> None:
    contacts = [event("contact.made", when(day), channel="call", topic=f"t-{day % 2}") for day in range(8)]

    kept = []
    for told in (contacts, contacts[::-1], contacts[3:] + contacts[:3]):
        life = Life(since=START - DAY)
        life.happens(*told)
        assert life.record.talks is not None
        kept.append((life.record.talks.total, [one.at for one in life.record.talks.contacts]))

    assert kept == [(8, [when(day) for day in range(8)][-MAX_CONTACTS:])] * 3


def test_the_same_contact_told_again_counts_once() -> None:
    life = Life()
    call = event("contact.made", channel="call")

    assert life.happens(call, call).codes == {"duplicate": 1}


@pytest.mark.parametrize("kind", ["suggestion", "praise", "question"])
def test_what_customers_give_is_counted_by_its_kind(kind: str) -> None:
    life = Life()
    life.happens(event("feedback.given", kind=kind))
    talks = life.record.talks

    assert talks is not None
    assert {"suggestion": talks.suggestions, "praise": talks.praise, "question": talks.questions}[kind] == 1
    assert talks.suggestions + talks.praise + talks.questions == 1


def test_a_counterfeit_is_urgent() -> None:
    life = Life()
    life.happens(event("complaint.opened", complaint_id="p-1", category="counterfeit"))

    assert life.record.complaints.recent[0].urgency == "high"


def test_what_can_be_had_again_is_noticed_once() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1", in_stock=False))
    life.happens(event("product.updated", when(1), sku="b-1", stock=0))
    assert "wish.back" not in life.heard

    life.happens(event("product.updated", when(2), sku="b-1", stock=4))
    life.happens(event("product.updated", when(3), sku="b-1", stock=3))
    assert life.heard.count("wish.back") == 1


def test_a_lower_price_of_what_can_be_had_is_noticed() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1", price=2_000, currency="EUR"))
    life.happens(event("product.updated", when(1), sku="b-1", price=2_500, currency="EUR"))
    assert "wish.cheaper" not in life.heard

    life.happens(event("product.updated", when(2), sku="b-1", price=1_500, currency="EUR"))
    assert "wish.cheaper" in life.heard


def test_news_of_what_nobody_noted_changes_nothing() -> None:
    life = Life()

    assert life.happens(event("product.updated", sku="b-1", stock=4)).codes == {"outdated": 1}


def test_what_is_taken_off_the_list_is_waited_for_no_longer() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1", in_stock=False), event("wishlist.removed", when(1), sku="b-1"))
    life.happens(event("product.updated", when(2), sku="b-1", stock=4))

    assert "wish.back" not in life.heard
    assert not any(wish.is_noted for wish in life.record.wishes)


def test_what_was_ordered_is_wished_for_no_longer() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1"), event("wishlist.added", sku="b-2"))
    life.happens(placed(when(1), items=[{"sku": "b-1", "price": 5_000}]))

    assert [wish.sku for wish in life.record.wishes if wish.is_noted] == ["b-2"]


def test_what_is_taken_off_the_list_stays_off_though_the_noting_is_heard_of_later() -> None:
    life = Life()
    life.happens(event("wishlist.removed", when(1), sku="b-1"), event("wishlist.added", sku="b-1"))
    assert not any(wish.is_noted for wish in life.record.wishes)

    life.until(when(120))
    assert life.record.wishes == []


def test_more_wishes_than_are_kept_push_out_the_oldest() -> None:
    life = Life()
    done = life.happens(*(event("wishlist.added", when(day), sku=f"b-{day}") for day in range(MAX_WISHES + 1)))

    assert [wish.sku for wish in life.record.wishes] == [f"b-{day}" for day in range(1, MAX_WISHES + 1)]
    assert done.codes == {"cap_wishes": 1}


def test_older_news_of_a_product_that_comes_late_changes_nothing() -> None:
    noted = event("wishlist.added", sku="b-1", in_stock=False)
    back = event("product.updated", when(2), sku="b-1", stock=4)
    out = event("product.updated", when(1), sku="b-1", stock=0)

    stocks = []
    for told in permutations((back, out)):
        life = Life(since=START - DAY)
        life.happens(noted, *told)
        stocks.append(life.record.wishes[0].in_stock)
    assert stocks == [True, True]


def test_a_coupon_of_the_stores_own_is_held_and_its_end_reminded_of() -> None:
    life = Life()
    claimed = event("coupon.claimed", code="SUMMER", percent=5, expires_at=to_rfc3339(when(30)))
    life.happens(claimed, event("coupon.claimed", when(1), code="SUMMER", percent=5, expires_at=to_rfc3339(when(30))))

    assert [coupon.code for coupon in life.record.coupons] == ["SUMMER"]
    assert life.due(TimerKind.COUPON_EXPIRY) == when(27)


def test_a_coupon_that_has_lapsed_is_no_use() -> None:
    life = Life()

    assert life.happens(event("coupon.claimed", code="OLD", percent=5, expires_at=to_rfc3339(START))).codes == {
        "outdated": 1
    }


def test_the_step_at_which_customers_get_stuck_is_a_fact() -> None:
    life = Life()
    life.happens(added(), event("checkout.step", when(minutes=2), cart_id="k-1", step="recipient"))

    assert life.record.cart is not None
    assert (life.record.cart.step, life.record.cart.checkout) == ("recipient", True)


def test_stock_that_comes_and_goes_is_noticed_once_a_month() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1", in_stock=False))
    for day in (1, 3, 5, 40):
        life.happens(event("product.updated", when(day), sku="b-1", stock=2))
        life.happens(event("product.updated", when(day, 1), sku="b-1", stock=0))

    assert life.heard.count("wish.back") == 2


def test_a_price_that_went_up_and_comes_down_to_what_it_was_is_no_lower_price() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1", price=2_000, currency="EUR"))
    for day, price in ((1, 2_500), (3, 2_000), (5, 2_500), (7, 1_900)):
        assert "wish.cheaper" not in life.heard
        life.happens(event("product.updated", when(day), sku="b-1", price=price, currency="EUR"))

    assert life.heard.count("wish.cheaper") == 1


def test_the_lowest_price_counts_for_thirty_days() -> None:
    life = Life()
    life.happens(event("wishlist.added", sku="b-1", price=2_000, currency="EUR"))
    life.happens(event("product.updated", when(1), sku="b-1", price=2_500, currency="EUR"))
    life.happens(event("product.updated", when(32), sku="b-1", price=2_200, currency="EUR"))

    assert life.heard.count("wish.cheaper") == 1
