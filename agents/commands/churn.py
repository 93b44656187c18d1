"""``tend churn``: how good the churn model is, on anybody's orders."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from agents.screen import say, say_json
from schemas.churn import ChurnState, Days
from schemas.errors import TendError
from schemas.times import DAY, SECOND, Millis, to_millis
from streams.churn import initial_state
from streams.churn.prior import shipped

if TYPE_CHECKING:  # the command line names all commands, and not everybody has what this one reads orders with
    import polars as pl

    from agents.churn.evaluate import Predictions, Report
    from agents.churn.quality import Figures

app = typer.Typer(no_args_is_help=True, help="How good the churn model is.")
WEEK_OF_DAYS = 7


@app.callback()
def churn() -> None:
    """How good the churn model is."""


@app.command()
def evaluate(
    orders: Annotated[Path, typer.Option(help="CSV or Parquet with the columns customer_id, ts and amount.")],
    horizon: Annotated[int, typer.Option(help="Churn is no order within this number of days (7 to 365).")] = 28,
    predictions: Annotated[Path | None, typer.Option(help="Where to write each prediction; .csv or .parquet.")] = None,
    start: Annotated[str | None, typer.Option(help="First day of the weekly ticks (00:00 UTC).")] = None,
    tick_every: Annotated[int, typer.Option(min=1, help="Only every N-th weekly tick.")] = 1,
    prior: Annotated[bool, typer.Option("--prior", help="Begin with the weights that tend ships.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Where to draw reliability and quality over time; .svg.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Predict churn for every customer of an order file, as it would have run live, and compare with what happened.

    A prediction is made after each order, and at each weekly tick for each customer who ordered before. Nothing is
    learned before its outcome was known. Points count whose outcome the file knows, after the first quarter of its
    time.

    Examples:

      tend churn evaluate --orders orders.parquet --horizon 28

      tend churn evaluate --orders orders.csv --horizon 90 --predictions p.csv --plot churn.svg
    """
    from agents.churn.drawing import draw
    from agents.churn.evaluate import judge, table_of
    from agents.churn.orders import read_orders

    state = _state(horizon, prior)
    table = read_orders(orders)
    console = Console(stderr=True)
    begins = _start(start) if start is not None else int(table["at"][0]) // DAY * DAY
    found = _predict(table, state, horizon, begins, tick_every * WEEK_OF_DAYS, console)
    report = judge(table, found, horizon)
    if predictions is not None:
        _write(table_of(found), predictions)
    if plot is not None:
        _write_text(draw(report), plot)
    _tell(report, as_json)


def _state(horizon: Days, prior: bool) -> ChurnState:
    try:
        return initial_state([horizon], shipped() if prior else None)
    except ValueError as error:
        raise TendError(f"--horizon: {error}.") from None


def _predict(
    table: pl.DataFrame, state: ChurnState, horizon: Days, start: Millis, tick_every: Days, console: Console
) -> Predictions:
    from agents.churn.evaluate import predict

    columns = TextColumn("orders"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("orders", total=len(table))
        return predict(table, state, horizon, start, tick_every, lambda done: bar.update(task, completed=done))


def _start(given: str) -> Millis:
    """A day, a moment, or seconds since the epoch."""
    if given.lstrip("-").isdigit() and len(given) > len("20260131"):
        return int(given) * SECOND
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise TendError(f"--start {given}: expected a day such as 2017-01-01, or seconds since 1970.") from None
    return to_millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _write(table: pl.DataFrame, path: Path) -> None:
    try:
        if path.suffix.lower() in {".parquet", ".pq"}:
            table.write_parquet(path)
        else:
            table.write_csv(path)
    except OSError as error:
        raise TendError(f"{path} cannot be written ({error.strerror}); give a place that can.") from None


def _write_text(text: str, path: Path) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TendError(f"{path} cannot be written ({error.strerror}); give a place that can.") from None


def _tell(report: Report, as_json: bool) -> None:
    if as_json:
        say_json(msgspec.to_builtins(report), indent=True)
        return
    if report.overall is None:
        say(
            f"{report.points:,} predictions, none with a known outcome after the first quarter of the time: "
            f"the file is too short for a horizon of {report.horizon} days."
        )
        return
    console = Console()
    console.print(_quality(report))
    console.print(_reliability(report))
    console.print(_over_time(report))


def _quality(report: Report) -> Table:
    table = Table(title=f"No order within {report.horizon} days; {report.points:,} predictions", title_justify="left")
    for name in ("points", "of them", "churned", "AUC", "PR AUC", "log loss", "Brier", "ECE"):
        table.add_column(name, justify="left" if name == "points" else "right")
    for name, quality in (("all", report.overall), ("ticks", report.ticks), ("orders", report.orders)):
        if quality is not None:
            table.add_row(name, f"{quality.points:,}", f"{quality.churned:.1%}", *_cells(quality))
    return table


def _cells(quality: Figures) -> list[str]:
    values = quality.auc, quality.pr_auc, quality.log_loss, quality.brier, quality.ece
    return ["-" if value is None else f"{value:.4f}" for value in values]


def _reliability(report: Report) -> Table:
    table = Table("predicted", "observed", "points", title="Reliability", title_justify="left")
    for found in report.reliability:
        table.add_row(f"{found.predicted:.3f}", f"{found.observed:.3f}", f"{found.points:,}")
    return table


def _over_time(report: Report) -> Table:
    table = Table("four weeks from", "points", "churned", "AUC", "log loss", title="Over time", title_justify="left")
    for month in report.months:
        quality = month.figures
        day = datetime.fromtimestamp(month.since / SECOND, UTC).date().isoformat()
        auc = "-" if quality.auc is None else f"{quality.auc:.4f}"
        table.add_row(day, f"{quality.points:,}", f"{quality.churned:.1%}", auc, f"{quality.log_loss:.4f}")
    return table
