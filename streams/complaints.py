"""Complaints: open, closed, open again; how urgent, and until when.

As with orders, an event adds what it tells, at its own time, and where the complaint stands follows from all of it; so
the order of arrival does not matter. News of a complaint that was not opened yet waits for it.
"""

from __future__ import annotations

from collections.abc import Callable

from rules.context import EventContext
from schemas.complaint_list import MAX_MOVES, MAX_OPEN_COMPLAINTS, Complaint, Complaints
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
from schemas.times import Millis
from streams.churn import remember_signal
from streams.timer_schedule import schedule_complaints

_PENDING = "other"
"""Category of a complaint of which only later news has come."""


def open_one(context: EventContext, event: ComplaintOpened) -> OutcomeCode | None:
    """The customer complains; under a number that was closed, again."""
    complaint = find(context, event.complaint_id)
    if complaint is None:
        if event.at <= context.record.complaints.reach:
            return OutcomeCode.TOO_OLD_COMPLAINT
        complaint = _enter(context, event.complaint_id)
    at = max(event.at, 1)
    if complaint.opened:
        return _open_again(context, complaint, event, max(complaint.opened, at), min(complaint.opened, at))
    complaint.order = event.order_id or ""
    complaint.opened = at
    context.record.complaints.total += 1
    remember_signal(context.record.purchase_features, "complaint_opened", context.at)
    _classify(complaint, event.category, event.urgency, event.at)
    _settle(context, complaint, event)
    return None


def update(context: EventContext, event: ComplaintUpdated) -> OutcomeCode | None:
    """More was said; a new urgency brings a new deadline, counted from the opening."""
    complaint = find(context, event.complaint_id) or _wait_for(context, event)
    if complaint is None:
        return OutcomeCode.TOO_OLD_COMPLAINT
    told = _classify(complaint, event.category, event.urgency, event.at)
    if not told and event.at <= complaint.changed:
        return OutcomeCode.OUTDATED
    _settle(context, complaint, event)
    return None


def resolve(context: EventContext, event: ComplaintResolved) -> OutcomeCode | None:
    """The store holds it to be settled."""
    return _move(context, event, max(event.at, 1))


def reopen(context: EventContext, event: ComplaintReopened) -> OutcomeCode | None:
    """The customer does not agree: a new deadline begins, and it may be escalated again."""
    return _move(context, event, -max(event.at, 1))


def take(context: EventContext, event: ComplaintTaken) -> OutcomeCode | None:
    """A person of the store takes it on, unless somebody has it already: of two who took it, the first has it."""

    def tell(complaint: Complaint) -> OutcomeCode | None:
        at, told = max(event.at, 1), complaint.owner_told
        earlier = told < 0 and at < -told
        if complaint.owner and not earlier:
            return OutcomeCode.DUPLICATE
        if at <= abs(told) and not earlier:
            return OutcomeCode.OUTDATED
        complaint.owner, complaint.owner_told = event.owner, -at
        return None

    return _tell_owner(context, event, tell)


def hand_over(context: EventContext, event: ComplaintHandedOver) -> OutcomeCode | None:
    """It passes to another person, or back to the queue."""

    def tell(complaint: Complaint) -> OutcomeCode | None:
        at, told = max(event.at, 1), complaint.owner_told
        if at <= told or (at < -told and not event.owner):
            return OutcomeCode.OUTDATED
        complaint.owner, complaint.owner_told = event.owner or "", at
        return None

    return _tell_owner(context, event, tell)


def answer(context: EventContext, event: ComplaintAnswered) -> OutcomeCode | None:
    """The customer has an answer; the complaint stays open."""

    complaint = find(context, event.complaint_id) or _wait_for(context, event)
    if complaint is None:
        return OutcomeCode.TOO_OLD_COMPLAINT
    if event.at <= complaint.answered:
        return OutcomeCode.OUTDATED
    complaint.answered = max(event.at, 1)
    _settle(context, complaint, event)
    return None


def joined(context: EventContext, mine: Complaint, other: Complaint) -> Complaint:
    """One complaint that was told of under two ids of its customer: all that was told of it."""
    later = max((mine, other), key=lambda one: one.changed)
    owned = max((mine, other), key=lambda one: (one.owner_told > 0, one.owner_told != 0, one.owner_told))
    category = max((mine, other), key=lambda one: (one.category_told, one.category))
    urgency = max((mine, other), key=lambda one: (one.urgency_told, one.urgency))
    openings = sorted(one.opened for one in (mine, other) if one.opened)
    moves = [*mine.moves, *other.moves, *(-again for again in openings[1:] if again != openings[0])]
    joint = Complaint(
        mine.id, category.category, urgency.urgency, openings[0] if openings else 0, order=mine.order or other.order,
        escalated=mine.escalated or other.escalated, changed=later.changed,
        owner=owned.owner if owned.owner_told else mine.owner or other.owner, owner_told=owned.owner_told,
        answered=max(mine.answered, other.answered), category_told=category.category_told,
        urgency_told=urgency.urgency_told,
    )  # fmt: skip
    for move in moves:
        joint.moves = _with(joint.moves, move)
    since = _replay(joint)
    if joint.opened:
        joint.urgency = _urgency(context, joint)
        joint.deadline = since + context.defaults.complaints.deadline_millis(joint.urgency)
    return joint


def find(context: EventContext, complaint_id: str) -> Complaint | None:
    """The complaint of that id, where it is remembered."""
    return next((one for one in context.record.complaints.recent if one.id == complaint_id), None)


def breached(context: EventContext) -> None:
    """Deadlines that have passed: each is escalated once."""
    for one in context.record.complaints.recent:
        if one.is_open and not one.escalated and one.deadline <= context.at:
            one.escalated = True
            context.notice("complaint.breached", one.id)


def make_room(context: EventContext, complaints: Complaints) -> None:
    """Forget the oldest complaint that is settled, else the oldest."""
    goes = next((one for one in complaints.recent if not one.is_open), complaints.recent[0])
    complaints.recent.remove(goes)
    complaints.reach = max(complaints.reach, goes.changed)
    if goes.is_open:
        context.count(OutcomeCode.CAP_COMPLAINTS)


def _open_again(
    context: EventContext, complaint: Complaint, event: ComplaintOpened, again: Millis, first: Millis
) -> OutcomeCode | None:
    """Of two openings under one number the earlier is the opening, the later opens again what was closed meanwhile."""
    before, last = (complaint.opened, complaint.closed, complaint.reopened), context.record.complaints.last
    told = _classify(complaint, event.category, event.urgency, event.at)
    if again != first:
        complaint.opened = first
        complaint.moves = _with(complaint.moves, -again)
    _settle(context, complaint, event)
    changed = told or (complaint.opened, complaint.closed, complaint.reopened) != before
    if changed:
        return None
    context.record.complaints.last = last
    return OutcomeCode.DUPLICATE


def _tell_owner(
    context: EventContext, event: ComplaintEvent, tell: Callable[[Complaint], OutcomeCode | None]
) -> OutcomeCode | None:
    complaint = find(context, event.complaint_id) or _wait_for(context, event)
    if complaint is None:
        return OutcomeCode.TOO_OLD_COMPLAINT
    refused = tell(complaint)
    if refused is None:
        _settle(context, complaint, event)
    return refused


def _move(context: EventContext, event: ComplaintResolved | ComplaintReopened, move: Millis) -> OutcomeCode | None:
    complaint = find(context, event.complaint_id) or _wait_for(context, event)
    if complaint is None:
        return OutcomeCode.TOO_OLD_COMPLAINT
    if move in complaint.moves:
        return OutcomeCode.DUPLICATE
    before, last = (complaint.opened, complaint.closed, complaint.reopened), context.record.complaints.last
    complaint.moves = _with(complaint.moves, move)
    _settle(context, complaint, event)
    if complaint.opened and (complaint.opened, complaint.closed, complaint.reopened) == before:
        # It says nothing new of where the complaint stands: it was closed, or open, at that time already.
        context.record.complaints.last = last
        return OutcomeCode.OUTDATED if event.at < complaint.changed else OutcomeCode.DUPLICATE
    return None


def _settle(context: EventContext, complaint: Complaint, event: ComplaintEvent) -> None:
    """Where it stands, from all that was told of it; and the customer's numbers by the difference."""
    numbers = context.record.complaints
    was_closed, times = complaint.opened > 0 and complaint.closed > 0, complaint.reopened
    since = _replay(complaint)
    numbers.resolved += (complaint.opened > 0 and complaint.closed > 0) - was_closed
    complaint.changed = max(complaint.changed, event.at)
    if not complaint.opened:
        return
    if complaint.reopened > times:
        complaint.escalated = False
        remember_signal(context.record.purchase_features, "complaint_opened", context.at)
    if complaint.closed and not was_closed:
        remember_signal(context.record.purchase_features, "complaint_resolved", context.at)
    complaint.urgency = _urgency(context, complaint)
    complaint.deadline = since + context.defaults.complaints.deadline_millis(complaint.urgency)
    if 0 < complaint.closed <= complaint.deadline:
        complaint.escalated = False
    numbers.last = max(numbers.last, complaint.changed)
    breached(context)
    schedule_complaints(context)


def _replay(complaint: Complaint) -> Millis:
    """Go through its openings and closings; since when the present deadline runs."""
    since = complaint.opened
    complaint.closed = complaint.reopened = 0
    for move in complaint.moves:
        if not complaint.opened or abs(move) < complaint.opened:
            continue
        if move > 0 and not complaint.closed:
            complaint.closed = move
        elif move < 0 and complaint.closed:
            complaint.closed, since = 0, -move
            complaint.reopened += 1
    return since


def _classify(complaint: Complaint, category: str | None, urgency: str | None, at: Millis) -> bool:
    """Take what was told last; whether anything was."""
    told = False
    if category and (at, category) > (complaint.category_told, complaint.category if complaint.category_told else ""):
        complaint.category, complaint.category_told, told = category, max(at, 1), True
    if urgency and (at, urgency) > (complaint.urgency_told, complaint.urgency if complaint.urgency_told else ""):
        complaint.urgency, complaint.urgency_told, told = urgency, max(at, 1), True
    return told


def _urgency(context: EventContext, complaint: Complaint) -> str:
    """The one told last; where the category was told after it, or none was, that of the category."""
    if complaint.urgency_told and complaint.urgency_told >= complaint.category_told:
        return complaint.urgency
    return context.defaults.complaints.urgency_of(complaint.category)


def _with(moves: list[Millis], move: Millis) -> list[Millis]:
    # Of one moment the closing comes first: the customer has the last word.
    return sorted({*moves, move}, key=lambda one: (abs(one), -one))[-MAX_MOVES:]


def _wait_for(context: EventContext, event: ComplaintEvent) -> Complaint | None:
    """A place for a complaint that was not opened yet, or None where it may be one that was forgotten."""
    if event.at <= context.record.complaints.reach:
        return None
    context.count(OutcomeCode.UNKNOWN_COMPLAINT)
    return _enter(context, event.complaint_id)


def _enter(context: EventContext, complaint_id: str) -> Complaint:
    complaints = context.record.complaints
    if len(complaints.recent) >= MAX_OPEN_COMPLAINTS:
        make_room(context, complaints)
    entered = Complaint(complaint_id, _PENDING, "", 0)
    complaints.recent.append(entered)
    return entered
