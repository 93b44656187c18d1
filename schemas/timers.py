"""A customer's timers: the record holds all of them, the store only the next moment."""

from __future__ import annotations

from bisect import insort

from schemas.record import CustomerRecord, Timer, TimerKind
from schemas.times import Millis


def set_timer(record: CustomerRecord, kind: TimerKind, due: Millis, ref: str = "") -> None:
    """Set the timer of this kind (and ``ref``) to ``due``, in place of an earlier one."""
    clear_timer(record, kind, ref)
    insort(record.timers, Timer(due, int(kind), ref), key=_order)


def clear_timer(record: CustomerRecord, kind: TimerKind, ref: str = "") -> None:
    """Take the timer off, if there is one."""
    for index, timer in enumerate(record.timers):
        if timer.kind == kind and timer.ref == ref:
            del record.timers[index]
            return


def timer_due(record: CustomerRecord, kind: TimerKind, ref: str = "") -> Millis | None:
    """When the timer is due; None where there is none."""
    for timer in record.timers:
        if timer.kind == kind and timer.ref == ref:
            return timer.due
    return None


def next_due(record: CustomerRecord) -> Millis | None:
    """When the customer must be looked at next; None where no timer is set."""
    return record.timers[0].due if record.timers else None


def _order(timer: Timer) -> tuple[Millis, int, str]:
    return (timer.due, timer.kind, timer.ref)
