from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from agents.churn.orders import read_orders
from agents.commands.churn import app
from schemas.errors import TendError
from schemas.times import DAY, SECOND
from tests.streams.churn.stores import START, store


def as_table() -> pl.DataFrame:
    orders = store(25, days=70)
    return pl.DataFrame(
        {
            "customer_id": [order.customer for order in orders],
            "ts": [order.at // SECOND for order in orders],
            "amount": [order.amount_minor / 100 for order in orders],
        }
    )


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["evaluate", *arguments])
    if isinstance(result.exception, TendError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_point_is_written_once_with_its_time_in_seconds(tmp_path: Path) -> None:
    table = as_table()
    table.write_parquet(tmp_path / "orders.parquet")

    run("--orders", f"{tmp_path}/orders.parquet", "--horizon", "14", "--predictions", f"{tmp_path}/p.csv", "--json")

    found = pl.read_csv(tmp_path / "p.csv")
    first = dict(table.group_by("customer_id").agg(pl.col("ts").min()).iter_rows())
    ticks = range(START // SECOND, max(table["ts"].to_list()) + 1, 7 * DAY // SECOND)
    expected = [*table.select("customer_id", "ts").iter_rows()]
    expected += [(customer, tick) for tick in ticks for customer, ts in first.items() if ts < tick]
    assert found.columns == ["customer_id", "ts", "p"]
    assert sorted(found.select("customer_id", "ts").iter_rows()) == sorted(expected)
    assert found["p"].is_between(0.0, 1.0).all()


def test_the_report_says_how_good_it_was(tmp_path: Path) -> None:
    as_table().write_csv(tmp_path / "orders.csv")

    report = json.loads(
        run("--orders", f"{tmp_path}/orders.csv", "--horizon", "7", "--json", "--plot", f"{tmp_path}/q.svg")
    )

    assert report["overall"]["points"] == report["ticks"]["points"] + report["orders"]["points"]
    assert set(report["overall"]) == {"points", "churned", "auc", "pr_auc", "log_loss", "brier", "ece"}
    assert report["overall"]["auc"] > 0.6
    assert (tmp_path / "q.svg").read_text().startswith("<svg")


def test_ticks_can_be_thinned_and_begin_on_a_given_day(tmp_path: Path) -> None:
    as_table().write_csv(tmp_path / "orders.csv")

    run("--orders", f"{tmp_path}/orders.csv", "--horizon", "7", "--predictions", f"{tmp_path}/p.csv",
        "--start", "2017-01-03", "--tick-every", "2")  # fmt: skip

    begins = START // SECOND + 2 * 86_400
    ticks = {ts for ts in pl.read_csv(tmp_path / "p.csv")["ts"] if ts % 86_400 == 0}
    assert ticks
    assert all((tick - begins) % (14 * 86_400) == 0 for tick in ticks)


def test_times_may_be_seconds_or_iso_with_or_without_a_zone(tmp_path: Path) -> None:
    lines = ["1483271606", "1483271606.0", "2017-01-01T11:53:26Z", "2017-01-01 11:53:26", "2017-01-01T13:53:26+02:00"]
    path = written(tmp_path, "customer_id,ts,amount\n" + "".join(f"c,{line},1\n" for line in lines))

    assert read_orders(path)["at"].unique().to_list() == [1483271606 * SECOND]


def test_other_columns_are_allowed(tmp_path: Path) -> None:
    path = written(tmp_path, "store,amount,ts,customer_id\nx,2.50,1483271606,7\n")

    assert read_orders(path).rows() == [("7", 1483271606 * SECOND, 250)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("customer_id,ts,amount\na,1483271606,1\nb,yesterday,2\n", "line 3, field ts: 'yesterday'"),
        ("customer_id,ts,amount\na,1483271606,dear\n", "line 2, field amount: 'dear'"),
        ("customer_id,ts,amount\n,1483271606,1\n", "line 2, field customer_id"),
        ("customer,ts,amount\na,1483271606,1\n", "no column customer_id"),
        ("customer_id,ts,amount\n", "holds no order"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TendError, match=words):
        read_orders(written(tmp_path, text))


def test_a_file_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(TendError, match="does not exist"):
        read_orders(tmp_path / "none.csv")


def test_a_horizon_out_of_range_is_refused(tmp_path: Path) -> None:
    as_table().write_csv(tmp_path / "orders.csv")

    with pytest.raises(TendError, match="expected 7 to 365"):
        run("--orders", f"{tmp_path}/orders.csv", "--horizon", "3")


def test_a_file_too_short_for_the_horizon_still_gets_its_predictions(tmp_path: Path) -> None:
    as_table().write_csv(tmp_path / "orders.csv")

    told = run("--orders", f"{tmp_path}/orders.csv", "--horizon", "90", "--predictions", f"{tmp_path}/p.parquet")

    assert "too short" in told
    assert len(pl.read_parquet(tmp_path / "p.parquet")) > 100
