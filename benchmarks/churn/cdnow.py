"""CDNOW: 2,357 customers who first bought in the first quarter of 1997, and all they bought until June 1998.

The one-in-ten sample that Fader and Hardie (2001) made of it, as it comes in the wheel ``lifetimes``. Its
customers are sparse buyers (three orders in 18 months on average, half of them one), and all of one cohort.
"""

from __future__ import annotations

from importlib.metadata import files

import polars as pl

from schemas.errors import TendError
from schemas.times import HOUR

FILE = "lifetimes/datasets/CDNOW_sample.txt"
COLUMNS = ("of all", "customer", "day", "units", "amount")


def cdnow_orders() -> pl.DataFrame:
    """Orders by time: customer, at (milliseconds; noon, as the data has days only), amount (cents).

    Raises:
        TendError: the wheel is not installed.
    """
    found = [path for path in files("lifetimes") or () if str(path) == FILE]
    if not found:
        raise TendError("CDNOW comes with the wheel lifetimes; install the bench extra.")
    rows = [line.split() for line in found[0].read_text().splitlines() if line.strip()]
    table = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    return table.select(
        "customer",
        at=pl.col("day").str.to_datetime("%Y%m%d", time_unit="ms").dt.epoch("ms") + 12 * HOUR,
        amount=(pl.col("amount").cast(pl.Float64) * 100).round().cast(pl.Int64),
    ).sort("at", "customer")
