"""From a proposal that no limit refuses to the action that is given out."""

from __future__ import annotations

from base64 import b32encode
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from pydantic import BaseModel

from rules.calendar import end_of_day, local_time, moment_of, spread
from rules.context import EventContext
from rules.countries import country_of_customer
from rules.deciding.profiling import is_profiled
from rules.deciding.proposal import Proposal, filled, plain
from rules.messages.asked import Occasion
from rules.messages.writing import WrittenMessage, write
from rules.schema import CouponTerms
from rules.templates.shown import Missing
from rules.working_days import next_working_day
from schemas.actions import (
    AnyAction,
    CallbackAction,
    CouponAction,
    CouponOffer,
    GreetingAction,
    MessageAction,
    SendingHours,
    TicketAction,
)
from schemas.channels import channel_spec
from schemas.receipts import MAX_HOPS
from schemas.times import Millis, to_datetime
from schemas.topics import RECEIPTS, TOPIC_OF

_MODELS: Final[dict[str, Any]] = {
    "coupon": CouponAction,
    "greeting": GreetingAction,
    "message": MessageAction,
    "callback": CallbackAction,
    "ticket": TicketAction,
}


def compose(proposal: Proposal) -> AnyAction:
    """The action. Nothing is changed.

    Raises:
        ValueError: a value is missing, or something does not fit the contract.
    """
    plan, context = proposal.plan, proposal.context
    starts = context.acting + spread(context.record.id, proposal.rule.id, proposal.rule.terms.spread)
    offer, last_day = _offer(proposal, plan.terms.coupon) if plan.terms.coupon else (None, "")
    written = _written(proposal, offer, last_day)
    fields: dict[str, Any] = {
        "action_id": proposal.id,
        "customer": context.record.id,
        "channel": proposal.channel,
        "address": _address(proposal),
        "rule": proposal.rule.id,
        "purpose": proposal.rule.terms.purpose,
        "profiled": True if proposal.is_marketing and is_profiled(proposal) else None,
        "rulebook": context.rulebook.version,
        "almanac": context.almanac,
        "reason": proposal.reason(),
        "template": plan.terms.text,
        "values": dict(sorted(written.values.items())),  # sets are read in no order
        "text": written.text,
        "message": written.message,
        "locale": written.locale,
        "decided_at": to_datetime(context.acting),
        "not_before": to_datetime(starts),
        "expires_at": to_datetime(_expires(proposal)),
        "hours": _hours(proposal),
        "priority": proposal.rule.terms.priority,
        "hops": _hops(proposal),
        **_of_kind(proposal, offer),
    }
    action: AnyAction = _MODELS[plan.terms.kind](**fields)
    return action


def coupon_of(action: BaseModel) -> CouponOffer | None:
    """The coupon that an action gives."""
    return getattr(action, "coupon", None)


def _hops(proposal: Proposal) -> int:
    """Receipts and actions in a row, this one included where a receipt led to it."""
    reader = proposal.reader
    hops = int(str(reader["trigger.hops"])) + (TOPIC_OF.get(str(reader["trigger.name"])) == RECEIPTS)
    if hops > MAX_HOPS:
        raise ValueError(f"{hops} receipts and actions in a row are a loop; the rule answers its own receipts")
    return hops


def _written(proposal: Proposal, offer: CouponOffer | None, last_day: str) -> WrittenMessage:
    plan = proposal.plan
    reader = proposal.reader
    occasion = Occasion(
        facts=reader,
        values={name: plain(value.evaluate(reader)) for name, value in plan.values.items()},
        kind=plan.terms.kind,
        purpose=proposal.rule.terms.purpose,
        channel=proposal.channel,
        survey=plan.terms.survey,
        offer=offer,
        last_day=last_day,
        due=_due(proposal) if plan.due is not None else None,
    )
    return write(plan.text, occasion)


def _offer(proposal: Proposal, terms: CouponTerms) -> tuple[CouponOffer, str]:
    """The coupon, and its last day: it ends with that day where the customer lives."""
    context = proposal.context
    last = local_time(context.acting + terms.valid, context.zone).date()
    ends = end_of_day(context.acting + terms.valid, context.zone)
    code = f"{terms.prefix}-{_unguessable(proposal.key, context.lane.coupon_key)}"
    offer = CouponOffer(
        code=code,
        percent=terms.percent,
        amount=terms.amount,
        currency=terms.currency,
        minimum=terms.minimum,
        expires_at=to_datetime(ends),
    )
    return offer, last.isoformat()


def _unguessable(action: bytes, key: bytes) -> str:
    """Ten signs that follow from the action; with the store's key nobody else can compute them."""
    keyed = blake2b(action, key=key, digest_size=len(action)).digest() if key else action
    return b32encode(keyed)[:10].decode()


def _hours(proposal: Proposal) -> SendingHours | None:
    quiet = proposal.context.rulebook.defaults.quiet
    if proposal.channel not in quiet.channels or proposal.plan.terms.hours == "any":
        return None
    return _waking_hours(quiet.earliest, quiet.latest, proposal.context.zone)


@lru_cache(maxsize=1_024)
def _waking_hours(earliest: str, latest: str, zone: str) -> SendingHours:
    return SendingHours(earliest=earliest, latest=latest, zone=zone)


def _address(proposal: Proposal) -> str:
    plan, context = proposal.plan, proposal.context
    if plan.queue is not None:
        return f"desk/{filled(plan.queue, proposal.reader)}"
    return f"customer/{context.record.id}/{channel_spec(proposal.channel).address}"


def _of_kind(proposal: Proposal, offer: CouponOffer | None) -> dict[str, Any]:
    plan, reader, kind = proposal.plan, proposal.reader, proposal.plan.terms.kind
    if kind in ("coupon", "greeting"):
        return {"coupon": offer}
    if kind == "message":
        return {"survey": plan.terms.survey}
    if kind == "callback":
        return {"due_at": to_datetime(_due(proposal))}
    complaint = proposal.context.complaint
    return {
        "queue": filled(plan.queue, reader) if plan.queue else "",
        "urgency": filled(plan.urgency, reader) if plan.urgency else "",
        "due_at": to_datetime(_due(proposal)),
        "complaint_id": complaint.id if complaint else None,
        "category": complaint.category if complaint else None,
    }


def _due(proposal: Proposal) -> Millis:
    due = proposal.plan.due
    if isinstance(due, int):
        moment = proposal.context.acting + due
        return _worked(moment, proposal.context) if proposal.plan.terms.kind == "callback" else moment
    told = proposal.reader[due.slots[0].name] if due else 0
    if not isinstance(told, int) or told <= 0:
        raise Missing("no moment to be due at")
    return told


def _worked(moment: Millis, context: EventContext) -> Millis:
    """The moment, or the same hour of the next working day where the customer lives: nobody is called on a holiday."""
    local = local_time(moment, context.zone)
    day = next_working_day(local.date(), country_of_customer(context.record.profile, context.defaults))
    return moment if day == local.date() else moment_of(day, f"{local:%H:%M}", context.zone)


def _expires(proposal: Proposal) -> Millis:
    """What is to be called on the day after long holidays is of use until then."""
    if proposal.plan.terms.kind != "callback":
        return proposal.expires
    return max(proposal.expires, _due(proposal))
