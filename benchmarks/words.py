"""Make the dictionary that records are packed with: ``python -m benchmarks.words NUMBER``.

It is trained on records and order books of simulated customers after four, eight and sixteen weeks. A dictionary that
was shipped is never made anew: stored records need it as it is. Take the next number, and teach ``schemas.packing``
to read both.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import zstandard

from agents.simulate.journey import Journey
from benchmarks.lives import around, live

SIZE = 4_000
WORDS = Path("schemas/words")


def samples() -> Iterator[bytes]:
    """Records and order books of customers of all ages."""
    for days, households in ((28, 150), (56, 250), (112, 120)):
        journey = Journey(days=days, households=households)
        for customer in live(journey, around(journey)).values():
            yield msgspec.msgpack.encode(customer.record)
            if customer.orders is not None and len(customer.orders.orders) % 2:
                yield msgspec.msgpack.encode(customer.orders)


def main() -> None:
    """Write the dictionary of the number given."""
    file = WORDS / f"record-{int(sys.argv[1])}.zdict"
    if file.exists():
        sys.exit(f"{file} was shipped: stored records need it as it is; take the next number")
    words = zstandard.train_dictionary(SIZE, list(samples()))
    file.write_bytes(words.as_bytes())
    print(f"{file}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
