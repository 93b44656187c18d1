"""Make the dictionaries that small things are packed with: ``python -m benchmarks.dictionaries record|decision N``.

They are trained on records and order books, or on recent decisions, of simulated customers after four, eight and
sixteen weeks. A dictionary that was shipped is never made anew: stored bytes need it as it is. Take the next number,
and teach ``schemas.compression`` to read both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import zstandard

from agents.simulate.journey import Journey
from benchmarks.lives import around, live
from benchmarks.population import lived
from schemas.compression import DECISIONS

SIZE = 8_000
"""Bytes. With half of it decisions take 8 % more room, with twice as much 5 % less; records hardly differ."""
WORDS = Path("schemas/dictionaries")
AGES = ((28, 150), (56, 250), (112, 120))
"""Days, and households."""


def records() -> Iterator[bytes]:
    """Records and order books of customers of all ages."""
    for days, households in AGES:
        journey = Journey(days=days, households=households)
        for customer in live(journey, around(journey)).values():
            yield msgspec.msgpack.encode(customer.record)
            if customer.orders is not None and len(customer.orders.orders) % 2:
                yield msgspec.msgpack.encode(customer.orders)


def decisions() -> Iterator[bytes]:
    """Recent decisions of customers of all ages."""
    for days, households in AGES:
        for image in lived(days // 7, households, teaching=7):
            yield from map(DECISIONS.unpack, image.decisions)


KINDS: dict[str, Callable[[], Iterator[bytes]]] = {"record": records, "decision": decisions}
"""What a dictionary of each kind learns from."""


def main() -> None:
    """Write the dictionary of the kind and number given."""
    kind, number = sys.argv[1], int(sys.argv[2])
    file = WORDS / f"{kind}-{number}.zdict"
    if file.exists():
        sys.exit(f"{file} was shipped: stored bytes need it as it is; take the next number")
    words = zstandard.train_dictionary(SIZE, list(KINDS[kind]()))
    file.write_bytes(words.as_bytes())
    print(f"{file}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
