"""Events of ``storefront.complaints``."""

from __future__ import annotations

from typing import Literal

from schemas.event import Event
from schemas.fields import ComplaintCategory, Label, Person, Reference, Text, Urgency


class ComplaintOpened(Event):
    """A customer complains. Without ``urgency`` the rulebook's table of categories gives it."""

    type: Literal["complaint.opened"] = "complaint.opened"
    complaint_id: Reference
    category: ComplaintCategory
    urgency: Urgency | None = None
    order_id: Reference | None = None
    text: Text = ""


class ComplaintUpdated(Event):
    """More was said, or the complaint was classified anew."""

    type: Literal["complaint.updated"] = "complaint.updated"
    complaint_id: Reference
    category: ComplaintCategory | None = None
    urgency: Urgency | None = None
    text: Text = ""


class ComplaintResolved(Event):
    """The store holds the complaint to be settled."""

    type: Literal["complaint.resolved"] = "complaint.resolved"
    complaint_id: Reference
    resolution: Label | None = None


class ComplaintReopened(Event):
    """The customer does not agree that it is settled."""

    type: Literal["complaint.reopened"] = "complaint.reopened"
    complaint_id: Reference
    text: Text = ""


class ComplaintTaken(Event):
    """A person of the store takes the complaint on. Whoever comes first has it; who comes second changes nothing."""

    type: Literal["complaint.taken"] = "complaint.taken"
    complaint_id: Reference
    owner: Person


class ComplaintHandedOver(Event):
    """The complaint passes to another person; without ``owner`` it goes back to the queue."""

    type: Literal["complaint.handed_over"] = "complaint.handed_over"
    complaint_id: Reference
    owner: Person | None = None


class ComplaintAnswered(Event):
    """A person of the store has answered the customer; the complaint stays open until it is resolved."""

    type: Literal["complaint.answered"] = "complaint.answered"
    complaint_id: Reference
    text: Text = ""


ComplaintEvent = (
    ComplaintOpened
    | ComplaintUpdated
    | ComplaintResolved
    | ComplaintReopened
    | ComplaintTaken
    | ComplaintHandedOver
    | ComplaintAnswered
)
