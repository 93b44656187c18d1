"""``python -m benchmarks [NAME [ARGUMENTS]]``: runs a measurement, ``all`` of them, or lists them."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ALL = (
    ("machinery",),
    ("latency", "--rounds", "2"),
    ("timers",),
    ("naive_faults",),
    ("engine", "--rounds", "1"),
    ("store",),
    ("core",),
    ("rules",),
)
"""What ``all`` runs, some 25 minutes; churn takes longer and is left to its own command."""
WRITERS = {"machinery", "latency", "timers", "naive_faults", "engine"}


def measurements() -> dict[str, str]:
    """Each measurement with the first line of what it says of itself: modules with a command line of their own."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.py"))}
    return {
        name: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        for name, text in found.items()
        if not name.startswith("_") and "__main__" in text
    }


def run_all(further: list[str]) -> int:
    """One after the other; ``--write`` goes to those who write a page."""
    worst = 0
    for name, *arguments in ALL:
        own = further if name in WRITERS else []
        print(f"\n## {name}\n", flush=True)
        began = time.monotonic()
        command = [sys.executable, "-m", f"benchmarks.{name}", *arguments, *own]
        worst = max(worst, subprocess.run(command, check=False).returncode)
        print(f"({name} took {time.monotonic() - began:.0f} s)", flush=True)
    return worst


def main() -> int:
    """The command; returns its exit status."""
    known, named = measurements(), sys.argv[1] if len(sys.argv) > 1 else ""
    if named == "all":
        return run_all(sys.argv[2:])
    if named in known:
        sys.argv = sys.argv[1:]
        runpy.run_module(f"benchmarks.{named}", run_name="__main__", alter_sys=True)
        return 0
    print('Measurements; run one with make bench ARGS="NAME", all with make bench:')
    for name, line in known.items():
        print(f"  {name:<20} {line}")
    return 2 if named else 0


if __name__ == "__main__":
    sys.exit(main())
