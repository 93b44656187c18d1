"""This checkout's core beside another's: the same bytes, and for how much of its CPU.

    python -m benchmarks.beside OTHER [--weeks 4] [--households 200] [--rounds 3]

OTHER is a checkout of an older commit, with an environment of its own in ``.venv``. Both take the same history, in
turns of some 50 ms, each in its own process; what is compared is their CPU, so that a machine with other things to do
changes both alike. Ends with status 1 where the commits of the two differ in a byte.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.page import spread
from benchmarks.pure_core import CoreCost

_CORE = Path(__file__).with_name("pure_core.py")


def start(checkout: Path, weeks: int, households: int) -> subprocess.Popen[str]:
    """The pure core in that checkout, measured by its own yardstick where it has one, waiting for its turns."""
    own = checkout / "benchmarks" / _CORE.name
    # -P: beside the yardstick lie files that are named as packages are.
    command = [str(checkout / ".venv/bin/python"), "-P", str(own if own.exists() else _CORE), "--paced"]
    asked = ["--weeks", str(weeks), "--households", str(households)]
    # What drives lanes without servers lies beside the tests, which are not installed.
    finds = {**os.environ, "PYTHONPATH": str(checkout)}
    return subprocess.Popen(
        [*command, *asked], cwd=checkout, env=finds, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def in_turn(running: Sequence[subprocess.Popen[str]]) -> list[CoreCost]:
    """All of them to their ends, one at a time.

    Raises:
        RuntimeError: one of them failed; it has said why.
    """
    said = [_line(process) for process in running]
    while not all(said):
        for place, process in enumerate(running):
            if not said[place]:
                assert process.stdin
                print(file=process.stdin, flush=True)
                said[place] = _line(process)
    return [msgspec.json.decode(line, type=CoreCost) for line in said]


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"the core in {process.args!r} failed")
    return line.strip()


def table(pairs: Sequence[Sequence[CoreCost]]) -> list[str]:
    """Medians, and the ratio within each pair."""
    lines = ["| CPU, us per event | other | here | ratio |", "|---|---|---|---|"]
    for name in ("core", "learner", "store"):
        costs = [(getattr(other, name), getattr(here, name)) for other, here in pairs]
        before, after = median(one for one, _ in costs), median(one for _, one in costs)
        lines.append(f"| {name} | {before:.1f} | {after:.1f} | {spread([b / a for a, b in costs])} |")
    return lines


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--households", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    here = Path(__file__).parents[1]
    pairs = [
        in_turn([start(checkout, told.weeks, told.households) for checkout in (told.other, here)])
        for _ in range(told.rounds)
    ]
    print("\n".join(table(pairs)))
    digests = [sorted({one.digest for one in some}) for some in zip(*pairs, strict=True)]
    if digests[0] != digests[1] or len(digests[0]) > 1:
        sys.exit(f"The commits differ: {' '.join(digests[0])} there, {' '.join(digests[1])} here")
    print(f"The same bytes: {digests[0][0]}")


if __name__ == "__main__":
    main()
