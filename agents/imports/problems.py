"""What is wrong with a row, what is left out by meaning, and where both are written down."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import IO, Self

_SHOWN = 10


class BadValue(ValueError):
    """A field that cannot be understood; the message says what was found and what was expected."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field


class RejectedRows:
    """Every row that did not become an event, in a file beside the result, which exists only if there are any.

    Two things are told apart: rows that could not be read (or whose order could not), and rows that are understood
    and mean no event: an order that was never paid, a test, a customer without an id.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unreadable = 0
        """Rows, with those that are left out because another row of their order cannot be read."""
        self.meant: Counter[str] = Counter()
        """What is left out by meaning: rows or orders by reason."""
        self.fields: Counter[str] = Counter()
        self.first: list[str] = []
        self._file: IO[str] | None = None

    @property
    def count(self) -> int:
        """How many rows were rejected, for either reason."""
        return self.unreadable + self.meant.total()

    def add(self, where: str, problem: BadValue, rows: int = 1) -> None:
        """Rows that cannot be read."""
        self.unreadable += rows
        self.fields[problem.field] += rows
        self._write(f"{where}: {problem}")

    def leave(self, where: str, reason: str, detail: str = "") -> None:
        """A row or an order that means no event."""
        self.meant[reason] += 1
        self._write(f"{where}: left out, {reason}{f' ({detail})' if detail else ''}", shown=False)

    def _write(self, text: str, *, shown: bool = True) -> None:
        if self._file is None:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = open(handle, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115  # closed at exit
        self._file.write(text + "\n")
        if shown and len(self.first) < _SHOWN:
            self.first.append(text)

    def __enter__(self) -> Self:
        # A report of an earlier import would be taken for one of this.
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
