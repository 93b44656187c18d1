"""Imports of six public formats, beside plain ``polars.read_csv`` of the same files.

python -m benchmarks.imports [--orders 100000] [--only FORMAT] [--write]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from benchmarks.exports import EXPORTS
from benchmarks.page import put

PAGE = Path(__file__).parents[1] / "docs" / "imports.md"
_IMPORT = """
import sys
from agents.cli import application
try:
    application("import")(sys.argv[1:], standalone_mode=False)
finally:
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(int(status["VmHWM"].split()[0]) // 1024, file=sys.stderr)
"""
_POLARS = """
import sys, polars
for path in sys.argv[1:]:
    polars.read_csv(path, infer_schema=False, has_header=not path.endswith(".txt"), truncate_ragged_lines=True)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) // 1024, file=sys.stderr)
"""


MORE = {"magento": ("--currency", "USD"), "woocommerce": ("--tz", "Europe/Berlin")}
"""What these exports do not say."""


def measure(preset: str, count: int, folder: Path) -> dict[str, Any]:
    """One format: the import's summary, its CPU seconds and MiB, and those of polars."""
    path = EXPORTS[preset](folder, count)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    out = folder.parent / f"{preset}.jsonl.gz"
    options = ["--preset", preset, *MORE.get(preset, ()), "--out", str(out), "--json"]
    seconds, peak, said = _timed(_IMPORT, "import", "orders", str(path), *options)
    plain, plain_peak, _ = _timed(_POLARS, *map(str, files))
    return {
        **orjson.loads(said), "preset": preset, "bytes": sum(file.stat().st_size for file in files), "seconds": seconds,
        "mib": peak, "polars_seconds": plain, "polars_mib": plain_peak,
    }  # fmt: skip


def _timed(code: str, *arguments: str) -> tuple[float, int, str]:
    began = _spent()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return _spent() - began, int(done.stderr.splitlines()[-1]), done.stdout


def _spent() -> float:
    """CPU seconds of all programs that were started here and have ended: what else the machine does changes little."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(found: list[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    lines = [
        "| format | rows | MB | orders | events | left out by meaning | unreadable | CPU s | MiB | polars: CPU s, MiB "
        "| times |",
        "|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        meant = "; ".join(f"{count:,} {reason}" for reason, count in one["meant"].items()) or "none"
        lines.append(
            f"| {one['preset']} | {one['rows']:,} | {one['bytes'] / 1e6:.0f} | {one['orders']:,} | "
            f"{sum(one['events'].values()):,} | {meant} | {one['unreadable']:,} | {one['seconds']:.0f} | "
            f"{one['mib']} | {one['polars_seconds']:.1f}, {one['polars_mib']} | "
            f"{one['seconds'] / one['polars_seconds']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--only", choices=sorted(EXPORTS))
    parser.add_argument("--write", action="store_true", help="write the table into docs/imports.md")
    chosen = parser.parse_args()
    found = []
    for preset in [chosen.only] if chosen.only else EXPORTS:
        with TemporaryDirectory(prefix="tend-imports-") as folder:
            (inside := Path(folder) / preset).mkdir()
            found.append(measure(preset, chosen.orders, inside))
            print(f"{preset}: {found[-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
    print(table(found))
    if chosen.write:
        put("imports", table(found).splitlines(), PAGE)


if __name__ == "__main__":
    main()
