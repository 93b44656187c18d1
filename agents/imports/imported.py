"""What became of an import, and whether that is worth its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agents.imports.output import IdMap
from agents.imports.problems import RejectedRows

_A_FEW: Final = 0.2
"""Beyond this share of unreadable rows the options are wrong rather than the rows."""


class ImportRefused(Exception):
    """The result is not worth its name."""


@dataclass
class Imported:
    """What became of an import."""

    out: Path
    left_out: RejectedRows
    ids: IdMap
    rows: int = 0
    lines: int = 0
    orders: int = 0
    events: Counter[str] = field(default_factory=Counter)
    totals: dict[str, Counter[str]] = field(default_factory=dict)
    """By currency: what was placed, paid back and cancelled, in minor units, to hold against the shop's own books."""
    first: str = ""
    """Time of the earliest event; empty where there is none."""
    last: str = ""
    remarks: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    """Optional fields that were left out of their events, as they could not be understood."""
    refused: str = ""
    """Why nothing was written; empty where it was."""

    def judge(self, max_bad: float, made: int, what: str) -> None:
        """See whether the result is worth its name.

        Raises:
            Refused: too many rows could not be read, or nothing was made of any.
        """
        bad = self.left_out.unreadable
        if bad > self.rows * max_bad:
            share, needed = bad / self.rows, -(-bad * 1000 // self.rows) / 10
            way_out = f", or leave them out with --max-bad {needed:g}%" if share < _A_FEW else ""
            raise ImportRefused(
                f"{bad:,} of {self.rows:,} rows ({share:.1%}) cannot be read or belong to orders with such rows, and "
                f"--max-bad allows {max_bad:.1%}. Nothing was written; {self.left_out.path} has all. "
                f"Mend them{way_out}."
            )
        if not made:
            raise ImportRefused(
                f"No {what} was understood; nothing was written. Check the options against the lines above."
            )


@contextmanager
def judged(found: Imported) -> Iterator[None]:
    """A block whose result may be refused, which is then noted."""
    try:
        yield
    except ImportRefused as refused:
        found.refused = str(refused)


def time_of(event: bytes) -> str:
    """The time that an encoded event carries."""
    _, _, rest = event.partition(b'"time":"')
    return rest[: rest.index(b'"')].decode()
