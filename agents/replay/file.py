"""Anybody's own history: a file of contract events, one a line, plain or gzip."""

from __future__ import annotations

import gzip
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, cast

from agents.lines import bounded_lines
from agents.replay.event import ReplayEvent
from agents.replay.sorting import sorted_lines
from schemas.errors import TendError
from schemas.events import Invalid, decode_event
from schemas.times import DAY, Millis

_SHOWN = 10
_SHIFT = 10**15
"""Makes every time positive, so that digits sort as numbers do."""


@dataclass(frozen=True)
class BadLine:
    """A line that is no event of the contract; ``number`` counts from 1."""

    number: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.problem}"


@dataclass
class EventFile:
    """A file of events, read through once and judged; ``events`` gives them in the order of time.

    Lines that are no events are left out and counted. A file that is not in the order of time is sorted on disk,
    with bounded memory.
    """

    path: Path
    count: int = 0
    """Valid events."""
    start: Millis = 0
    """Time of the earliest."""
    last: Millis = 0
    bad_count: int = 0
    bad: list[BadLine] = field(default_factory=list)
    """The first few that were left out."""
    unsorted_at: int | None = None
    """The first line that is earlier than one before it."""
    _numbers: array[int] = field(default_factory=lambda: array("Q"))
    _digest: str = ""

    @property
    def name(self) -> str:
        """Names the replay by content, so that another file of the same name is not taken for this one."""
        return f"events-{self._digest}"

    @property
    def end(self) -> Millis:
        """The midnight (UTC) after the last event."""
        return self.last - self.last % DAY + DAY

    def events(self) -> Iterator[ReplayEvent]:
        """All valid events in the order of time."""
        if self.unsorted_at is None:
            yield from self._in_file_order()
        else:
            yield from (_unpacked(line) for line in sorted_lines(_packed(told) for told in self._in_file_order()))

    def _in_file_order(self) -> Iterator[ReplayEvent]:
        bad = iter(self._numbers)
        skip = next(bad, None)
        for number, line in _lines(self.path):
            if number == skip:
                skip = next(bad, None)
            elif line:
                yield _told(line)


def read_file(path: Path) -> EventFile:
    """Read the file through once: what is valid, what is not, and whether it is sorted.

    Raises:
        TendError: the file cannot be read, or holds no event at all.
    """
    found = EventFile(path)
    digest = blake2b(digest_size=8)
    try:
        for number, line in _lines(path):
            digest.update(line)
            if line:
                _judge(found, number, line)
    except (OSError, EOFError) as error:
        raise TendError(f"{path} cannot be read: {error}. Expected JSON lines, plain or gzip.") from None
    found._digest = digest.hexdigest()
    if not found.count:
        shown = "".join(f"\n  {bad}" for bad in found.bad)
        raise TendError(
            f"{path} holds no event. Expected one JSON object a line, as docs/events.md describes; an order history "
            f"in CSV is turned into such a file by `tend import orders`.{shown}"
        )
    return found


def _judge(found: EventFile, number: int, line: bytes) -> None:
    try:
        told = _told(line)
    except Invalid as problem:
        found.bad_count += 1
        found._numbers.append(number)
        if len(found.bad) < _SHOWN:
            found.bad.append(BadLine(number, str(problem)))
        return
    if found.count and told.time < found.last and found.unsorted_at is None:
        found.unsorted_at = number
    found.start = min(found.start, told.time) if found.count else told.time
    found.last = max(found.last, told.time) if found.count else told.time
    found.count += 1


def _told(line: bytes) -> ReplayEvent:
    event = decode_event(line)
    return ReplayEvent(event.at, event.id, event.customer, event.type, line)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with _opened(path) as file:
        for number, line in enumerate(bounded_lines(file, str(path)), start=1):
            yield number, line.strip()


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast("BinaryIO", gzip.open(path, "rb")) if packed else path.open("rb")


def _packed(told: ReplayEvent) -> bytes:
    head = f"{told.time + _SHIFT:017d}\t{told.id}\t{told.customer}\t{told.type}\t"
    return head.encode() + told.body + b"\n"


def _unpacked(line: bytes) -> ReplayEvent:
    time, key, customer, kind, body = line.split(b"\t", 4)
    return ReplayEvent(int(time) - _SHIFT, key.decode(), customer.decode(), kind.decode(), body[:-1])
