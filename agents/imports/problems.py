"""What is wrong with a line, and where it is written down."""

from __future__ import annotations

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


class LeftOut:
    """Every line that was left out, in a file beside the result, which exists only if there are any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: list[str] = []
        self.fields: Counter[str] = Counter()
        self._file: IO[str] | None = None

    def add(self, line: int, problem: BadValue) -> None:
        """Write a line's number and problem down."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")
        text = f"line {line}: {problem}"
        self._file.write(text + "\n")
        self.count += 1
        self.fields[problem.field] += 1
        if len(self.first) < _SHOWN:
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
