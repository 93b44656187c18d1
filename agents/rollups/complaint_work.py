"""Complaints, tasks and calls as work for people of the store: what each event and action changes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, get_args

from agents.rollups.model import MOST_TEXT, WorkItem
from agents.rollups.sums import Sums
from schemas.fields import Urgency
from schemas.times import Millis, to_millis

URGENCIES: Final[tuple[str, ...]] = get_args(Urgency)
"""The least urgent first."""


class WorkAtHand:
    """What is to be done, as events and actions tell of it in whatever order they are read.

    Args:
        work: as the store holds it; changed in place, in step with ``changed``.
        changed: what has to be written of it.
        sums: counts what was opened, closed and late.
    """

    def __init__(self, work: dict[str, WorkItem], changed: dict[str, WorkItem], sums: Sums) -> None:
        self._work, self._changed, self._sums = work, changed, sums

    def complaint(self, told: Mapping[str, Any], kind: str, customer: str, at: Millis) -> None:
        """An event of a complaint."""
        work = self._of(str(told.get("complaint_id", "")), "complaint", customer)
        if kind in COMPLAINT_CHANGES:
            COMPLAINT_CHANGES[kind](work, told, at)
        work.category = told.get("category") or work.category
        work.urgency = told.get("urgency") or work.urgency
        if kind == "complaint.resolved":
            self._sums.bucket(at, f"complaints.closed.{work.category or 'other'}")
            if not work.settled:
                work.settled, work.settled_as = at, work.category or "other"
                self._judge(work)
        elif kind == "complaint.opened":
            self._sums.bucket(at, f"complaints.opened.{work.category or 'other'}")

    def call(self, told: Mapping[str, Any], kind: str, customer: str, at: Millis) -> None:
        """A call was taken, handed over or done."""
        action = str(told.get("action_id", ""))
        if kind == "callback.completed":
            work = self._of(action, "call", customer)
            work.closed, work.outcome = at, str(told.get("outcome", ""))
        elif kind in CALL_CHANGES:
            CALL_CHANGES[kind](self._of(action, "call", customer), told, at)

    def ticket(self, told: Mapping[str, Any], customer: str, at: Millis) -> None:
        """A ticket went out: with a complaint, or as a task of its own."""
        complaint = str(told.get("complaint_id") or "")
        work = self._of(complaint or str(told["action_id"]), "complaint" if complaint else "task", customer)
        if not complaint:
            work.kind = "task"
            work.text = str(told.get("reason", ""))[:MOST_TEXT]
        work.queue, work.urgency = str(told.get("queue", "")), str(told.get("urgency", "")) or work.urgency
        work.category = work.category or str(told.get("category") or "")
        work.due, work.action_id, work.rule = moment_of(told.get("due_at")) or 0, str(told["action_id"]), told["rule"]
        work.opened = work.opened or at
        if "escalated" in work.rule:
            work.escalated = at
        if complaint and work.due and not work.promised:
            work.promised = work.due
            self._judge(work)

    def callback(self, told: Mapping[str, Any], customer: str, at: Millis) -> None:
        """A call is to be made."""
        work = self._of(str(told["action_id"]), "call", customer)
        work.opened, work.due = at, moment_of(told.get("due_at")) or 0
        work.rule, work.action_id, work.text = told["rule"], work.id, str(told.get("reason", ""))[:MOST_TEXT]

    def forget(self, customer: str) -> None:
        """Nothing is known any more of what a customer wrote; their work is done."""
        for work in [work for work in self._work.values() if work.customer == customer]:
            work.text, work.closed = "", work.closed or 1
            self._changed[work_key(customer, work.id)] = work

    def _judge(self, work: WorkItem) -> None:
        """Count whether a deadline was met, once closing and ticket are both known, whichever is read first."""
        if work.settled and work.promised:
            self._sums.bucket(
                work.settled, f"complaints.{'met' if work.settled <= work.promised else 'missed'}.{work.settled_as}"
            )

    def _of(self, name: str, kind: str, customer: str) -> WorkItem:
        key = work_key(customer, name)
        work = self._work.setdefault(key, WorkItem(name, kind, customer))
        self._changed[key] = work
        return work


def moment_of(told: object) -> Millis | None:
    """A moment in the words of RFC 3339; None for what is none."""
    try:
        return to_millis(datetime.fromisoformat(told)) if isinstance(told, str) else None
    except ValueError:
        return None


def work_key(customer: str, name: str) -> str:
    """Under which a piece of work is kept: complaints are numbered by the store, and perhaps by customer."""
    return f"{customer} {name}"


def is_more_urgent(urgency: str, than: str) -> bool:
    """Whether an urgency is above another one; none is below all."""
    return _rank(urgency) > _rank(than)


def _rank(urgency: str) -> int:
    return URGENCIES.index(urgency) if urgency in URGENCIES else -1


def _opened(work: WorkItem, told: Mapping[str, Any], at: Millis) -> None:
    work.opened, work.order = at, str(told.get("order_id") or "")
    work.text = str(told.get("text") or "")[:MOST_TEXT]


def _reopened(work: WorkItem, told: Mapping[str, Any], at: Millis) -> None:
    work.closed, work.outcome = 0, ""
    work.text = str(told.get("text") or work.text)[:MOST_TEXT]


def _updated(work: WorkItem, told: Mapping[str, Any], at: Millis) -> None:
    work.text = str(told.get("text") or work.text)[:MOST_TEXT]
    by_staff = str(told.get("actor") or "").startswith("staff:")
    if by_staff and is_more_urgent(str(told.get("urgency") or ""), work.urgency):
        work.escalated = at


def _resolved(work: WorkItem, told: Mapping[str, Any], at: Millis) -> None:
    work.closed, work.outcome = work.closed or at, str(told.get("resolution") or "")


def _taken(work: WorkItem, told: Mapping[str, Any], at: Millis) -> None:
    # First come: who comes second finds the owner, and has to be handed it.
    if not work.owner:
        work.owner, work.taken = str(told.get("owner", "")), at


def _handed_over(work: WorkItem, told: Mapping[str, Any], at: Millis) -> None:
    work.owner, work.taken = str(told.get("owner") or ""), at


COMPLAINT_CHANGES: Final[Mapping[str, Callable[[WorkItem, Mapping[str, Any], Millis], None]]] = {
    "complaint.opened": _opened,
    "complaint.updated": _updated,
    "complaint.resolved": _resolved,
    "complaint.reopened": _reopened,
    "complaint.taken": _taken,
    "complaint.handed_over": _handed_over,
}
CALL_CHANGES: Final[Mapping[str, Callable[[WorkItem, Mapping[str, Any], Millis], None]]] = {
    "callback.taken": _taken,
    "callback.handed_over": _handed_over,
}
