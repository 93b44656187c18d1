"""The simulated shop: contract events, in order, the same every time, and blind to the future."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from agents.replay.event import ReplayEvent
from agents.simulate import source
from agents.simulate.distributions import Distributions
from agents.simulate.document import simulator_page
from agents.simulate.journey import Journey
from schemas.events import decode_event
from schemas.orders import OrderPlaced
from schemas.times import DAY, HOUR
from schemas.topics import TOPIC_OF

FEW = 60
OFTEN = Distributions(anonymous=0.05, tasting=0.1)


@pytest.fixture(scope="module")
def stream() -> list[ReplayEvent]:
    """Twenty weeks of a few households."""
    return list(Journey(days=140, households=FEW).events())


def bodies(stream: list[ReplayEvent]) -> list[dict[str, Any]]:
    return [orjson.loads(event.body) for event in stream]


def test_every_event_keeps_the_contract_and_says_in_its_body_what_the_stream_says(stream: list[ReplayEvent]) -> None:
    for told in stream:
        event = decode_event(told.body)
        assert (event.at, event.id, event.customer, event.type) == (told.time, told.id, told.customer, told.type)


def test_the_stream_is_in_the_order_of_time_and_id_without_repetition(stream: list[ReplayEvent]) -> None:
    assert all((one.time, one.id) < (two.time, two.id) for one, two in pairwise(stream))
    assert len({event.id for event in stream}) == len(stream)


def test_a_seed_gives_the_same_bytes_and_another_seed_others(stream: list[ReplayEvent]) -> None:
    again = list(Journey(days=140, households=FEW).events())
    other = list(Journey(days=14, households=FEW, seed=2).events())

    assert again == stream
    assert {one.body for one in other if "-v-" in one.id}.isdisjoint(one.body for one in stream if "-v-" in one.id)


@pytest.mark.parametrize("day", [1, 8, 29, 61, 100])
def test_cutting_the_transactions_after_a_day_changes_nothing_before_it(stream: list[ReplayEvent], day: int) -> None:
    journey = Journey(days=day, households=FEW)
    cut = list(journey.events())
    later = {orjson.loads(event.body).get("cart_id") for event in stream if event.time >= journey.end}
    # The visit that ends in an order after the cut is the exception that is allowed; a first visit registers, too.
    registered = {event.customer for event in cut}
    whole = [
        event
        for event in stream
        if event.time < journey.end and event.customer in registered and event.id.rpartition("-")[0] not in later
    ]

    assert cut == whole
    kept = set(cut)
    assert all(event.time > journey.end - HOUR for event in stream if event.time < journey.end and event not in kept)


def test_households_do_not_depend_on_each_other(stream: list[ReplayEvent]) -> None:
    fewer = list(Journey(days=140, households=FEW // 3).events())
    chosen = {event.customer for event in fewer}

    assert fewer == [event for event in stream if event.customer in chosen]


def test_the_days_of_a_range_are_those_of_the_data() -> None:
    journey = Journey(first_day=30, days=7, households=FEW)
    events = list(journey.events())

    assert all(journey.start <= event.time < journey.end for event in events)
    assert {event.type for event in events} >= {"order.placed", "customer.registered"}
    assert journey.end - journey.start == 7 * DAY


def test_orders_are_the_baskets_of_the_data() -> None:
    journey = Journey(days=20, households=FEW)
    orders = [decode_event(event.body) for event in journey.events() if event.type == "order.placed"]
    chosen = source.households(FEW)

    frame = pl.scan_parquet(source.folder() / "transactions.parquet").filter(
        pl.col("household_id").is_in(chosen),
        pl.col("transaction_timestamp").dt.epoch("ms") < journey.end,
    )
    real = frame.group_by("basket_id").agg(pl.col("sales_value").sum(), pl.len()).collect()

    told = {order.order_id: order for order in orders if isinstance(order, OrderPlaced)}
    assert set(told) == {f"cj-{basket}" for basket in real["basket_id"]}
    for basket, value, lines in real.iter_rows():
        assert told[f"cj-{basket}"].amount == round(value * 100)
        assert len(told[f"cj-{basket}"].items) == lines
    assert not any(order.simulated for order in orders)


def test_a_visit_that_ends_in_an_order_is_followed_by_it_within_the_hour(stream: list[ReplayEvent]) -> None:
    first: dict[str, int] = {}
    tills = set()
    for event, body in zip(stream, bodies(stream), strict=True):
        if event.type == "checkout.started":
            tills.add(body["cart_id"])
        if TOPIC_OF[event.type] == "storefront.browse":
            first.setdefault(event.id.rpartition("-")[0], event.time)
        if event.type == "order.placed":
            assert 0 <= event.time - first[body["cart_id"]] < HOUR
            assert body["cart_id"] in tills


def test_most_visits_end_without_an_order(stream: list[ReplayEvent]) -> None:
    late = [event for event in stream if event.time > stream[0].time + 60 * DAY]
    visits = {event.id.rpartition("-")[0] for event in late if TOPIC_OF[event.type] == "storefront.browse"}
    ordered = sum(event.type == "order.placed" for event in late)

    assert len(visits) > 2.5 * ordered


def test_an_order_brings_eight_to_twelve_events(stream: list[ReplayEvent]) -> None:
    counts = Counter(event.type for event in stream)

    assert 8 <= len(stream) / counts["order.placed"] <= 12


def test_lateness_leads_to_complaints(stream: list[ReplayEvent]) -> None:
    promised: dict[str, str] = {}
    late, complained = set(), set()
    for event, body in zip(stream, bodies(stream), strict=True):
        if event.type == "order.placed":
            promised[body["order_id"]] = body["promised_at"]
        elif event.type == "order.delivered" and body["time"] > promised[body["order_id"]]:
            late.add(body["order_id"])
        elif event.type == "complaint.opened":
            complained.add(body["order_id"])

    assert 0.04 < len(late) / len(promised) < 0.1
    assert len(complained & late) / len(late) > 10 * len(complained - late) / len(promised)


def test_what_is_invented_says_so(stream: list[ReplayEvent]) -> None:
    for event, body in zip(stream, bodies(stream), strict=True):
        assert body.get("simulated", False) == (event.type not in ("order.placed", "receipt.redeemed"))


def test_complaints_are_opened_before_anything_else_happens_to_them(stream: list[ReplayEvent]) -> None:
    steps = defaultdict(list)
    for event, body in zip(stream, bodies(stream), strict=True):
        if event.type.startswith("complaint."):
            steps[body["complaint_id"]].append(event.type)

    assert len(steps) > 10
    assert all(kinds[0] == "complaint.opened" for kinds in steps.values())


def test_without_simulation_only_the_data_speaks() -> None:
    kinds = {event.type for event in Journey(days=14, simulated=False).events()}

    assert kinds == {"order.placed", "receipt.redeemed"}


def test_strangers_turn_out_to_be_customers_and_own_events_are_told_where_the_whole_shop_is_asked_for() -> None:
    whole = list(Journey(days=60, households=FEW, whole=True, table=OFTEN).events())
    strangers = {event.customer for event in whole if event.customer.startswith("s-")}
    told = [orjson.loads(event.body) for event in whole]

    assert {event.type for event in whole} >= {"customer.identified", "custom.happened"}
    assert any("attributes" in body for body in told)
    merged = {body["customer"]: body["into"] for body in told if body["type"] == "customer.identified"}
    assert merged.keys() <= strangers
    assert all(into.split("-")[1] == stranger.split("-")[1] for stranger, into in merged.items())
    assert all(
        last.type == "customer.identified"
        for stranger in merged
        for last in [event for event in whole if event.customer == stranger][-1:]
    )


def test_nobody_is_a_stranger_and_nothing_is_a_stores_own_elsewhere(stream: list[ReplayEvent]) -> None:
    assert not any(event.customer.startswith("s-") or event.type == "custom.happened" for event in stream)


def test_fewer_look_around_on_a_public_holiday() -> None:
    def visits(factor: float) -> Counter[int]:
        journey = Journey(days=60, households=FEW, table=Distributions(holiday_visits=factor))
        browsed = (event for event in journey.events() if event.id.startswith("v-"))
        return Counter(int(event.id.split("-")[2]) for event in browsed)

    usual, quiet = visits(1.0), visits(0.0)
    holidays = {day for day in usual if source.is_holiday(day)}

    assert {date.fromordinal(date(1970, 1, 1).toordinal() + day) for day in holidays} >= {date(2017, 2, 20)}
    assert not any(quiet[day] for day in holidays)
    assert {day: quiet[day] for day in usual.keys() - holidays} == {day: usual[day] for day in usual.keys() - holidays}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_whole_year_has_every_kind_of_event_and_every_redemption() -> None:
    counts = Counter(event.type for event in Journey().events())

    assert counts["receipt.redeemed"] == 2_102
    assert counts["order.placed"] == 155_848
    assert counts["customer.registered"] == 2_469
    not_here = {"erasure.requested", "customer.identified", "customer.merged", "custom.happened"}
    assert set(counts) == set(TOPIC_OF) - not_here - {
        kind for kind in TOPIC_OF if kind.startswith(("receipt.", "callback.")) and kind != "receipt.redeemed"
    }


def test_the_documentation_states_the_table_in_use() -> None:
    page = Path(__file__).parents[2] / "docs" / "simulator.md"

    assert page.read_text(encoding="utf-8") == simulator_page(), "run: python -m agents.simulate.document " + page.name
