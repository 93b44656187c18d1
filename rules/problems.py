"""What is wrong with a rulebook, said so that a person can put it right: file, line, caret, fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.errors import TendError

_SHOWN: Final = 50
"""Problems told at once: a file of which every line is wrong is wrong in one way."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Lines and columns count from 1; 0 where there is no such place."""

    file: str
    line: int
    column: int
    message: str
    fix: str
    text: str = ""
    """The line of the file."""
    length: int = 1
    """How many characters the caret underlines."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        lines = [f"{place}: {self.message}"]
        if self.text:
            caret = " " * (self.column - 1) + "^" * max(1, self.length)
            lines += [f"{self.line:5} | {self.text}", f"      | {caret}"]
        return "\n".join([*lines, f"  Fix: {self.fix}"])


class BadRulebook(TendError):
    """A rulebook that is refused, with everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column)))
        count = len(self.problems)
        only = f"{count} problems, of which these are the first {_SHOWN}" if count > _SHOWN else f"{count} problems"
        total = f"\n\n{only}; the rulebook is refused as a whole." if count > 1 else ""
        super().__init__("\n\n".join(str(problem) for problem in self.problems[:_SHOWN]) + total)


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the known name nearest to the given one, or nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""
