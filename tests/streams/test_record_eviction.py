"""A record stays small, whatever is sent."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.simulate.journey import Journey
from benchmarks.lives import around, live
from rules.loading import shipped
from schemas.codec import decode_record, encode_record, size_of
from schemas.events import AnyEvent
from schemas.given_out import MAX_COUPONS, MAX_SENT, Coupon, Sent
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_BYTES, CustomerRecord
from schemas.times import DAY, HOUR, MINUTE
from streams.carts import URL_BYTES
from streams.record_eviction import STEPS
from tests.builders import START, Life, added, complained, event, lane_context, placed, when

ASCII = string.ascii_letters + string.digits
WIDE = "你好🦉ß"


def long(seed: int, size: int, letters: str = ASCII) -> str:
    """A text of the greatest length, different for each seed, with nothing in it to compress."""
    return "".join(letters[(seed * 7919 + place * place * 31 + place * 17) % len(letters)] for place in range(size))


def flood(seed: int, at: int) -> list[AnyEvent]:
    """One event of each type, every field as long as the contract allows."""
    ref = long(seed, 64)
    money: dict[str, Any] = {"amount": 10**12, "currency": "EUR"}
    line: dict[str, Any] = {"cart_id": long(7, 64), "price": 10**12, "currency": "EUR", "quantity": 100_000}
    line |= {name: "https://" + long(seed, URL_BYTES - 8) for name in ("url", "image")}
    line["title"] = long(seed, 200, WIDE)
    told: list[tuple[str, dict[str, Any]]] = [
        ("customer.updated", details(seed)),
        *(("consent.granted", {"channel": one, "purpose": "service"}) for one in ("sms", "email", "push", "call")),
        *(("consent.granted", {"channel": one, "purpose": "marketing"}) for one in ("sms", "email", "push", "call")),
        ("product.viewed", {"sku": long(seed, 64, WIDE), "category": long(seed, 64, WIDE)}),
        *(("cart.item_added", {**line, "sku": long(seed + n, 64)}) for n in range(6)),
        ("order.placed", {"order_id": ref, "cart_id": "none", **money, "promised_at": "2027-01-01T00:00:00Z"}),
        ("complaint.opened", {"complaint_id": ref, "category": "delivery", "order_id": ref}),
        ("survey.answered", {"scores": dict.fromkeys(["overall", "product", "service", "delivery"], 1)}),
        ("order.returned", {"order_id": ref, "amount": 10**11}),
    ]
    return [
        event(kind, at + number * HOUR, id=f"{seed}-{number}", **fields) for number, (kind, fields) in enumerate(told)
    ]


def details(seed: int) -> dict[str, Any]:
    """Everything that may be told of a customer."""
    return {
        "name": long(seed, 80, WIDE),
        "email": long(seed, 64) + "@" + long(seed + 1, 189),
        "phone": "+123456789012345",
        "locale": "zh-Hant-TW-x-abcdefgh-abcdefgh",
        "zone": "America/Argentina/ComodRivadavia",
        "region": long(seed, 64, WIDE),
        "age_band": long(seed, 64, WIDE),
        "income_band": long(seed, 64, WIDE),
        "birthday": f"1990-{seed % 12 + 1:02d}-28",
        "household_size": 50,
        "tags": [long(seed + n, 64, WIDE) for n in range(20)],
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=15)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=10, unique=True))
def test_no_stream_makes_a_record_larger_than_its_bound(seeds: list[int]) -> None:
    life = Life(lane_context(shipped()), who=long(5, 64))
    for number, seed in enumerate(seeds):
        for one in flood(seed, when(number)):
            told = type(one).model_validate({**one.model_dump(), "customer": life.record.id})
            life.happens(told)
            assert size_of(life.record) <= MAX_BYTES
            assert len(encode_record(life.record)) <= MAX_BYTES
    assert decode_record(encode_record(life.record)) == life.record


def crowded() -> Life:
    """Somebody with everything at its cap, and nothing in it to compress."""
    life = Life(who=long(5, 64))
    life.record.sent = [Sent(bytes(range(n, n + 8)), 2**31 + n, START, "email", "marketing") for n in range(MAX_SENT)]
    life.record.fired = {2**31 + n: START + n for n in range(24)}
    life.record.coupons = [Coupon(long(n, 64), 2**31, when(99), amount=10**12) for n in range(MAX_COUPONS)]
    life.record.profile.tags = [long(n, 90) for n in range(10)]
    life.happens(*(complained(when(0, 0, n), who=long(5, 64), complaint_id=long(n, 64)) for n in range(6)))
    return life


def test_what_matters_least_is_forgotten_first_and_counted() -> None:
    life = crowded()

    outcome = life.happens(*flood_of(life))

    assert size_of(life.record) <= MAX_BYTES
    assert outcome.codes[OutcomeCode.CAP_BYTES] > 0
    assert life.record.browsing.sku == ""
    assert len(life.record.coupons) == MAX_COUPONS


def flood_of(life: Life) -> list[AnyEvent]:
    return [
        type(one).model_validate({**one.model_dump(), "customer": life.record.id})
        for seed in (1, 2)
        for one in flood(seed, when(seed))
    ]


def test_each_step_forgets_one_thing_and_says_when_there_is_none() -> None:
    empty = CustomerRecord(1, "c-1", START)

    assert [step(empty) for step in STEPS] == [False] * len(STEPS)
    assert empty == CustomerRecord(1, "c-1", START)


def test_an_ordinary_record_loses_nothing() -> None:
    life = Life()

    outcome = life.happens(event("product.viewed", sku="s-1", category="books"))

    assert life.record.browsing.sku == "s-1"
    assert OutcomeCode.CAP_BYTES not in outcome.codes


def test_after_eight_weeks_of_the_simulated_shop_records_take_less_than_a_kilobyte_on_average() -> None:
    journey = Journey(days=56, households=25)

    sizes = [len(encode_record(one.record)) for one in live(journey, around(journey)).values()]

    assert len(sizes) > 15
    assert sum(sizes) / len(sizes) <= 1_000


def test_a_regular_shopper_who_looks_ten_times_before_they_buy_takes_less_than_a_kilobyte() -> None:
    life = Life(lane_context(shipped()))
    life.happens(
        event("customer.registered", name="Ada Lovelace", email="ada.lovelace@example.org", phone="+442071234567",
              locale="en-GB", zone="Europe/London", region="Marylebone", birthday="1990-12-10"),
        *(event("consent.granted", channel=one, purpose="marketing") for one in ("email", "sms", "push")),
    )  # fmt: skip
    for number in range(16):
        begins = when(3.5 * number)
        cart, order = f"cart-{number:06}", f"order-{number:06}"
        life.happens(
            *(
                event("product.viewed", begins + n * MINUTE, sku=f"sku-{number * n:06}", category="books")
                for n in range(8)
            ),
            added(begins + 9 * MINUTE, cart_id=cart),
            event("checkout.started", begins + 10 * MINUTE, cart_id=cart, amount=4_950, currency="EUR"),
            placed(begins + 12 * MINUTE, order_id=order, cart_id=cart, amount=4_950, promised=begins + 2 * DAY),
            event("order.dispatched", begins + 6 * HOUR, order_id=order),
            event("order.delivered", begins + 30 * HOUR, order_id=order),
        )

    assert life.record.purchases.count == 16
    assert len(encode_record(life.record)) <= 1_000
