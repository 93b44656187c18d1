"""WooCommerce tells an order as it is: that something was taken back follows from what it told before."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from schemas.order_book import Order
from tests.agents.connectors.shop_doors import ShopDoor
from tests.doors.told import comes_in

PAID = "2026-11-20T10:00:00"


def order(status: str, hour: int, *refunds: tuple[int, str], **changes: Any) -> dict[str, Any]:
    told = {
        "id": 4900, "number": "4900", "status": status, "currency": "EUR", "total": "40.00", "customer_id": 304,
        "date_created_gmt": "2026-11-20T08:00:00", "date_modified_gmt": f"2026-11-20T{hour:02}:00:00",
        "line_items": [], "billing": {"email": "gina@mail.test"},
        "refunds": [{"id": own, "total": amount} for own, amount in refunds],
    }  # fmt: skip
    return {**told, **changes}


async def send(door: ShopDoor, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        answer = await door.post("order.updated", body)
        assert (answer.status_code, answer.json().get("refused")) == (200, None)


def kept(door: ShopDoor) -> Order:
    return door.life("304").order("4900")


@pytest.mark.parametrize("sequence", list(permutations(range(3))))
@comes_in(
    "taken back",
    "blockonomics/woocommerce-plugin #294: cancelled after an hour, and paid afterwards",
    "woocommerce/woocommerce #11867: from cancelled to on hold, when the gateway tells at last",
    "woocommerce/woocommerce #20928: cancelled as unpaid, though the payment went through",
)
async def test_an_order_that_is_paid_after_it_was_cancelled_stands(
    woocommerce: ShopDoor, sequence: tuple[int, ...]
) -> None:
    told = [order("on-hold", 8), order("cancelled", 9), order("processing", 10, date_paid_gmt=PAID)]
    await send(woocommerce, *(told[place] for place in sequence))

    assert (kept(woocommerce).status, kept(woocommerce).refunded) == ("placed", 0)
    assert woocommerce.life("304").record.purchases.spent == 4_000
    assert woocommerce.kinds.count("order.restored") == 1


async def test_an_order_that_is_cancelled_once_more_is_so(woocommerce: ShopDoor) -> None:
    paid = {"date_paid_gmt": PAID}
    await send(woocommerce, order("on-hold", 8), order("cancelled", 9), order("processing", 10, **paid))
    await send(woocommerce, order("cancelled", 11, **paid), order("cancelled", 12, **paid))
    assert kept(woocommerce).status == "cancelled"
    assert woocommerce.kinds.count("order.cancelled") == 2

    await send(woocommerce, order("completed", 13, **paid))
    assert kept(woocommerce).status == "placed"


async def test_an_order_that_was_never_cancelled_is_not_restored(woocommerce: ShopDoor) -> None:
    await send(woocommerce, order("on-hold", 8), order("processing", 9), order("completed", 10))

    assert "order.restored" not in woocommerce.kinds


@pytest.mark.parametrize("late", [False, True])
@comes_in("taken back", "WooCommerce's documentation, Order refunds: a refund can be deleted")
async def test_a_refund_that_was_deleted_counts_no_longer(woocommerce: ShopDoor, late: bool) -> None:
    told = [order("completed", 9, (51, "-4.00"), (52, "-6.00")), order("completed", 10, (51, "-4.00"))]
    await send(woocommerce, order("processing", 8), *(reversed(told) if late else told))

    assert kept(woocommerce).refunded == 400
    withdrawn = [one.event for one in woocommerce.safe if one.event.type == "refund.withdrawn"]
    assert {getattr(one, "refund", "") for one in withdrawn} == {"52"}


async def test_a_refund_whose_amount_is_left_out_is_still_there(woocommerce: ShopDoor) -> None:
    """woocommerce/woocommerce #39215: with another storage its webhooks tell 0.00."""
    await send(woocommerce, order("completed", 9, (51, "-4.00")), order("completed", 10, (51, "0.00")))

    assert kept(woocommerce).refunded == 400


async def test_an_order_that_was_called_refunded_by_mistake_is_paid(woocommerce: ShopDoor) -> None:
    await send(woocommerce, order("processing", 8), order("refunded", 9))
    assert kept(woocommerce).money == "refunded"

    await send(woocommerce, order("processing", 10))
    assert (kept(woocommerce).money, kept(woocommerce).refunded) == ("paid", 0)
