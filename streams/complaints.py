"""Complaints: open, closed, open again; how urgent, and until when."""

from __future__ import annotations

from schemas.complaints import ComplaintEvent, ComplaintOpened, ComplaintReopened, ComplaintResolved, ComplaintUpdated
from schemas.record import MAX_OPEN_COMPLAINTS, Complaint
from streams.churn import remember_signal
from streams.notes import Note
from streams.timer_schedule import schedule_complaints
from streams.turn import Turn


def open_one(turn: Turn, event: ComplaintOpened) -> Note | None:
    """She complains."""
    complaints = turn.record.complaints
    if find(turn, event.complaint_id) is not None:
        return Note.DUPLICATE
    if event.at <= complaints.reach:
        return Note.TOO_OLD_COMPLAINT
    urgency = event.urgency or turn.defaults.complaints.urgency[event.category]
    complaint = Complaint(event.complaint_id, event.category, urgency, turn.at, order=event.order_id or "")
    complaint.deadline = turn.at + turn.defaults.complaints.deadline_millis(urgency)
    _make_room(turn)
    complaints.recent.append(complaint)
    complaints.total += 1
    remember_signal(turn.record.buying, "complaint_opened", turn.at)
    _change(turn, complaint, event)
    return None


def update(turn: Turn, event: ComplaintUpdated) -> Note | None:
    """More was said; a new urgency brings a new deadline, counted from the opening."""
    complaint = find(turn, event.complaint_id)
    if complaint is None:
        return _unknown(turn, event)
    if _is_old(turn, complaint, event):
        return Note.OUTDATED
    complaint.category = event.category or complaint.category
    urgency = event.urgency or (turn.defaults.complaints.urgency[event.category] if event.category else None)
    if urgency and urgency != complaint.urgency:
        complaint.urgency = urgency
        complaint.deadline = max(complaint.opened + turn.defaults.complaints.deadline_millis(urgency), turn.at + 1)
    _change(turn, complaint, event)
    return None


def resolve(turn: Turn, event: ComplaintResolved) -> Note | None:
    """The store holds it to be settled."""
    complaint = find(turn, event.complaint_id)
    if complaint is None:
        return _unknown(turn, event)
    if complaint.closed or _is_old(turn, complaint, event):
        return Note.DUPLICATE if complaint.closed else Note.OUTDATED
    complaint.closed = turn.at
    turn.record.complaints.resolved += 1
    remember_signal(turn.record.buying, "complaint_resolved", turn.at)
    _change(turn, complaint, event)
    return None


def reopen(turn: Turn, event: ComplaintReopened) -> Note | None:
    """She does not agree: a new deadline begins, and it may be escalated again."""
    complaint = find(turn, event.complaint_id)
    if complaint is None:
        return _unknown(turn, event)
    if not complaint.closed or _is_old(turn, complaint, event):
        return Note.OUTDATED if complaint.closed else Note.DUPLICATE
    complaint.closed, complaint.escalated = 0, False
    complaint.reopened += 1
    complaint.deadline = turn.at + turn.defaults.complaints.deadline_millis(complaint.urgency)
    turn.record.complaints.resolved -= 1
    remember_signal(turn.record.buying, "complaint_opened", turn.at)
    _change(turn, complaint, event)
    return None


def find(turn: Turn, complaint_id: str) -> Complaint | None:
    """The complaint of that id, where it is remembered."""
    return next((one for one in turn.record.complaints.recent if one.id == complaint_id), None)


def breached(turn: Turn) -> None:
    """Deadlines that have passed: each is escalated once."""
    for one in turn.record.complaints.recent:
        if not one.closed and not one.escalated and one.deadline <= turn.at:
            one.escalated = True
            turn.notice("complaint.breached", one.id)


def _change(turn: Turn, complaint: Complaint, event: ComplaintEvent) -> None:
    complaint.changed = event.at
    turn.record.complaints.last = turn.at
    schedule_complaints(turn)


def _is_old(turn: Turn, complaint: Complaint, event: ComplaintEvent) -> bool:
    """Whether later news was applied, or, where the ring of event ids cannot tell, this very event."""
    return event.at < complaint.changed or event.at <= min(complaint.changed, turn.record.recent.reach)


def _unknown(turn: Turn, event: ComplaintEvent) -> Note:
    return Note.TOO_OLD_COMPLAINT if event.at <= turn.record.complaints.reach else Note.UNKNOWN_COMPLAINT


def _make_room(turn: Turn) -> None:
    complaints = turn.record.complaints
    if len(complaints.recent) < MAX_OPEN_COMPLAINTS:
        return
    goes = next((one for one in complaints.recent if one.closed), complaints.recent[0])
    complaints.recent.remove(goes)
    complaints.reach = max(complaints.reach, goes.changed)
    if not goes.closed:
        turn.note(Note.CAP_COMPLAINTS)
