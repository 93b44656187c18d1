"""Fuzz the doors: ``python -m tests.fuzz --inputs 1000000 [--door event] [--seconds 600] [--report docs/fuzzing.md]``.

Inputs are seeds changed at random; ``tests.fuzz.guided`` guides them by coverage. What breaks a door is kept in
``tests/fuzz/corpus``.
"""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import time
from base64 import encodebytes
from hashlib import blake2b
from pathlib import Path
from random import Random

from tests.fuzz.doors import DOORS
from tests.fuzz.inputs import CORPUS, inputs, kept
from tests.fuzz.page import Page, Row, read_page


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all doors together")
    parser.add_argument("--seconds", type=float, default=1e9, help="end earlier after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--door", choices=sorted(DOORS))
    parser.add_argument("--report", help="the page to write; what it tells of earlier runs is added up")
    told = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = [told.door] if told.door else list(DOORS)
    earlier = read_page(Path(told.report)) if told.report else Page({}, [], 0)
    rows, crashes = dict(earlier.rows), 0
    for name in names:
        found = _fuzz(name, told.inputs // len(names), told.seconds / len(names), told.seed)
        rows[name], crashes = (found.beside(rows[name]) if name in rows else found), crashes + found.crashes
        if told.report:
            memory = max(earlier.memory, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
            page = Page(rows, sorted({*earlier.seeds, told.seed}), memory)
            Path(told.report).write_text(page.text(), encoding="utf-8")
    return 1 if crashes else 0


def _fuzz(name: str, count: int, seconds: float, seed: int) -> Row:
    door, began, slowest = DOORS[name], time.monotonic(), 0.0
    done = refused = crashes = 0
    for data in inputs([*kept(name), *door.seeds], Random(f"{name} {seed}")):
        before = time.monotonic()
        try:
            door.enter(data)
        except door.refuses:
            refused += 1
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            crashes += 1
            keep(name, data)
            print(f"{name}: {type(error).__name__}: {error}"[:300], file=sys.stderr)  # noqa: T201
        now, done = time.monotonic(), done + 1
        slowest = max(slowest, now - before)
        if done >= count or now - began > seconds:
            break
    rate = done / (time.monotonic() - began)
    row = Row(done, refused, crashes, round(slowest * 1e3), round(rate))
    print(row.line(name), flush=True)  # noqa: T201
    return row


def keep(name: str, data: bytes) -> None:
    """Write down what broke the door, so that it is held from now on."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    path = CORPUS / name / f"{blake2b(data, digest_size=8).hexdigest()}.b64"
    path.write_bytes(encodebytes(data))


if __name__ == "__main__":
    sys.exit(main())
