"""Who may be reached now, under which name and address: asked by action id and channel, at the moment of sending."""

from __future__ import annotations

from dataclasses import dataclass

from agents.access import Actor, Audit, ContactPurpose, contact_of
from agents.links.linked import CustomerRecords
from agents.links.links import OPENED, Links, deeds_of
from agents.senders.provider import Outgoing
from rules.calendar import local_time, moment_of
from schemas.actions import AnyAction, SendingHours
from schemas.channels import channel_spec
from schemas.codec import decode_record
from schemas.ids import partition_of
from schemas.readings import may_profile
from schemas.record import CustomerRecord
from schemas.times import DAY, Millis, to_millis


@dataclass(frozen=True, slots=True)
class Suppressed:
    """It must not be sent, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """It may be sent from this moment on."""

    at: Millis


class Resolver:
    """Asks erasure, consent, hours and expiry once more, and opens what the action left open."""

    def __init__(
        self, store: CustomerRecords, links: Links, audit: Audit, partitions: int, *, notices_opening: bool = False
    ) -> None:
        self._store, self._links, self._audit, self._partitions = store, links, audit, partitions
        self._further = {OPENED} if notices_opening else set[str]()

    async def resolve(self, action: AnyAction, now: Millis) -> Outgoing | Suppressed | Later:
        """The action as it goes out now; or when it may; or why it must not.

        Raises:
            DependencyUnavailable: the store cannot be reached.
        """
        if now >= to_millis(action.expires_at):
            return Suppressed("expired")
        starts = _opens(action, now)
        if starts > now:
            return Suppressed("expired") if starts >= to_millis(action.expires_at) else Later(starts)
        body, _ = await self._store.customer(partition_of(action.customer, self._partitions), action.customer)
        if body is None:
            return Suppressed("unknown_customer")
        record = decode_record(body)
        if record.erased:
            return Suppressed("erased")
        if not _allowed(record, action):
            return Suppressed("no_consent")
        if action.profiled and not may_profile(record.consents):
            return Suppressed("no_profiling")
        sender = Actor("system", f"send-{action.channel}")
        contact = await contact_of(record, actor=sender, purpose=ContactPurpose.SEND, audit=self._audit)
        spec = channel_spec(action.channel)
        address = str(getattr(contact, spec.address)) if spec.in_profile else ""
        if spec.in_profile and not address:
            return Suppressed("no_address")
        further = self._further if action.channel == "email" else set()
        links = await self._links.open(action, deeds_of(action) | further, now)
        return Outgoing(action, contact.name, address, links)


def _allowed(record: CustomerRecord, action: AnyAction) -> bool:
    """Marketing needs a grant; service goes unless it was withdrawn."""
    if channel_spec(action.channel).is_for_staff:
        return True
    last = next(
        (one for one in record.consents if (one.channel, one.purpose) == (action.channel, action.purpose)), None
    )
    return last.granted if last is not None else action.purpose == "service"


def _opens(action: AnyAction, now: Millis) -> Millis:
    """The first moment from now on at which it may be sent."""
    starts = max(now, to_millis(action.not_before))
    return starts if action.hours is None else _within(action.hours, starts)


def _within(hours: SendingHours, at: Millis) -> Millis:
    local = local_time(at, hours.zone)
    clock = f"{local:%H:%M}"
    if clock < hours.earliest:
        return moment_of(local.date(), hours.earliest, hours.zone)
    if clock >= hours.latest:
        tomorrow = local_time(at + DAY, hours.zone).date()
        return moment_of(tomorrow, hours.earliest, hours.zone)
    return at
