"""Churn on a year of real orders, beside BG/NBD, recency, River's regressions and weekly LightGBM.

``python -m benchmarks.churn [--data journey] [--horizon 28] [--only NAME ...] [--write]`` prints the table and, with
``--write``, puts it into docs/churn.md; ``python -m benchmarks.churn prior`` makes the shipped prior anew. ``--data
cdnow`` does the same with sparse buyers, ``--data crowd`` with a made-up store of 25,000 customers. Needs the
``bench`` extra.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl

from agents.churn.quality import Figures, Floats, figures
from benchmarks.churn import rivals
from benchmarks.churn.cdnow import cdnow_orders
from benchmarks.churn.crowd import crowd_orders
from benchmarks.churn.evaluation import Points, paired_bootstrap
from benchmarks.churn.points import journey_orders, points_for
from schemas.times import DAY
from streams.churn import initial_state
from streams.churn.current_features import CURRENT
from streams.churn.posterior import Posterior
from streams.churn.prior import FILE, Prior, weights_of
from streams.churn.progressive import PastOrder, ProgressiveEvaluation

PAGE = Path(__file__).parents[2] / "docs" / "churn.md"
BEGIN, END = "<!-- table: {command} -->", "<!-- end of table -->"
RIVALS: dict[str, Callable[[Points], Floats]] = {
    "base rate": rivals.base_rate,
    "recency": rivals.recency,
    "BG/NBD, refitted each 4 weeks": rivals.bg_nbd,
    "River, SGD": rivals.river_sgd,
    "River, AdaGrad": rivals.river_adagrad,
    "River, FTRL": rivals.river_ftrl,
    "LightGBM, refitted weekly": rivals.lightgbm_weekly,
}


DATA: dict[str, tuple[Callable[[], pl.DataFrame], int]] = {
    "journey": (journey_orders, 7),
    "cdnow": (cdnow_orders, 14),
    "crowd": (crowd_orders, 7),
}
"""Orders, and the days between ticks."""
COMMANDS = {
    "journey": "python -m benchmarks.churn --write",
    "cdnow": "python -m benchmarks.churn --data cdnow --horizon 90 --write",
    "crowd": "python -m benchmarks.churn --data crowd --write",
}


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.churn", description=__doc__)
    parser.add_argument("what", nargs="?", choices=["table", "prior"], default="table")
    parser.add_argument("--data", choices=list(DATA), default="journey")
    parser.add_argument("--horizon", type=int, default=28)
    parser.add_argument("--only", nargs="*", choices=list(RIVALS), default=list(RIVALS))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.what == "prior":
        make_prior()
        return 0
    orders, tick_every = DATA[given.data]
    lines = table(points_for(orders(), given.horizon, tick_every), given.only)
    if given.write:
        write(lines, given.data)
    return 0


def table(points: Points, names: list[str]) -> list[str]:
    """The lines of the table, printed as they come."""
    lines = [
        "| model | AUC | log loss | Brier | ECE | ours minus it: log loss | AUC |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name in names:
        since = time.perf_counter()
        p = RIVALS[name](points)
        lines.append(_row(name, _judged(points, p), paired_bootstrap(points, points.ours, p)))
        _say(f"{lines[-1]}  {time.perf_counter() - since:.0f} s")
    lines.append(_row("**tend**", _judged(points, points.ours), None))
    _say(lines[-1])
    return lines


def _judged(points: Points, p: Floats) -> Figures:
    found = figures(p[points.scored], points.y[points.scored])
    assert found is not None, "the year is long enough for every horizon up to 270 days"
    return found


def _row(name: str, found: Figures, gap: dict[str, tuple[float, float, float]] | None) -> str:
    cells = [name, f"{found.auc:.4f}", f"{found.log_loss:.4f}", f"{found.brier:.4f}", f"{found.ece:.4f}"]
    gaps = ["" if gap is None else "{:+.4f} ({:+.4f} to {:+.4f})".format(*gap[key]) for key in ("log loss", "AUC")]
    cells.extend(gaps)
    return "| " + " | ".join(cells) + " |"


def write(lines: list[str], data: str) -> None:
    """Put the table into its page."""
    begin_of_table = BEGIN.format(command=COMMANDS[data])
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(begin_of_table)
    tail = rest.partition(END)[2]
    PAGE.write_text("\n".join([f"{head}{begin_of_table}", "", *lines, "", f"{END}{tail}"]), encoding="utf-8")


def make_prior() -> None:
    """Learn the shipped prior from the whole year."""
    orders = journey_orders()
    rehearsal = ProgressiveEvaluation(initial_state([28]), 28, int(orders["at"][0]) // DAY * DAY)
    for _ in rehearsal.run(PastOrder(*row) for row in orders.iter_rows()):
        pass
    learned = rehearsal.state.horizons[0].learned
    prior = Prior(CURRENT.version, {name: weights_of(Posterior.unpacked(learned[name])) for name in ("main", "half")})
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(prior), indent=0) + b"\n")
    _say(f"wrote {FILE.name}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
