"""The page about a whole year: ``python -m agents.demo.year FILE.json [DOCS]`` writes ``docs/year.md``.

``FILE.json`` is what ``tend demo --year --json`` prints, or what ``tests/year`` leaves with ``TEND_YEAR_JSON``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from agents.demo.summary import Summary
from rules.loading import shipped
from schemas.outcome import REASONS_IN_WORDS, Reason

_HEAD = """\
# A whole year

What the shipped rules did with the year of *The Complete Journey*, through the whole engine. The first 28 days only
teach; the store's own numbers are those of `agents/demo/store.yaml`. Made by
`tend demo --year --json > year.json && python -m agents.demo.year year.json`.
"""


def year_page(summary: Summary) -> str:
    """The page as Markdown."""
    total = sum(summary.events.values())
    quality = summary.quality
    parts = [
        _HEAD,
        f"{total:,} events of {summary.customers:,} customers; records of {summary.mean_bytes:,.0f} bytes on average "
        f"and {summary.largest_bytes:,} at most; {summary.lessons:,} lessons in {summary.almanacs} almanacs. Live, on "
        f"matured questions: log loss {quality.log_loss:.4f} (always the base rate {quality.base_loss:.4f}), AUC "
        f"{quality.auc:.4f}, calibration error {quality.calibration_error:.4f}.\n",
        _table("Events", ("type", "count"), summary.events),
        _table("Customers by tier", ("tier", "customers"), summary.tiers),
        _table("Customers by stage", ("stage", "customers"), summary.stages),
        _rules(summary),
        _limits(summary),
    ]
    return "\n".join(parts)


def _rules(summary: Summary) -> str:
    rows = [f"| `{rule.id}` | {summary.rules.get(rule.id, 0):,} |" for rule in shipped().rules]
    return "\n".join(["## What each rule gave out", "", "| rule | actions |", "|---|---|", *rows, ""])


def _limits(summary: Summary) -> str:
    lines = [
        "## What each limit did",
        "",
        "| reason | refused | held | given out after it | meaning |",
        "|---|---|---|---|---|",
    ]
    for reason in Reason:
        counts = (summary.suppressed, summary.held, summary.released)
        cells = " | ".join(f"{count.get(reason.value, 0):,}" for count in counts)
        lines.append(f"| `{reason.value}` | {cells} | {REASONS_IN_WORDS[reason]} |")
    return "\n".join([*lines, ""])


def _table(title: str, columns: tuple[str, str], counts: dict[str, int]) -> str:
    rows = [f"| {name} | {count:,} |" for name, count in counts.items()]
    return "\n".join([f"## {title}", "", f"| {columns[0]} | {columns[1]} |", "|---|---|", *rows, ""])


def main() -> None:
    """The command."""
    summary = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Summary)
    docs = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("docs")
    (docs / "year.md").write_text(year_page(summary), encoding="utf-8")


if __name__ == "__main__":
    main()
