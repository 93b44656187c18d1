"""Run an order file through the model and tell how good it was."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from agents.churn.quality import Figures, Floats, ReliabilityBin, figures, reliability
from schemas.churn import ChurnState, Days
from schemas.times import DAY, SECOND, Millis
from streams.churn.progressive import PastOrder, Point, ProgressiveEvaluation

REPORT_EVERY = 2_000
"""Orders between two calls of the progress bar."""
WARM_UP = 0.25
"""The first part of the time span teaches only."""
MONTH = 28 * DAY


class Predictions(msgspec.Struct):
    """One entry per prediction point, in the order of time."""

    customers: list[str]
    at: NDArray[np.int64]
    """Milliseconds."""
    ticked: NDArray[np.bool_]
    p: Floats

    @classmethod
    def of(cls, points: Iterable[Point]) -> Predictions:
        """What was predicted at these points."""
        customers: list[str] = []
        at, ticked, p = array("q"), array("b"), array("d")
        for point in points:
            customers.append(point.customer)
            at.append(point.at)
            ticked.append(point.ticked)
            p.append(point.score.p)
        return cls(customers, np.array(at, np.int64), np.array(ticked, np.bool_), np.array(p, np.float64))


class Month(msgspec.Struct, frozen=True):
    """Quality of four weeks."""

    since: Millis
    figures: Figures


class Report(msgspec.Struct, frozen=True):
    """What an evaluation found."""

    horizon: Days
    points: int
    """All prediction points; those scored have a known outcome and lie behind the first quarter of the time."""
    overall: Figures | None
    ticks: Figures | None
    orders: Figures | None
    reliability: list[ReliabilityBin]
    months: list[Month]


def predict(
    orders: pl.DataFrame, state: ChurnState, horizon: Days, start: Millis, tick_every: Days, tell: Callable[[int], None]
) -> Predictions:
    """Score every prediction point of the file; ``tell`` is told how many orders are done."""
    rehearsal = ProgressiveEvaluation(state, horizon, start, tick_every)
    return Predictions.of(rehearsal.run(_orders(orders, tell)))


def _orders(orders: pl.DataFrame, tell: Callable[[int], None]) -> Iterator[PastOrder]:
    done = 0
    for customer, at, amount in orders.select("customer", "at", "amount").iter_rows():
        yield PastOrder(customer, at, amount)
        done += 1
        if done % REPORT_EVERY == 0:
            tell(done)
    tell(done)


def judge(orders: pl.DataFrame, predictions: Predictions, horizon: Days) -> Report:
    """Compare with what happened, where it is known by the end of the file."""
    first, last = int(orders["at"][0]), int(orders["at"][-1])
    known = predictions.at + horizon * DAY <= last
    scored = known & (predictions.at >= first + (last - first) * WARM_UP)
    y = outcomes(orders, predictions, horizon)[scored]
    at, ticked, p = predictions.at[scored], predictions.ticked[scored], predictions.p[scored]
    return Report(
        horizon=horizon,
        points=len(predictions.p),
        overall=figures(p, y),
        ticks=figures(p[ticked], y[ticked]),
        orders=figures(p[~ticked], y[~ticked]),
        reliability=reliability(p, y),
        months=_months(at, p, y),
    )


def outcomes(orders: pl.DataFrame, predictions: Predictions, horizon: Days) -> Floats:
    """1 where no order of the same customer came later than the point and within the horizon, else 0."""
    points = pl.DataFrame({"customer": predictions.customers, "at": predictions.at + 1})
    points = points.with_row_index("row").sort("at")
    coming = orders.select("customer", "at", next=pl.col("at"))
    joined = points.join_asof(coming, on="at", by="customer", strategy="forward", check_sortedness=False).sort("row")
    following = joined["next"].fill_null(2**62).to_numpy()
    return (following > predictions.at + horizon * DAY).astype(np.float64)


def _months(at: NDArray[np.int64], p: Floats, y: Floats) -> list[Month]:
    if not len(at):
        return []
    start = int(at[0])
    place = (at - start) // MONTH
    found = ((start + int(month) * MONTH, figures(p[place == month], y[place == month])) for month in np.unique(place))
    return [Month(since, quality) for since, quality in found if quality is not None]


def table_of(predictions: Predictions) -> pl.DataFrame:
    """The predictions as a table: customer_id, ts in seconds since the epoch, p."""
    whole = not (predictions.at % SECOND).any()
    seconds = predictions.at // SECOND if whole else predictions.at / SECOND
    return pl.DataFrame({"customer_id": predictions.customers, "ts": seconds, "p": predictions.p})
