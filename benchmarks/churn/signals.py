"""Churn with and without signals beside the orders, on identical points.

``python -m benchmarks.churn.signals [--households 600] [--horizon 28]`` prints three runs over the real orders of
some households of The Complete Journey: with orders alone; with the web shop that the simulator invents around them;
and with complaints planted where they tell something. The simulator does not know who will leave, so its
signals can only show that they do no harm; the planted ones show that signals are used where they help.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import orjson
import polars as pl

from agents.churn.evaluate import Predictions, judge
from agents.churn.quality import Figures
from agents.simulate.journey import Journey
from schemas.churn import Days
from schemas.ids import fraction
from schemas.times import DAY, HOUR, MINUTE, Millis, to_millis
from streams.churn import initial_state
from streams.churn.progressive import PastOrder, ProgressiveEvaluation, Signal

VISIT_GAP, LATE = 30 * MINUTE, 2 * HOUR
"""As in the default rulebook: a pause after which browsing is another visit, and from when a delivery is late."""
VISITS = frozenset({"product.viewed", "search.performed", "cart.item_added", "cart.item_removed", "checkout.started"})
KINDS = {
    "cart.item_added": "cart",
    "complaint.opened": "complaint_opened",
    "complaint.resolved": "complaint_resolved",
    "order.returned": "return",
}
UPSET, CALM = 0.5, 0.02
"""How often a complaint is planted the day after an order, if it is the customer's last for the horizon, and if not."""
YEAR = 365 * DAY
SETTLED = 3 * DAY
"""A planted complaint of somebody who stays is resolved after so long."""
Event = PastOrder | Signal


def orders_of(households: int) -> list[PastOrder]:
    """The real orders, without anything invented."""
    told = Journey(households=households, simulated=False).events()
    return [PastOrder(t.customer, t.time, orjson.loads(t.body)["amount"]) for t in told if t.type == "order.placed"]


def with_simulated(households: int) -> Iterator[Event]:
    """The same orders in the invented web shop, as the engine takes its signals in."""
    visited: dict[str, Millis] = {}
    promised: dict[str, Millis] = {}
    for t in Journey(households=households).events():
        body = orjson.loads(t.body)
        if t.type == "order.placed":
            promised[body["order_id"]] = to_millis(datetime.fromisoformat(body["promised_at"]))
            yield PastOrder(t.customer, t.time, body["amount"])
        if t.type in KINDS:
            yield Signal(t.customer, t.time, KINDS[t.type])
        if t.type in VISITS:
            if t.time - visited.get(t.customer, 0) > VISIT_GAP:
                yield Signal(t.customer, t.time, "visit")
            visited[t.customer] = t.time
        elif t.type == "order.delivered" and t.time > promised.pop(body["order_id"], t.time) + LATE:
            yield Signal(t.customer, t.time, "late_delivery")
        elif t.type == "survey.answered":
            scores = body["scores"].values()
            yield Signal(t.customer, t.time, "satisfaction", (sum(scores) / len(scores) - 1.0) / 4.0)
        elif t.type == "product.reviewed":
            yield Signal(t.customer, t.time, "satisfaction", (body["rating"] - 1.0) / 4.0)


def with_planted(orders: list[PastOrder], horizon: Days) -> list[Event]:
    """The same orders, and complaints mostly of those who will leave."""
    following: dict[str, Millis] = {}
    planted: list[Event] = []
    for order in reversed(orders):
        leaves = following.get(order.customer, order.at + YEAR) > order.at + horizon * DAY
        following[order.customer] = order.at
        if fraction("complains", order.customer, str(order.at)) < (UPSET if leaves else CALM):
            planted.append(Signal(order.customer, order.at + DAY, "complaint_opened"))
            if not leaves:
                planted.append(Signal(order.customer, order.at + DAY + SETTLED, "complaint_resolved"))
    return sorted([*orders, *planted], key=lambda event: (event.at, event.customer))


def judged(orders: list[PastOrder], events: Iterable[Event], horizon: Days) -> Figures:
    """Quality at the prediction points of the orders."""
    rehearsal = ProgressiveEvaluation(initial_state([horizon]), horizon, orders[0].at // DAY * DAY)
    last = orders[-1].at
    predictions = Predictions.of(point for point in rehearsal.run(events) if point.at <= last)
    names = ("customer", "at", "amount")
    table = pl.DataFrame([(o.customer, o.at, o.amount_minor) for o in orders], schema=names, orient="row")
    found = judge(table, predictions, horizon).overall
    assert found is not None, "a year is long enough for every horizon up to 270 days"
    return found


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.churn.signals", description=__doc__)
    parser.add_argument("--households", type=int, default=600)
    parser.add_argument("--horizon", type=int, default=28)
    given = parser.parse_args()
    orders = orders_of(given.households)
    runs: dict[str, Callable[[], Iterable[Event]]] = {
        "orders alone": lambda: orders,
        "with the simulated shop": lambda: with_simulated(given.households),
        "with planted complaints": lambda: with_planted(orders, given.horizon),
    }
    sys.stdout.write("| | points | AUC | log loss | ECE |\n|---|--:|--:|--:|--:|\n")
    for name, events in runs.items():
        f = judged(orders, events(), given.horizon)
        sys.stdout.write(f"| {name} | {f.points:,} | {f.auc:.4f} | {f.log_loss:.4f} | {f.ece:.4f} |\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
