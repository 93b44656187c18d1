"""What came of a trial, as figures."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

_PARKED = re.compile(r"Lane \d+ is parked:? ?(.*)")
MADE_ANEW = "deleted and made anew"
"""Why lanes park where a topic is not the one that they began with: the one cause that these trials bring about."""


class Outcome(NamedTuple):
    """All of it is nothing, where the promises hold."""

    lost: int = 0
    """Actions that are due, and not out."""
    doubled: int = 0
    """Actions that are out more than once."""
    parked: int = 0
    """Times that a lane was parked without a cause."""
    different: int = 0
    """Records, order books, almanacs and actions that are not, to the byte, what they would be undisturbed."""

    @classmethod
    def of(cls, due: Collection[str], published: Sequence[str], logs: Path, different: int = 0) -> Outcome:
        """Compares what is due with what is out, and reads the workers' logs in this folder."""
        out = set(published)
        parked = [why for why in reasons_for_parking(logs) if MADE_ANEW not in why]
        return cls(len(set(due) - out), len(published) - len(out), len(parked), different)

    def __add__(self, other: object) -> Outcome:
        assert isinstance(other, Outcome)
        return Outcome(*map(sum, zip(self, other, strict=True)))


def reasons_for_parking(logs: Path) -> list[str]:
    """Why lanes were parked, by the logs of the workers in this folder."""
    texts = [log.read_text(encoding="utf-8") for log in sorted(logs.glob("worker-*.log"))]
    return [why for text in texts for why in _PARKED.findall(text)]
