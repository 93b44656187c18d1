"""Her alarm clock: the record holds what she waits for, the store only the next moment."""

from __future__ import annotations

from bisect import insort

from schemas.record import MAX_WAITS, CustomerRecord, Wait, WaitKind
from schemas.times import Millis


def set_wait(record: CustomerRecord, kind: WaitKind, due: Millis, ref: str = "") -> bool:
    """Wait for ``kind`` (and ``ref``) at ``due``, in place of an earlier wait for the same.

    Returns False where the clock is full (``MAX_WAITS``) and the new wait was not taken.
    """
    clear_wait(record, kind, ref)
    if len(record.waits) >= MAX_WAITS:
        return False
    insort(record.waits, Wait(due, int(kind), ref), key=_order)
    return True


def clear_wait(record: CustomerRecord, kind: WaitKind, ref: str = "") -> None:
    """No longer wait for it."""
    for index, wait in enumerate(record.waits):
        if wait.kind == kind and wait.ref == ref:
            del record.waits[index]
            return


def waits_for(record: CustomerRecord, kind: WaitKind, ref: str = "") -> Millis | None:
    """When she is due for it, or None."""
    for wait in record.waits:
        if wait.kind == kind and wait.ref == ref:
            return wait.due
    return None


def next_due(record: CustomerRecord) -> Millis | None:
    """The next moment at which somebody must look at her."""
    return record.waits[0].due if record.waits else None


def _order(wait: Wait) -> tuple[Millis, int, str]:
    return (wait.due, wait.kind, wait.ref)
