"""Who she is and what she allows."""

from __future__ import annotations

from typing import Final

from schemas.customers import (
    ConsentGranted,
    ConsentWithdrawn,
    CustomerRegistered,
    CustomerUpdated,
    ErasureRequested,
)
from schemas.record import MAX_TAGS, Consent, CustomerRecord, OrderBook
from schemas.times import Millis
from streams.notes import Note
from streams.texts import clipped
from streams.timer_schedule import schedule_dates
from streams.turn import Turn

SIZES: Final = {"name": 120, "region": 40, "age_band": 40, "income_band": 40}
"""Bytes kept of what is told freely."""
EXACT: Final = ("email", "phone", "locale", "zone", "birthday", "household_size")
"""Fields that are of no use when shortened; the contract bounds them."""
TAG_BYTES = 32
EMAIL_BYTES = 254
"""RFC 5321 allows no longer one; more bytes than that is no address."""


def register(turn: Turn, event: CustomerRegistered) -> Note | None:
    """She has an account."""
    refused = update(turn, event)
    if refused is None and not turn.record.profile.registered:
        turn.record.profile.registered = turn.at
    return refused


def update(turn: Turn, event: CustomerRegistered | CustomerUpdated) -> Note | None:
    """Details that were told; an older event only fills what nobody has told since."""
    profile = turn.record.profile
    late = event.at < profile.updated
    if event.at <= min(profile.updated, turn.record.recent.reach):
        return Note.OUTDATED
    for name, value in _told(turn, event).items():
        if not late or not getattr(profile, name):
            setattr(profile, name, value)
    profile.updated = max(profile.updated, event.at)
    schedule_dates(turn)
    return None


def grant(turn: Turn, event: ConsentGranted) -> Note | None:
    """She allows this purpose on this channel."""
    return set_consent(turn, event.channel, event.purpose, True, event.at)


def withdraw(turn: Turn, event: ConsentWithdrawn) -> Note | None:
    """She no longer allows it."""
    return set_consent(turn, event.channel, event.purpose, False, event.at)


def set_consent(turn: Turn, channel: str, purpose: str, granted: bool, at: Millis) -> Note | None:
    """Her last word counts; at the same moment, the refusal."""
    consents = turn.record.consents
    said = next((one for one in consents if one.channel == channel and one.purpose == purpose), None)
    if said is None:
        consents.append(Consent(channel, purpose, granted, at))
        return None
    if at < said.at or (at == said.at and (granted or not said.granted)):
        return Note.OUTDATED
    said.granted, said.at = granted, at
    return None


def erase(turn: Turn, event: ErasureRequested) -> Note | None:
    """Forget her: nothing is left but the id, and that she asked."""
    old = turn.record
    turn.record = CustomerRecord(old.version, old.id, old.created, seen=turn.at, erased=max(turn.at, 1))
    turn.orders = OrderBook()
    return None


def _told(turn: Turn, event: CustomerRegistered | CustomerUpdated) -> dict[str, object]:
    told: dict[str, object] = {name: value for name in EXACT if (value := getattr(event, name)) is not None}
    for name, size in SIZES.items():
        value = getattr(event, name)
        if value is not None:
            told[name] = clipped(value, size)
    if len(str(told.get("email", "")).encode()) > EMAIL_BYTES:
        del told["email"]
    if event.birthday is not None:
        told["lunar"] = event.birthday_calendar == "lunar"
    if event.tags is not None:
        if len(event.tags) > MAX_TAGS:
            turn.note(Note.CAP_TAGS)
        told["tags"] = [clipped(tag, TAG_BYTES) for tag in event.tags[:MAX_TAGS]]
    return told
