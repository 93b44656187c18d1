"""Who the customer is and what they allow."""

from __future__ import annotations

from typing import Final

from rules.context import EventContext
from schemas.customers import (
    ConsentGranted,
    ConsentWithdrawn,
    CustomerRegistered,
    CustomerUpdated,
    ErasureRequested,
)
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_TAGS, Consent, CustomerRecord, OrderBook
from schemas.times import Millis
from streams.texts import clipped
from streams.timer_schedule import schedule_dates

SIZES: Final = {"name": 120, "region": 40, "age_band": 40, "income_band": 40}
"""Bytes kept of what is told freely."""
EXACT: Final = ("email", "phone", "locale", "zone", "birthday", "household_size")
"""Fields that are of no use when shortened; the contract bounds them."""
TAG_BYTES = 32
EMAIL_BYTES = 254
"""RFC 5321 allows no longer one; more bytes than that is no address."""


def register(context: EventContext, event: CustomerRegistered) -> OutcomeCode | None:
    """The customer has an account."""
    refused = update(context, event)
    if refused is None and not context.record.profile.registered:
        context.record.profile.registered = context.at
    return refused


def update(context: EventContext, event: CustomerRegistered | CustomerUpdated) -> OutcomeCode | None:
    """Details that were told; an older event only fills what nobody has told since."""
    profile = context.record.profile
    late = event.at < profile.updated
    if event.at <= min(profile.updated, context.record.recent.reach):
        return OutcomeCode.OUTDATED
    for name, value in _told(context, event).items():
        if not late or not getattr(profile, name):
            setattr(profile, name, value)
    profile.updated = max(profile.updated, event.at)
    schedule_dates(context)
    return None


def grant(context: EventContext, event: ConsentGranted) -> OutcomeCode | None:
    """The customer allows this purpose on this channel."""
    return set_consent(context, event.channel, event.purpose, True, event.at)


def withdraw(context: EventContext, event: ConsentWithdrawn) -> OutcomeCode | None:
    """The customer no longer allows it."""
    return set_consent(context, event.channel, event.purpose, False, event.at)


def set_consent(context: EventContext, channel: str, purpose: str, granted: bool, at: Millis) -> OutcomeCode | None:
    """The customer's last word counts; at the same moment, the refusal."""
    consents = context.record.consents
    said = next((one for one in consents if one.channel == channel and one.purpose == purpose), None)
    if said is None:
        consents.append(Consent(channel, purpose, granted, at))
        return None
    if at < said.at or (at == said.at and (granted or not said.granted)):
        return OutcomeCode.OUTDATED
    said.granted, said.at = granted, at
    return None


def erase(context: EventContext, event: ErasureRequested) -> OutcomeCode | None:
    """Forget the customer: nothing is left but the id, and that it was asked for."""
    old = context.record
    context.record = CustomerRecord(old.version, old.id, old.created, seen=context.at, erased=max(context.at, 1))
    context.orders = OrderBook()
    return None


def _told(context: EventContext, event: CustomerRegistered | CustomerUpdated) -> dict[str, object]:
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
            context.count(OutcomeCode.CAP_TAGS)
        told["tags"] = [clipped(tag, TAG_BYTES) for tag in event.tags[:MAX_TAGS]]
    return told
