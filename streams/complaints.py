"""Complaints: open, closed, open again; how urgent, and until when."""

from __future__ import annotations

from rules.context import EventContext
from schemas.complaints import (
    ComplaintAnswered,
    ComplaintEvent,
    ComplaintHandedOver,
    ComplaintOpened,
    ComplaintReopened,
    ComplaintResolved,
    ComplaintTaken,
    ComplaintUpdated,
)
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_OPEN_COMPLAINTS, Complaint
from streams.churn import remember_signal
from streams.timer_schedule import schedule_complaints


def open_one(context: EventContext, event: ComplaintOpened) -> OutcomeCode | None:
    """The customer complains."""
    complaints = context.record.complaints
    if find(context, event.complaint_id) is not None:
        return OutcomeCode.DUPLICATE
    if event.at <= complaints.reach:
        return OutcomeCode.TOO_OLD_COMPLAINT
    urgency = event.urgency or context.defaults.complaints.urgency[event.category]
    complaint = Complaint(event.complaint_id, event.category, urgency, context.at, order=event.order_id or "")
    complaint.deadline = context.at + context.defaults.complaints.deadline_millis(urgency)
    _make_room(context)
    complaints.recent.append(complaint)
    complaints.total += 1
    remember_signal(context.record.purchase_features, "complaint_opened", context.at)
    _change(context, complaint, event)
    return None


def update(context: EventContext, event: ComplaintUpdated) -> OutcomeCode | None:
    """More was said; a new urgency brings a new deadline, counted from the opening."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        return _unknown(context, event)
    if _is_old(context, complaint, event):
        return OutcomeCode.OUTDATED
    complaint.category = event.category or complaint.category
    urgency = event.urgency or (context.defaults.complaints.urgency[event.category] if event.category else None)
    if urgency and urgency != complaint.urgency:
        complaint.urgency = urgency
        complaint.deadline = max(
            complaint.opened + context.defaults.complaints.deadline_millis(urgency), context.at + 1
        )
    _change(context, complaint, event)
    return None


def resolve(context: EventContext, event: ComplaintResolved) -> OutcomeCode | None:
    """The store holds it to be settled."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        return _unknown(context, event)
    if complaint.closed or _is_old(context, complaint, event):
        return OutcomeCode.DUPLICATE if complaint.closed else OutcomeCode.OUTDATED
    complaint.closed = context.at
    context.record.complaints.resolved += 1
    remember_signal(context.record.purchase_features, "complaint_resolved", context.at)
    _change(context, complaint, event)
    return None


def reopen(context: EventContext, event: ComplaintReopened) -> OutcomeCode | None:
    """The customer does not agree: a new deadline begins, and it may be escalated again."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        return _unknown(context, event)
    if not complaint.closed or _is_old(context, complaint, event):
        return OutcomeCode.OUTDATED if complaint.closed else OutcomeCode.DUPLICATE
    complaint.closed, complaint.escalated = 0, False
    complaint.reopened += 1
    complaint.deadline = context.at + context.defaults.complaints.deadline_millis(complaint.urgency)
    context.record.complaints.resolved -= 1
    remember_signal(context.record.purchase_features, "complaint_opened", context.at)
    _change(context, complaint, event)
    return None


def take(context: EventContext, event: ComplaintTaken) -> OutcomeCode | None:
    """A person of the store takes it on, unless somebody has it already."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        return _unknown(context, event)
    if _is_old(context, complaint, event):
        return OutcomeCode.OUTDATED
    if complaint.owner:
        return OutcomeCode.DUPLICATE
    complaint.owner = event.owner
    _change(context, complaint, event)
    return None


def hand_over(context: EventContext, event: ComplaintHandedOver) -> OutcomeCode | None:
    """It passes to another person, or back to the queue."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        return _unknown(context, event)
    if _is_old(context, complaint, event):
        return OutcomeCode.OUTDATED
    complaint.owner = event.owner or ""
    _change(context, complaint, event)
    return None


def answer(context: EventContext, event: ComplaintAnswered) -> OutcomeCode | None:
    """The customer has an answer; the complaint stays open."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        return _unknown(context, event)
    if _is_old(context, complaint, event):
        return OutcomeCode.OUTDATED
    complaint.answered = context.at
    _change(context, complaint, event)
    return None


def find(context: EventContext, complaint_id: str) -> Complaint | None:
    """The complaint of that id, where it is remembered."""
    return next((one for one in context.record.complaints.recent if one.id == complaint_id), None)


def breached(context: EventContext) -> None:
    """Deadlines that have passed: each is escalated once."""
    for one in context.record.complaints.recent:
        if not one.closed and not one.escalated and one.deadline <= context.at:
            one.escalated = True
            context.notice("complaint.breached", one.id)


def _change(context: EventContext, complaint: Complaint, event: ComplaintEvent) -> None:
    complaint.changed = event.at
    context.record.complaints.last = context.at
    schedule_complaints(context)


def _is_old(context: EventContext, complaint: Complaint, event: ComplaintEvent) -> bool:
    """Whether later news was applied, or, where the ring of event ids cannot tell, this very event."""
    return event.at < complaint.changed or event.at <= min(complaint.changed, context.record.recent.reach)


def _unknown(context: EventContext, event: ComplaintEvent) -> OutcomeCode:
    return (
        OutcomeCode.TOO_OLD_COMPLAINT if event.at <= context.record.complaints.reach else OutcomeCode.UNKNOWN_COMPLAINT
    )


def _make_room(context: EventContext) -> None:
    complaints = context.record.complaints
    if len(complaints.recent) < MAX_OPEN_COMPLAINTS:
        return
    goes = next((one for one in complaints.recent if one.closed), complaints.recent[0])
    complaints.recent.remove(goes)
    complaints.reach = max(complaints.reach, goes.changed)
    if not goes.closed:
        context.count(OutcomeCode.CAP_COMPLAINTS)
