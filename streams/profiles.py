"""Who the customer is and what they allow."""

from __future__ import annotations

from typing import Final, get_args

from rules.context import EventContext
from rules.zones import resolved_zone
from schemas.channels import channels_at
from schemas.customers import (
    ConsentGranted,
    ConsentWithdrawn,
    CustomerRegistered,
    CustomerUpdated,
    ErasureRequested,
)
from schemas.fields import ConsentChannel
from schemas.order_book import OrderBook
from schemas.outcome_codes import OutcomeCode
from schemas.profile import PLACES, Profile
from schemas.readings import PROFILING, may_profile
from schemas.record import MAX_TAGS, Consent, CustomerRecord
from schemas.times import Millis, earliest
from streams import churn_update, custom
from streams.texts import clipped
from streams.timer_schedule import schedule_dates

SIZES: Final = {"name": 120, "region": 40, "age_band": 40, "income_band": 40}
"""Bytes kept of what is told freely."""
EXACT: Final = ("email", "phone", "locale", "zone", "birthday", "household_size")
"""Fields that are of no use when shortened; the contract bounds them."""
TAG_BYTES = 32
EMAIL_BYTES = 254
"""RFC 5321 allows no longer one; more bytes than that is no address."""
_OF_THE_WHOLE = frozenset(("updated", "registered", "begun", "told"))
"""Parts of a profile that are no details."""


def register(context: EventContext, event: CustomerRegistered) -> OutcomeCode | None:
    """The customer has an account."""
    refused = update(context, event)
    if context.record.profile.registered:
        return refused
    context.record.profile.registered = context.at
    return None


def update(context: EventContext, event: CustomerRegistered | CustomerUpdated) -> OutcomeCode | None:
    """Details that were told; of each the latest word counts, in whatever order they are heard of.

    Raises:
        NotDeclared: it has an attribute that the rulebook in force does not declare so.
    """
    if event.attributes:
        context.rulebook.own.check_attributes(event.attributes)
    profile = context.record.profile
    late = event.at < profile.updated
    told = _told(context, event)
    news = [name for name, value in told.items() if _is_later(profile, name, value, event.at)]
    for name in news:
        _set(context, name, told[name], event.at)
    if event.attributes and event.at > min(profile.updated, context.record.recent.reach):
        custom.tell(context, event.attributes, late=late)
    elif event.at <= profile.updated and not news:
        return OutcomeCode.OUTDATED
    profile.updated = max(profile.updated, event.at)
    schedule_dates(context)
    return None


def _is_later(profile: Profile, name: str, value: object, at: Millis) -> bool:
    """Whether it was told after what is known. Of one moment the greater counts: some must, in any order of arrival."""
    told = profile.told_at("birthday" if name == "lunar" and profile.birthday else name)
    return at > told or (at == told and str(value) > str(getattr(profile, name)))


def _set(context: EventContext, name: str, value: object, at: Millis) -> None:
    record = context.record
    changed = getattr(record.profile, name) != value
    record.profile.tell(name, value, at)
    if changed and record.stopped:
        # A new address may work where the old one failed for good.
        dead = record.stopped.items()
        record.stopped = {channel: since for channel, since in dead if channel not in channels_at(name)}


def grant(context: EventContext, event: ConsentGranted) -> OutcomeCode | None:
    """The customer allows this purpose on this channel."""
    return set_consent(context, event.channel, event.purpose, True, event.at)


def withdraw(context: EventContext, event: ConsentWithdrawn) -> OutcomeCode | None:
    """The customer no longer allows it."""
    return set_consent(context, event.channel, event.purpose, False, event.at)


def set_consent(context: EventContext, channel: str, purpose: str, granted: bool, at: Millis) -> OutcomeCode | None:
    """The customer's last word counts; at the same moment, the refusal. Who objects to profiling has no score."""
    if purpose == PROFILING[1]:
        channels: tuple[str, ...] = (PROFILING[0],)
    else:
        channels = get_args(ConsentChannel) if channel == "any" else (channel,)
    heard = [_hear(context.record.consents, Consent(one, purpose, granted, at)) for one in channels]
    if not may_profile(context.record.consents):
        churn_update.forget(context)
    return None if any(heard) else OutcomeCode.OUTDATED


def joined(mine: Profile, other: Profile) -> Profile:
    """Of each field the latest word counts, whichever life it was told in."""
    joint = Profile(updated=max(mine.updated, other.updated), registered=earliest(mine.registered, other.registered))
    joint.begun = earliest(mine.begun or mine.updated, other.begun or other.updated)
    for name in PLACES.keys() - _OF_THE_WHOLE:
        at, _, known = max(
            ((one.told_at(_told_with(one, name)), str(getattr(one, name)), one) for one in (other, mine)),
            key=lambda told: told[:2],
        )
        setattr(joint, name, getattr(known, name))
        if at:
            joint.keep_moment(name, at, joint.begun)
    joint.told = dict(sorted(joint.told.items()))
    if not joint.told and joint.begun == joint.updated:
        joint.begun = 0
    return joint


def joined_consents(consents: list[Consent]) -> list[Consent]:
    """The latest word counts; at the same moment, the refusal."""
    latest: dict[tuple[str, str], Consent] = {}
    for one in sorted(consents, key=lambda one: (one.at, not one.granted)):
        latest[one.channel, one.purpose] = one
    return list(latest.values())


def _hear(consents: list[Consent], told: Consent) -> bool:
    """Keep a word, unless a later one was heard before."""
    said = next((one for one in consents if (one.channel, one.purpose) == (told.channel, told.purpose)), None)
    if said is None:
        consents.append(told)
        return True
    if told.at < said.at or (told.at == said.at and (told.granted or not said.granted)):
        return False
    said.granted, said.at = told.granted, told.at
    return True


def erase(context: EventContext, event: ErasureRequested) -> OutcomeCode | None:
    """Forget the customer: nothing is left but the id, and that it was asked for."""
    old = context.record
    context.record = CustomerRecord(old.version, old.id, old.created, seen=context.at, erased=max(context.at, 1))
    context.orders = OrderBook()
    return None


def _told(context: EventContext, event: CustomerRegistered | CustomerUpdated) -> dict[str, object]:
    """What the event sets. A field left out sets nothing; one told as nothing is cleared."""
    named = event.model_fields_set
    told: dict[str, object] = {name: _or_empty(event, name) for name in EXACT if name in named}
    for name, size in SIZES.items():
        if name in named:
            told[name] = clipped(getattr(event, name) or "", size)
    if len(str(told.get("email", "")).encode()) > EMAIL_BYTES:
        del told["email"]
    if told.get("zone"):
        zone = resolved_zone(str(told["zone"]))
        if zone is None:
            context.count(OutcomeCode.UNKNOWN_ZONE)
        told["zone"] = zone or ""
    if "birthday_calendar" in named or ("birthday" in named and event.birthday is None):
        told["lunar"] = event.birthday_calendar == "lunar"
    if "tags" in named:
        tags = event.tags or ()
        if len(tags) > MAX_TAGS:
            context.count(OutcomeCode.CAP_TAGS)
        told["tags"] = [clipped(tag, TAG_BYTES) for tag in tags[:MAX_TAGS]]
    return told


def _or_empty(event: CustomerRegistered | CustomerUpdated, name: str) -> object:
    value = getattr(event, name)
    return value if value is not None else 0 if name == "household_size" else ""


def _told_with(profile: Profile, name: str) -> str:
    """A birthday's calendar goes with the birthday."""
    return "birthday" if name == "lunar" and profile.birthday else name
