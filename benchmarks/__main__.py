"""``python -m benchmarks [NAME [ARGUMENTS]]``: runs a measurement, or lists them."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent


def measurements() -> dict[str, str]:
    """Each measurement with the first line of what it says of itself: modules with a command line of their own."""
    found = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.py"))}
    return {
        name: (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
        for name, text in found.items()
        if not name.startswith("_") and "__main__" in text
    }


def main() -> int:
    """The command; returns its exit status."""
    known, named = measurements(), sys.argv[1] if len(sys.argv) > 1 else ""
    if named in known:
        sys.argv = sys.argv[1:]
        runpy.run_module(f"benchmarks.{named}", run_name="__main__", alter_sys=True)
        return 0
    print('Measurements; run one with make bench ARGS="NAME":')
    for name, line in known.items():
        print(f"  {name:<20} {line}")
    return 2 if named else 0


if __name__ == "__main__":
    sys.exit(main())
