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
from random import Random

from tests.fuzz.doors import DOORS
from tests.fuzz.inputs import CORPUS, inputs, kept

_HEAD = """\
# Fuzzing

Written by `python -m tests.fuzz`. Every door is given seeds changed at random: bytes turned, cut and doubled, with
tokens that parsers stumble over. What goes to a lane goes into a whole one, at the limits of a commit, begun anew from
what it committed after each input. A crash is whatever the callers of a door do not expect of it.

| door | inputs | refused | crashes | slowest | inputs/s |
|---|---|---|---|---|---|
"""


def main() -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of all doors together")
    parser.add_argument("--seconds", type=float, default=1e9, help="end earlier after so long")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--door", choices=sorted(DOORS))
    parser.add_argument("--report", help="the page to write")
    told = parser.parse_args()
    logging.disable(logging.CRITICAL)
    names = [told.door] if told.door else list(DOORS)
    rows = [_fuzz(name, told.inputs // len(names), told.seconds / len(names), told.seed) for name in names]
    if told.report:
        with open(told.report, "w", encoding="utf-8") as page:
            page.write(_HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows) + _foot(told.seed))
    return 1 if any(row[3] != "0" for row in rows) else 0


def _fuzz(name: str, count: int, seconds: float, seed: int) -> tuple[str, ...]:
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
    row = (name, f"{done:,}", f"{refused:,}", str(crashes), f"{slowest * 1e3:,.0f} ms", f"{rate:,.0f}")
    print(" | ".join(row), flush=True)  # noqa: T201
    return row


def keep(name: str, data: bytes) -> None:
    """Write down what broke the door, so that it is held from now on."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    path = CORPUS / name / f"{blake2b(data, digest_size=8).hexdigest()}.b64"
    path.write_bytes(encodebytes(data))


def _foot(seed: int) -> str:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return f"\nSeed {seed}; {memory} MiB of memory at most.\n"


if __name__ == "__main__":
    sys.exit(main())
