"""Coupon codes are known to who has them, and follow from nothing that others know."""

from __future__ import annotations

import re
from itertools import pairwise

from rules.context import LaneContext
from rules.loading import shipped
from schemas.actions import CouponAction
from tests.builders import Life, event, lane_context, placed, when


def code(key: bytes, who: str = "c-1") -> str:
    """The code of the coupon for a second order."""
    around: LaneContext = lane_context(shipped(), coupon_key=key)
    life = Life(around, who)
    done = life.happens(
        event("customer.registered", who=who, email="mia@example.org", zone="Europe/London"),
        event("consent.granted", who=who, channel="email", purpose="marketing"),
        placed(when(1), who=who),
        event("order.delivered", when(3), who=who, order_id="o-1"),
    )
    done.actions += life.until(when(60)).actions
    return next(action.coupon.code for action in done.actions if isinstance(action, CouponAction))


def test_another_secret_gives_other_codes_and_the_same_one_the_same() -> None:
    codes = [code(key) for key in (b"", b"one secret", b"another", b"one secret")]

    assert codes[1] == codes[3]
    assert len(set(codes)) == 3


def test_codes_of_two_customers_have_nothing_in_common_and_can_be_typed() -> None:
    codes = [code(b"one secret", f"c-{number}") for number in range(6)]

    assert len(set(codes)) == 6
    assert all(re.fullmatch(r"[A-Z0-9]{2,12}-[A-Z2-7]{10}", one) for one in codes)
    assert all(one[-10:-6] != two[-10:-6] for one, two in pairwise(codes))
