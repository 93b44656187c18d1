"""Where a replay puts its watermarks: pure, and the same in every run over the same input."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from agents.replay.event import ReplayEvent
from schemas.times import DAY, Millis, to_rfc3339

EVERY = 5_000
"""Events between two watermarks, at most by default (more only where they share one moment)."""
SPARSE = 200
"""A day with fewer is no interval of its own by default: each costs every lane a commit."""
LONGEST: Millis = 7 * DAY
"""Time between two watermarks after which a midnight is marked however little has happened."""


class Interval(NamedTuple):
    """What lies between two watermarks, and the watermark that closes it."""

    number: int
    """Of the closing watermark."""
    events: list[ReplayEvent]
    time: Millis
    """Of the closing watermark: all events here are earlier, none that follows is."""
    read: int
    """Events of the input up to here: where a killed replay goes on."""
    begins: bool = False
    finishes: bool = False


class Unsorted(ValueError):
    """The input is not in the order of time."""


class Begin(NamedTuple):
    """Where in the input a plan starts: at its beginning, or behind the last watermark of a killed replay."""

    number: int = 0
    """Of the last watermark that is complete; 0 writes the watermark that begins."""
    read: int = 0
    time: Millis = 0
    """Of that watermark."""


def plan_marks(
    events: Iterable[ReplayEvent],
    *,
    every: int = EVERY,
    sparse: int = SPARSE,
    end: Millis | None = None,
    resume: Begin | None = None,
) -> Iterator[Interval]:
    """Cut the input into intervals, each closed by its watermark.

    A watermark is set after ``every`` events, but never between events of one moment, and at the midnight (UTC) that
    event time passes when ``sparse`` events or a week lie behind the watermark before. The first interval is empty and
    begins the replay; the last one finishes it, at ``end``, or at the midnight after the last event.

    Args:
        events: all events of the input, in the order of time, from its beginning.
        every: events between two watermarks.
        sparse: fewer are not cut off at midnight until a week has passed.
        end: the moment of the last watermark; later than all events.
        resume: go on behind this watermark; the intervals are then the same as without a kill.

    Raises:
        Unsorted: an event is earlier than the one before it, or not before ``end``.
    """
    begin = resume or Begin()
    number, read, marked = begin.number, 0, begin.time
    held: list[ReplayEvent] = []
    last: Millis | None = None
    for event in events:
        if last is None and resume is None:
            marked = _midnight(event.time)
            yield Interval(0, [], marked, 0, begins=True)
        if last is not None and event.time < last:
            raise Unsorted(f"event {event.id} of {to_rfc3339(event.time)} follows one of {to_rfc3339(last)}")
        if read >= begin.read:
            if held and (time := _due(held, event.time, marked, every, sparse)):
                number += 1
                yield Interval(number, held, time, read)
                held, marked = [], time
            held.append(event)
        read += 1
        last = event.time
    yield from _finish(held, number + 1, read, last, end, begun=last is not None or resume is not None)


def _due(held: list[ReplayEvent], upcoming: Millis, marked: Millis, every: int, sparse: int) -> Millis | None:
    """The time of the watermark that belongs before an event at ``upcoming``, if one does."""
    last = held[-1].time
    midnight = _midnight(upcoming)
    if last < midnight and (len(held) >= sparse or midnight - marked >= LONGEST):
        return midnight
    return last + 1 if len(held) >= every and upcoming > last else None


def _finish(
    held: list[ReplayEvent], number: int, read: int, last: Millis | None, end: Millis | None, *, begun: bool
) -> Iterator[Interval]:
    if last is None:
        last = (end or DAY) - 1
    if not begun:
        yield Interval(0, [], _midnight(last), 0, begins=True)
    time = end if end is not None else _midnight(last) + DAY
    if time <= last:
        raise Unsorted(f"the last event is of {to_rfc3339(last)}, which is not before the end, {to_rfc3339(time)}")
    yield Interval(number, held, time, read, finishes=True)


def _midnight(moment: Millis) -> Millis:
    return moment - moment % DAY
