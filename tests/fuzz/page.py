"""The page that tells what fuzzing found, added up over all runs since it was begun."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_HEAD = """\
# Fuzzing

Written by `python -m tests.fuzz`. Every door is given seeds changed at random: bytes turned, cut and doubled, with
tokens that parsers stumble over. What goes to a lane goes into a whole one, at the limits of a commit, begun anew from
what it committed after each input. A crash is whatever the callers of a door do not expect of it.

| door | inputs | refused | crashes | slowest | inputs/s |
|---|---|---|---|---|---|
"""
_KEPT = "What broke a door once is mended, lies in `tests/fuzz/corpus` and is tried in each run of the tests."
_ROW = re.compile(
    r"^\| ([a-z ]+) \| ([0-9,]+) \| ([0-9,]+) \| ([0-9,]+) \| ([0-9,]+) ms \| ([0-9,]+) \|$", re.MULTILINE
)
_FOOT = re.compile(r"^Seeds? ([0-9, ]+); ([0-9]+) MiB", re.MULTILINE)


class Row(NamedTuple):
    """What came of one door."""

    inputs: int
    refused: int
    crashes: int
    slowest: int
    """Milliseconds."""
    rate: int
    """Inputs a second, in the last run."""

    def beside(self, earlier: Row) -> Row:
        """Both runs together."""
        return Row(
            self.inputs + earlier.inputs,
            self.refused + earlier.refused,
            self.crashes + earlier.crashes,
            max(self.slowest, earlier.slowest),
            self.rate,
        )

    def line(self, door: str) -> str:
        """As a row of the table."""
        return (
            f"| {door} | {self.inputs:,} | {self.refused:,} | {self.crashes:,} | {self.slowest:,} ms | {self.rate:,} |"
        )


class Page(NamedTuple):
    """All that was found."""

    rows: Mapping[str, Row]
    seeds: Sequence[int]
    memory: int
    """MiB at most."""

    def text(self) -> str:
        """As it is committed."""
        rows = "".join(f"{row.line(door)}\n" for door, row in self.rows.items())
        total = sum(row.inputs for row in self.rows.values())
        seeds = ", ".join(map(str, self.seeds))
        foot = f"{total:,} inputs in all. {_KEPT}"
        return f"{_HEAD}{rows}\n{foot}\nSeeds {seeds}; {self.memory} MiB of memory at most.\n"


def read_page(path: Path) -> Page:
    """What the page tells of earlier runs; nothing where there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    rows = {door: Row(*(int(figure.replace(",", "")) for figure in figures)) for door, *figures in _ROW.findall(text)}
    found = _FOOT.search(text)
    seeds, memory = (found[1], found[2]) if found else ("", "0")
    return Page(rows, [int(seed) for seed in seeds.split(",") if seed.strip()], int(memory))
