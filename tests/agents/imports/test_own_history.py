"""A shop's own files as one history for the demo, with consent that is assumed marked wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agents.commands.import_options import layouts_of, request_of
from agents.demo.own import ASSUMED, LOOKS, look_days, own_history, pace_of
from agents.imports import people
from agents.imports.presets import CUSTOMERS, PRESETS
from agents.replay.event import ReplayEvent
from infra.settings import load_settings
from schemas.events import decode_event
from schemas.times import DAY, WEEK, Millis
from tests.agents.imports.shop import DATA, KEYS, SECRET

CUSTOMERS_FILE = "Email,First Name,Accepts Email Marketing\nmia@example.org,Mia,yes\n"


@pytest.mark.parametrize("assumed", [False, True])
def test_orders_and_customers_are_one_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assumed: bool) -> None:
    monkeypatch.setenv("TEND_ACCESS_KEY", SECRET)
    (tmp_path / "customers.csv").write_text(CUSTOMERS_FILE)
    shopify = PRESETS["shopify"]
    orders = request_of(DATA / "01-shopify.csv", shopify, layouts_of(shopify, {}, None, None))
    customers = request_of(tmp_path / "customers.csv", None, (CUSTOMERS["shopify"],))

    history = own_history(
        orders, (customers, people.customers("US", customers.told.zone)), tmp_path, lambda _: None,
        assume_consent=assumed,
    )  # fmt: skip

    events = [decode_event(told.body) for told in history.events()]
    mia = [event for event in events if event.customer == KEYS.customer_of("mia@example.org")]
    assert {event.type for event in mia if event.time == mia[0].time} == {"customer.updated", "consent.granted"}
    assert mia[0].time < next(event.time for event in events if event.type == "order.placed")
    invented = [event for event in events if event.source == ASSUMED]
    assert len(invented) == (4 if assumed else 0)
    assert all(event.simulated and event.type == "consent.granted" for event in invented)


@dataclass
class Told:
    """A history of customers who each order once, at its beginning."""

    customers: int
    weeks: int
    name = "told"
    start = 17_167 * DAY

    @property
    def end(self) -> Millis:
        return self.start + self.weeks * WEEK

    def events(self) -> Iterator[ReplayEvent]:
        return (ReplayEvent(self.start, f"e{n}", f"c{n}", "order.placed", b"{}") for n in range(self.customers))


@pytest.mark.parametrize(
    ("customers", "weeks", "days"),
    [(2_000, 104, 7), (LOOKS // 50, 50, 7), (LOOKS // 50 + 1, 50, 14), (20_000, 104, 49), (90_000, 104, 56)],
)
def test_of_many_customers_who_do_nothing_each_is_looked_at_so_rarely_that_it_takes_minutes(
    customers: int, weeks: int, days: int
) -> None:
    assert look_days(Told(customers, weeks), 7) == days


def test_a_setting_that_is_rarer_stays() -> None:
    assert look_days(Told(2_000, 104), 28) == 28


def test_of_a_long_history_what_customers_share_is_learned_weekly() -> None:
    settings = load_settings({})
    assert pace_of(Told(10, 104), settings) == {"epoch_seconds": 604_800}
    assert pace_of(Told(10, 20), settings) == {}
    assert pace_of(Told(20_000, 104), settings) == {"epoch_seconds": 604_800, "look_days": 49}
