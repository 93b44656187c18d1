"""Lines of a file that others made: none longer than memory has room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, AnyStr, Final

from schemas.errors import TendError

MOST: Final = 16 << 20
"""Of bytes or characters. No row and no event is as long; what is, has no line breaks where they belong."""


def bounded_lines(file: IO[AnyStr], name: str) -> Iterator[AnyStr]:
    """The lines, as iterating over the file gives them.

    Raises:
        TendError: a line is longer than that; it is not read any further.
    """
    number = 0
    while line := file.readline(MOST + 1):
        number += 1
        if len(line) > MOST:
            raise TendError(
                f"{name}, line {number}: is longer than {MOST >> 20} MiB. Expected a row or an event in each line; see "
                "whether the file has line breaks, and whether a quotation mark is left open. Nothing was written."
            )
        yield line
