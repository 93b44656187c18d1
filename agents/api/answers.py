"""What the API gives; each field says what it tells of a customer (``schemas.personal``)."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from schemas.outcome import Fact, Reason, Verdict
from schemas.personal import CONTACT, LIFE, SAID, WORDS
from schemas.times import Millis

Item = TypeVar("Item", bound=BaseModel)
Name = Annotated[str, LIFE]
"""A name of tend's own: a topic, a rule, a state."""
Stamp = Annotated[str, LIFE]
"""A moment, RFC 3339."""
Everything = Annotated[dict[str, Any], CONTACT]
"""A whole record, what is masked in it and the customer's own words among it."""


class Answer(BaseModel):
    """What is given; later versions may add fields."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Written(Answer):
    """A change that is safe in Kafka; it is applied in its turn."""

    id: Name
    """Follow it by this: it stands in the customer's timeline when it has come back."""
    topic: Name
    partition: int
    offset: int


class CameBack(Answer):
    """A change that was written, read back from the customer's life."""

    id: Name
    type: Name
    at: Stamp
    actor: Name


class Page(Answer, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: Name | None = None
    """Cursor of the next page; none where this is the last."""


class Happened(Answer):
    """One thing that a customer did or told, or that was said to them."""

    at: Stamp
    type: Name
    id: Name
    """Of the event, or of the action."""
    actor: Name = ""
    data: Annotated[dict[str, Any], WORDS]
    """What of it is shown."""


class DecisionShown(Answer):
    """What a rule proposed and what became of it; what has nothing to say is left out."""

    action_id: Name
    customer: Name
    rule: Name
    occasion: Annotated[str, SAID]
    """What it is about: one occasion of a rule comes once."""
    index: int
    """Place of the action in its rule."""
    kind: Name
    channel: Name
    purpose: Name
    verdict: Verdict
    at: Millis
    """Event time of the decision."""
    acting: Millis
    """The moment that it was taken at, by the clock that actions go by."""
    rulebook: Name
    """Version of the rulebook that decided."""
    almanac: int
    """Epoch of the almanac that decided; -2 before the first."""
    trigger: Name
    """Event type or timer that triggered the rule."""
    trigger_id: Name = ""
    """The event that triggered it."""
    reason: Reason | None = None
    """Why it was refused or held; docs/outcomes.md says what each means."""
    until: Millis = 0
    """When a held action is decided again."""
    detail: Annotated[str, SAID] = ""
    """The reason in words, or more of why not."""
    facts: Annotated[dict[str, Fact], SAID] = {}
    """The facts that the rule's condition and texts used."""
    channels: Annotated[dict[str, Reason], LIFE] = {}
    """Of a rule that may use several channels: why not on each that was passed over."""
    why: Annotated[list[str], SAID]
    """The whole in sentences."""


class ToDo(Answer):
    """Something that a person of the store has to do: answer a complaint, call, or see to a ticket."""

    id: Name
    kind: Name
    """``complaint``, ``call``, or ``task``: a ticket that is about no complaint."""
    customer: Name
    category: Name
    urgency: Name
    queue: Name
    text: Annotated[str, WORDS]
    order: Name
    opened: Stamp | None
    due: Stamp | None
    owner: Name
    taken: Stamp | None
    escalated: Stamp | None
    closed: Stamp | None
    outcome: Name
    rule: Name
    action_id: Name
    """Of the ticket or the call."""
    promised: Millis
    """The deadline that a complaint's first ticket named."""
    settled: Millis
    """When it was closed for the first time."""
    settled_as: Name
    """Its category then."""


class LetterFate(Answer):
    """What became of a dead letter."""

    how: Name
    """``sent_again`` or ``discarded``."""
    by: Name
    at: Millis
    reason: Annotated[str, SAID] = ""


class UnreadLetter(Answer):
    """A record that could not be handled; its body is not shown here."""

    id: Name
    at: Stamp
    reason: Name
    """Why; docs/outcomes.md lists them."""
    field: Name
    """The field, where one is to blame."""
    origin: Name
    """Topic, partition and offset that it lay at."""
    message: Name
    """What was expected; never the value."""
    done: LetterFate | None
    """None while nobody has dealt with it."""


class CouponFound(Answer):
    """What a till needs to know of a coupon."""

    code: Name
    valid: bool
    why: Name
    """``valid``, ``redeemed``, ``expired``, ``unknown``."""
    customer: Name | None = None
    percent: int | None = None
    amount: int | None = None
    expires_at: Stamp | None = None


class ConsentKept(Answer):
    """The latest word of a customer on one channel and purpose."""

    channel: Name
    purpose: Name
    granted: bool


class ComplaintKept(Answer):
    """A complaint as it stands."""

    complaint_id: Name
    category: Name
    urgency: Name
    opened_at: Stamp | None
    due_at: Stamp | None
    closed_at: Stamp | None
    """None while it is open."""
    order_id: Name | None
    owner: Name | None
    """Who of the store has it; none while nobody took it."""
    answered_at: Stamp | None
    reopened: int


class Due(Answer):
    """What a customer's record waits for."""

    at: Stamp
    what: Name
    about: Name


class CustomersFound(Answer):
    """Ids of customers."""

    customers: list[Name]


class SegmentSaved(Answer):
    """A condition under a name."""

    name: Name
    condition: Annotated[str, SAID]
    by: Name
    count: int | None
    """How many it held for when it was counted last."""
    counted_at: Stamp | None


class SegmentCounted(Answer):
    """How many a condition holds for."""

    count: int
    of: int
    sample: list[Name]


class RuleState(Answer):
    """A rule, and what came of its proposals."""

    id: Name
    about: Name
    on: list[Name]
    file: Name
    proposed: int
    acted: int
    held: int
    not_sent: int
    reasons: dict[Name, int]
    """How many were not sent for each reason."""
    answers: dict[Name, dict[Name, int]]
    """What senders and tills told, by channel: `sent`, `accepted`, `delivered`, `opened`, `clicked`, `redeemed`,
    `bounced`, `refused`, …; each action counts once for each. What machines opened or clicked is counted apart."""


class RulesInForce(Answer):
    """The rulebook that acts now."""

    version: Name
    since: Stamp | None
    days: int
    """Over how many days the figures go."""
    rules: list[RuleState]


class Redriven(Answer):
    """Where a dead letter has gone."""

    id: Name
    topic: Name
    partition: int
    offset: int


class Health(Answer):
    """Whether it runs."""

    status: Literal["running", "waiting"]
    waiting_for: Name
    events_read: int
    events_waiting: int | None
    held: int
    dead_letters: int
    now: Stamp
