"""Complaints and calls as work for people of the store: what each event changes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from agents.rollups.model import MOST_TEXT, WorkItem
from schemas.fields import Urgency
from schemas.times import Millis

URGENCIES: Final[tuple[str, ...]] = get_args(Urgency)
"""The least urgent first."""


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
