"""Read an order file: CSV or Parquet with the columns customer_id, ts and amount."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from schemas.errors import TendError
from schemas.times import SECOND

COLUMNS = ("customer_id", "ts", "amount")
MINOR = 100
"""Minor units of money in one of the file's amounts; the model looks at ratios of amounts only."""
TIMES = "expected seconds since 1970 or ISO 8601, such as 1483271606 or 2017-01-01T11:53:26Z"


def read_orders(path: Path) -> pl.DataFrame:
    """The orders by time, with columns ``customer`` (text), ``at`` (milliseconds) and ``amount`` (minor units).

    Orders of the same moment stay in the order of the file. Times without a zone are UTC.

    Raises:
        TendError: the file is missing, is neither CSV nor Parquet, lacks a column, or a field cannot be understood.
    """
    table = _table(path)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise TendError(
            f"{path}: no column {', '.join(missing)}; found {', '.join(table.columns)}. "
            f"Name the columns {', '.join(COLUMNS)}."
        )
    if table.is_empty():
        raise TendError(f"{path} holds no order; expected at least one line below the names of the columns.")
    orders = table.select(customer=_customers(path, table), at=_moments(path, table), amount=_amounts(path, table))
    return orders.sort("at", maintain_order=True)


def _table(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise TendError(f"{path} does not exist; give an order file, CSV or Parquet.")
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise TendError(
            f"{path} cannot be read ({reason}); expected CSV with a line of column names, or Parquet."
        ) from None


def _customers(path: Path, table: pl.DataFrame) -> pl.Series:
    found = table["customer_id"].cast(pl.String)
    _refuse(path, "customer_id", table["customer_id"], found.is_null() | (found == ""), "expected the customer's id")
    return found


def _amounts(path: Path, table: pl.DataFrame) -> pl.Series:
    found = table["amount"].cast(pl.Float64, strict=False)
    bad = found.is_null() | ~found.fill_null(0.0).is_finite()
    _refuse(path, "amount", table["amount"], bad, "expected a number such as 12.50")
    return (found * MINOR).round().cast(pl.Int64)


def _moments(path: Path, table: pl.DataFrame) -> pl.Series:
    given = table["ts"]
    if isinstance(given.dtype, pl.Datetime | pl.Date):
        found = given.cast(pl.Datetime("ms")).dt.epoch("ms")
    else:
        seconds = given.cast(pl.Float64, strict=False)
        found = (seconds * SECOND).round().cast(pl.Int64, strict=False)
        if found.null_count():
            found = found.fill_null(_from_text(given.cast(pl.String)))
    _refuse(path, "ts", given, found.is_null(), TIMES)
    return found


def _from_text(given: pl.Series) -> pl.Series:
    """Moments in ISO 8601, with or without a zone."""
    text = given.str.strip_chars().str.replace(" ", "T", literal=True)
    zoned = text.str.contains(r"T.*(Z|[+-]\d\d:?\d\d)$").fill_null(value=False)
    with_zone = text.set(~zoned, None).str.to_datetime("%+", time_unit="ms", time_zone="UTC", strict=False)
    without = text.set(zoned, None).str.replace(r"^(\d{4}-\d\d-\d\d)$", "${1}T00:00:00")
    without = without.str.replace(r"^([^T]+T\d\d:\d\d)$", "${1}:00")
    plain = without.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="ms", strict=False)
    return with_zone.dt.epoch("ms").fill_null(plain.dt.epoch("ms"))


def _refuse(path: Path, field: str, given: pl.Series, bad: pl.Series, expected: str) -> None:
    """Name the first line that cannot be understood, and how many there are."""
    row = bad.arg_max() if bad.any() else None
    if row is None:
        return
    where = f"row {row + 1}" if path.suffix.lower() in {".parquet", ".pq"} else f"line {row + 2}"
    raise TendError(f"{path}, {where}, field {field}: {given[row]!r}; {expected} ({bad.sum()} such in all).")
