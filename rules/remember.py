"""What a decision leaves in the record: spent occasions, actions given out, held actions, coupons."""

from __future__ import annotations

from typing import Final

import msgspec

from rules import ring, spent
from rules.compose import coupon_of
from rules.proposal import Proposal
from rules.rule import Rule
from schemas.actions import AnyAction
from schemas.record import (
    MAX_COUPONS,
    MAX_HELD,
    MAX_LAST_FIRED,
    MAX_TIMERS,
    Coupon,
    CustomerRecord,
    Held,
    Sent,
    TimerKind,
)
from schemas.timers import clear_timer, set_timer, timer_due
from schemas.times import Millis, to_millis

MAX_HELD_BYTES: Final = 1_000
"""A quarter of what a record may take."""


def is_settled(record: CustomerRecord, key: bytes) -> bool:
    """Whether an action id was decided, or is held. One that was decided is remembered as if it were new."""
    if any(one.id == key for one in record.held) or any(one.id == key[:8] for one in record.sent):
        return True
    known = spent.knows(record.spent, key)
    if known:
        record.spent = spent.touched(record.spent, key)
    return known


def spend(proposal: Proposal, *, given_out: bool = False) -> None:
    """An action id has had its final outcome."""
    record = proposal.context.record
    record.spent = spent.spent(record.spent, proposal.key, given_out=given_out, recurs=proposal.rule.recurs)


def spend_held(record: CustomerRecord, held: Held) -> None:
    """The same for a held action whose rule is gone."""
    record.spent = spent.spent(record.spent, held.id, given_out=False, recurs=False)


def give_out(proposal: Proposal, action: AnyAction) -> None:
    """Remember an action that is given out."""
    context, record = proposal.context, proposal.context.record
    spend(proposal, given_out=True)
    sent = Sent(proposal.key[:8], proposal.rule.hash, context.acting, action.channel, action.purpose)
    ring.enter(context.rulebook, record, sent)
    if proposal.rule.terms.cooldown is not None:
        mark_fired(proposal)
    offer = coupon_of(action)
    if offer is not None:
        expires = to_millis(offer.expires_at)
        coupon = Coupon(offer.code, proposal.rule.hash, expires, offer.percent or 0, offer.amount or 0)
        _keep_coupon(record, coupon, context.at)


def mark_fired(proposal: Proposal) -> None:
    """Remember when the rule acted. Where there are too many, the one that acted longest ago is forgotten."""
    context, record = proposal.context, proposal.context.record
    known, now = context.rulebook.rule_of, context.acting
    fired = {
        rule: at for rule, at in record.fired.items() if rule != proposal.rule.hash and _rests(known(rule), at, now)
    }
    if len(fired) >= MAX_LAST_FIRED:
        once = {rule for rule in fired if (found := known(rule)) and found.terms.cooldown == "once"}
        del fired[min(fired, key=lambda rule: (rule in once, fired[rule], rule))]
    record.fired = {**fired, proposal.rule.hash: now}


def _rests(rule: Rule | None, fired: Millis, now: Millis) -> bool:
    """Whether the cooldown of a rule goes on; of one that is not known here nothing can be said."""
    cooldown = rule.terms.cooldown if rule else None
    return rule is None or cooldown == "once" or (cooldown is not None and now < fired + cooldown)


def may_hold(proposal: Proposal) -> bool:
    """Whether the record has room for one more held action."""
    record = proposal.context.record
    has_timer = timer_due(record, TimerKind.RELEASE) is not None
    if len(record.held) >= MAX_HELD or (len(record.timers) >= MAX_TIMERS and not has_timer):
        return False
    return len(msgspec.msgpack.encode([*record.held, _held(proposal, 0, "")])) <= MAX_HELD_BYTES


def hold(proposal: Proposal, until: Millis, reason: str) -> None:
    """Keep it until then."""
    record = proposal.context.record
    record.held = [*record.held, _held(proposal, until, reason)]
    schedule_release(record)


def schedule_release(record: CustomerRecord) -> None:
    """Wait for the first held action."""
    if record.held:
        set_timer(record, TimerKind.RELEASE, min(one.release for one in record.held))
    else:
        clear_timer(record, TimerKind.RELEASE)


def _held(proposal: Proposal, until: Millis, reason: str) -> Held:
    return Held(
        id=proposal.key,
        rule=proposal.rule.id,
        occasion=proposal.occasion,
        index=proposal.plan.index,
        release=until,
        expires=proposal.expires,
        proposed=proposal.proposed,
        reason=reason,
        values=proposal.frozen_facts(),
    )


def _keep_coupon(record: CustomerRecord, coupon: Coupon, now: Millis) -> None:
    usable = [one for one in record.coupons if one.expires > now and not one.redeemed and one.code != coupon.code]
    while len(usable) >= MAX_COUPONS:
        usable.remove(min(usable, key=lambda one: (one.expires, one.code)))
    record.coupons = [*usable, coupon]
