"""From bytes in a topic to an event that may be handled, or to a dead letter that says why not."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from schemas.errors import MACHINE_TROUBLE
from schemas.events import AnyEvent, Invalid, receive_event
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import DAY, MINUTE, Millis, to_rfc3339
from schemas.topics import TOPIC_OF

MAX_FORWARD = 700_000
"""Bytes of a record that is moved to its right partition: it must fit into a commit, and into Kafka once more."""
FORWARDED = "tend-forwarded"
"""Header of a record that was already moved to its right partition once."""


REASONS = MappingProxyType(
    {
        "wrong_json": "the body is not JSON",
        "unknown_type": "there is no event of this type",
        "missing_field": "a field that must be there is not; the letter names it",
        "wrong_field": "a field has a wrong value, or is none of the contract; the letter names it",
        "too_long": "a field, or the whole body, is longer than the contract allows",
        "wrong_topic": "the event belongs on another topic",
        "time_in_future": "its time is later than its arrival by more than TEND_FUTURE_TOLERANCE_SECONDS",
        "time_too_old": "its time is before its arrival by more than TEND_OLDEST_DAYS",
        "wrong_partition": "its customer belongs on another partition, and it was moved once already (replay: at once)",
        "not_declared": "an event or attribute of the store's own that the rulebook does not declare so",
        "event_failed": "the core could not handle it; the customer stays as before",
        "timer_failed": "a timer could not be handled; it was taken off",
    }
)
"""Why a record becomes a dead letter."""


class Arrival(msgspec.Struct, gc=False):
    """A valid event, the time that orders it, and the record as it lay: for a dead letter should it fail."""

    event: AnyEvent
    at: Millis
    raw: KafkaRecord

    @property
    def topic(self) -> str:
        """Where it lay."""
        return self.raw.topic

    @property
    def offset(self) -> int:
        """Where in its partition."""
        return self.raw.offset

    @property
    def size(self) -> int:
        """Bytes of its body."""
        return len(self.raw.value or b"")


class DeadLetter(msgspec.Struct, frozen=True):
    """A record that cannot be handled, with its origin untouched."""

    raw: KafkaRecord
    reason: str
    field: str
    message: str


class Forward(msgspec.Struct, frozen=True):
    """A valid record on a wrong partition, to be moved once."""

    raw: KafkaRecord
    partition: int


class Span(NamedTuple):
    """How far an event's own time may lie from its arrival."""

    behind: Millis = 30 * 365 * DAY
    """Before it: what a store's history reaches back; older dates are mistakes of a system, such as 1970 or 1900."""
    ahead: Millis = 5 * MINUTE
    """After it: clocks of producers differ a little."""


SPAN: Final = Span()


class AdmissionRules(msgspec.Struct, frozen=True):
    """What arrivals are checked against."""

    partition: int
    partitions: int
    latest: Millis
    """The arrival time: the clock in service, the watermark in a replay."""
    forwards: bool
    """In service a misplaced record is forwarded; in a replay it is a dead letter."""


def receive(raw: KafkaRecord, admission: AdmissionRules, span: Span = SPAN) -> Arrival | DeadLetter | Forward:
    """Parse and check one record at the door: whatever it is, it has a place to go.

    Raises:
        OSError, MemoryError: the machine lacks something; the record is not to blame.
    """
    try:
        return _received(raw, admission, span)
    except MACHINE_TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - what one record raises is its own failure
        return DeadLetter(raw, "event_failed", "", f"{type(error).__name__} while it was parsed")


def _received(raw: KafkaRecord, admission: AdmissionRules, span: Span) -> Arrival | DeadLetter | Forward:
    try:
        event = receive_event(raw.value or b"")
    except Invalid as invalid:
        return DeadLetter(raw, invalid.reason, invalid.field, str(invalid))
    topic = TOPIC_OF[event.type]
    if topic != raw.topic:
        return DeadLetter(raw, "wrong_topic", "type", f"{event.type} belongs on {topic}, it lay on {raw.topic}")
    wrong = misdated(event.at, admission.latest, span)
    if wrong is not None:
        return DeadLetter(raw, *wrong)
    right = partition_of(event.customer, admission.partitions)
    if right != admission.partition:
        return _misplaced(raw, event, right, admission)
    return Arrival(event, event.at, raw)


def misdated(at: Millis, latest: Millis, span: Span = SPAN) -> tuple[str, str, str] | None:
    """Reason, field and message where a time cannot be right, beside an arrival at ``latest``."""
    if at > latest + span.ahead:
        return "time_in_future", "time", f"{to_rfc3339(at)} is later than {to_rfc3339(latest + span.ahead)}"
    if at < latest - span.behind:
        return (
            "time_too_old",
            "time",
            f"{to_rfc3339(at)} is before {to_rfc3339(latest - span.behind)}; if that is right, raise TEND_OLDEST_DAYS",
        )
    return None


def _misplaced(raw: KafkaRecord, event: AnyEvent, right: int, admission: AdmissionRules) -> DeadLetter | Forward:
    if admission.forwards and not any(name == FORWARDED for name, _ in raw.headers):
        if raw.size <= MAX_FORWARD:
            return Forward(raw, right)
        message = (
            f"it belongs on partition {right}, and with {raw.size} bytes of key and headers is too large to be moved"
        )
        return DeadLetter(raw, "wrong_partition", "customer", message)
    message = (
        f"customer {event.customer} belongs on partition {right} of {admission.partitions}, "
        f"it lay on {admission.partition}; "
        "produce with the murmur2 partitioner (the Java client's default) and the customer id as key"
    )
    return DeadLetter(raw, "wrong_partition", "customer", message)
