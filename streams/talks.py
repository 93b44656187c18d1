"""What customer and store say to each other beside complaints: contacts, suggestions, praise, questions."""

from __future__ import annotations

from rules.context import EventContext
from schemas.feedback import ContactMade, FeedbackGiven
from schemas.outcome_codes import OutcomeCode
from schemas.relations import MAX_CONTACTS, Contact, Talks
from schemas.times import DAY, Millis
from streams.texts import clipped

TOPIC_BYTES = 32
KEPT: Millis = 30 * DAY
"""Rules ask of a week."""


def contact(context: EventContext, event: ContactMade) -> OutcomeCode | None:
    """They talked; the latest contacts are kept, in the order of their time."""
    talks = _talks(context)
    talks.total += 1
    made = Contact(event.at, event.channel, clipped(event.topic or "", TOPIC_BYTES))
    talks.contacts = sorted([*talks.contacts, made], key=lambda one: (one.at, one.channel, one.topic))
    talks.contacts = talks.contacts[-MAX_CONTACTS:]
    return None


def give(context: EventContext, event: FeedbackGiven) -> OutcomeCode | None:
    """A suggestion, praise, or a question."""
    talks = _talks(context)
    match event.kind:
        case "suggestion":
            talks.suggestions += 1
        case "praise":
            talks.praise += 1
        case "question":
            talks.questions += 1
    return None


def forget(context: EventContext) -> None:
    """Contacts of long ago say nothing of now."""
    talks = context.record.talks
    if talks and talks.contacts and talks.contacts[0].at < context.at - KEPT:
        talks.contacts = [one for one in talks.contacts if one.at >= context.at - KEPT]


def joined(mine: Talks, other: Talks) -> Talks:
    """Contacts and feedback of both."""
    contacts = sorted([*mine.contacts, *other.contacts], key=lambda one: (one.at, one.channel, one.topic))
    return Talks(
        contacts[-MAX_CONTACTS:], mine.total + other.total, mine.suggestions + other.suggestions,
        mine.praise + other.praise, mine.questions + other.questions,
    )  # fmt: skip


def _talks(context: EventContext) -> Talks:
    context.record.talks = talks = context.record.talks or Talks()
    return talks
