"""Results that appear under their name only when they are whole, for their owner alone."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import BinaryIO, Self, cast

from agents.replay.sorting import sorted_lines
from schemas.errors import TendError


@contextmanager
def written_whole(out: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``out`` when the block ends well; ``.gz`` packs it.

    Raises:
        TendError: it cannot be written.
    """
    part = out.with_name(out.name + ".part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            if out.suffix == ".gz":
                # Without name and time inside, the same events give the same bytes.
                with gzip.GzipFile("", "wb", 3, file, mtime=0) as archive:
                    yield cast("BinaryIO", archive)
            else:
                yield file
        os.replace(part, out)
    except OSError as error:
        raise TendError(
            f"{out} cannot be written: {error}. Sorting also needs room in the temporary folder (TMPDIR)."
        ) from None
    finally:
        part.unlink(missing_ok=True)


class IdMap:
    """Which id stands for what another system calls a customer: a file beside the result, if any differ.

    It is how service staff find a customer again, and holds addresses where customers are known by them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._seen = TemporaryFile()  # noqa: SIM115  # closed at exit

    def note(self, given: str, mapped: str) -> None:
        """One pair; it may be told more than once."""
        if given != mapped:
            text = io.StringIO(newline="")
            csv.writer(text, lineterminator="\n").writerow([_cell(" ".join(given.split())), mapped])
            self._seen.write(text.getvalue().encode(errors="backslashreplace"))

    def write(self) -> None:
        """Write each pair once, by what was given."""
        self._seen.seek(0)
        lines = list_once(sorted_lines(self._seen))
        first = next(lines, None)
        if first is None:
            return
        with written_whole(self.path) as file:
            file.write(b"given,customer\n")
            file.write(first)
            self.count = 1
            for line in lines:
                file.write(line)
                self.count += 1

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seen.close()


def list_once(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Sorted lines without those that repeat."""
    last = b""
    for line in lines:
        if line != last:
            yield line
        last = line


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
