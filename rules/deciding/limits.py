"""Rules propose, limits dispose: each limit returns nothing, or a refusal that may say until when to hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from rules.calendar import next_waking
from rules.deciding import recent_actions
from rules.deciding.action_history import ActionHistory
from rules.deciding.profiling import is_profiled, profiled_by
from rules.deciding.proposal import Proposal
from rules.defaults import Cap
from schemas.channels import TO_CUSTOMERS, channel_spec
from schemas.fields import Channel
from schemas.outcome import Reason
from schemas.readings import may_profile
from schemas.record import CustomerRecord
from schemas.times import MINUTE, Millis, to_rfc3339

ADDRESS_MAY_FOLLOW: Final = MINUTE
"""How long an action for somebody of whom no address is known waits for one: a shop tells of an order and of who placed
it side by side, on two topics or in two webhooks, and the order may be heard of first."""


class Refusal(NamedTuple):
    """Why not. With ``until``, the action is held and decided again then."""

    reason: Reason
    until: Millis | None = None
    detail: str = ""
    channels: Mapping[str, Reason] = MappingProxyType({})
    """Why not on each of the rule's channels, where that is the reason."""


Limit = Callable[[Proposal, ActionHistory], Refusal | None]


def expired(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """What comes too late to be of use is not done."""
    context = proposal.context
    if context.acting < proposal.expires and context.at < proposal.expires:
        return None
    return Refusal(Reason.EXPIRED, detail=f"it was of use until {to_rfc3339(proposal.expires)}")


def profiling(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """Who objects to being profiled gets the marketing that they would get if nothing were known of their profile."""
    if proposal.is_marketing and not may_profile(proposal.context.record.consents) and is_profiled(proposal):
        return Refusal(Reason.NO_PROFILING, detail=f"chosen by {', '.join(profiled_by(proposal))}")
    return None


def cooldown(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """A rule does not act again for the same customer within its cooldown."""
    rule, context = proposal.rule, proposal.context
    fired = history.fired.get(rule.hash)
    if rule.terms.cooldown is None or fired is None or _by_sibling(proposal, history, fired):
        return None
    if rule.terms.cooldown == "once":
        return Refusal(Reason.COOLDOWN, detail=f"done once, at {to_rfc3339(fired)}")
    over = fired + rule.terms.cooldown
    return None if context.acting >= over else Refusal(Reason.COOLDOWN, detail=f"not again before {to_rfc3339(over)}")


def group_exclusion(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """Of a group, one rule acts at a time; a held action keeps its place against what matters less."""
    context, group = proposal.context, proposal.rule.terms.group
    if not group:
        return None
    window = next(one.window for one in context.defaults.groups if one.name == group)
    siblings = set(proposal.siblings())
    for sent in history.sent:
        near = sent.at > context.acting - window or sent.at == context.acting
        other = context.rulebook.rule_of(sent.rule)
        if near and sent.id not in siblings and other and other.terms.group == group:
            return Refusal(Reason.EXCLUSIVE, detail=f"{other.id} acted at {to_rfc3339(sent.at)} (group {group})")
    for held in history.held:
        other = context.rulebook.rule(held.rule)
        is_other = (held.rule, held.occasion) != (proposal.rule.id, proposal.occasion)
        before = other is not None and other.terms.priority >= proposal.rule.terms.priority
        if is_other and other and other.terms.group == group and before:
            return Refusal(Reason.EXCLUSIVE, detail=f"{other.id} is held and goes first (group {group})")
    return None


def channel_available(proposal: Proposal, history: ActionHistory) -> Proposal | Refusal:
    """The first channel of the rule's that the customer allows and can be reached on, and that no cap closes."""
    against: list[tuple[Channel, Refusal]] = []
    for channel in proposal.plan.terms.channels:
        refusal = _on_channel(proposal, history, channel)
        if refusal is None:
            return proposal.past(_reasons(against)).on(channel)
        against.append((channel, refusal))
    refusal = min((one for _, one in against), key=_tells_most)
    return refusal._replace(channels=_reasons(against))


def _tells_most(refusal: Refusal) -> int:
    """Of several channels that are closed: first what will pass, then a no of the customer's own."""
    if refusal.until is not None:
        return 0
    return 1 if refusal.reason is Reason.NO_CONSENT else 2


def open_complaint(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """Nobody is sent offers while a complaint of theirs is open."""
    context = proposal.context
    waiting = next((one for one in context.record.complaints.recent if one.is_open), None)
    if not proposal.is_marketing or waiting is None:
        return None
    until = context.acting + context.defaults.complaints.recheck_millis
    return Refusal(Reason.OPEN_COMPLAINT, until, f"complaint {waiting.id} is open")


def quiet_hours(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """Not at night, where the customer lives."""
    context, quiet = proposal.context, proposal.context.defaults.quiet
    if proposal.channel not in quiet.channels or proposal.plan.terms.hours == "any":
        return None
    moment = next_waking(context.acting, context.zone, quiet.earliest, quiet.latest)
    if moment == context.acting:
        return None
    return Refusal(Reason.QUIET_HOURS, moment, f"{quiet.earliest} to {quiet.latest} in {context.zone}")


def beside_an_offer(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """Service and an offer do not leave at one moment: service waits a minute, as the offer has gone."""
    context = proposal.context
    if proposal.is_marketing or channel_spec(proposal.channel).is_for_staff:
        return None
    for sent in history.sent:
        if sent.at == context.acting and sent.purpose == "marketing" and sent.channel in TO_CUSTOMERS:
            return Refusal(Reason.TOTAL_CAP, context.acting + MINUTE, "an offer goes out at this moment")
    return None


def total_caps(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """Not too much, over all channels together."""
    caps = [cap for cap in proposal.context.defaults.caps if cap.channel == "any"]
    return _capped(proposal, history, caps, proposal.channel, Reason.TOTAL_CAP) or _remembered(proposal, history)


BEFORE_CHANNEL: Final[tuple[Limit, ...]] = (expired, profiling, cooldown, group_exclusion)
ON_CHANNEL: Final[tuple[Limit, ...]] = (open_complaint, quiet_hours, beside_an_offer, total_caps)
LIMITS: Final = (*BEFORE_CHANNEL, channel_available, *ON_CHANNEL)
"""In this order; what is final comes before what only holds."""


def judged(proposal: Proposal, history: ActionHistory) -> tuple[Proposal, Refusal | None]:
    """The proposal with the channel it takes and why not the others, and what the first limit that objects says."""
    refusal = _first(BEFORE_CHANNEL, proposal, history)
    if refusal is not None:
        return proposal, refusal
    chosen = channel_available(proposal, history)
    if isinstance(chosen, Refusal):
        return proposal.past(chosen.channels), chosen
    return chosen, _first(ON_CHANNEL, chosen, history)


def _first(limits: tuple[Limit, ...], proposal: Proposal, history: ActionHistory) -> Refusal | None:
    return next((refusal for limit in limits if (refusal := limit(proposal, history))), None)


def _reasons(against: Sequence[tuple[Channel, Refusal]]) -> dict[str, Reason]:
    return {channel: refusal.reason for channel, refusal in against}


def _on_channel(proposal: Proposal, history: ActionHistory, channel: Channel) -> Refusal | None:
    record, purpose = proposal.context.record, proposal.rule.terms.purpose
    spec = channel_spec(channel)
    if spec.is_for_staff:
        return None
    if not spec.reaches(record) or channel in record.stopped:
        until = None if proposal.released or _is_reachable(record) else proposal.context.acting + ADDRESS_MAY_FOLLOW
        return Refusal(Reason.NO_ADDRESS, until, f"no {channel} address is known that works")
    if not _allowed(proposal, channel):
        return Refusal(Reason.NO_CONSENT, detail=f"no consent to {purpose} by {channel}")
    caps = [cap for cap in proposal.context.defaults.caps if cap.channel == channel]
    return _capped(proposal, history, caps, channel, Reason.CHANNEL_CAP)


def _is_reachable(record: CustomerRecord) -> bool:
    """Whether any address of theirs is known, on whatever channel."""
    return any(channel_spec(channel).reaches(record) for channel in TO_CUSTOMERS)


def _allowed(proposal: Proposal, channel: Channel) -> bool:
    purpose, record = proposal.rule.terms.purpose, proposal.context.record
    said = [one for one in record.consents if one.channel == channel and one.purpose == purpose]
    if said:
        return said[-1].granted
    return purpose == "service" and channel in proposal.context.defaults.consents.service


def _capped(
    proposal: Proposal, history: ActionHistory, caps: list[Cap], channel: Channel, reason: Reason
) -> Refusal | None:
    context = proposal.context
    for cap in caps:
        if not cap.stops(channel, proposal.rule.terms.purpose):
            continue
        since = context.acting - cap.window
        # What a rule does at once belongs together, and is not kept apart.
        siblings = set(proposal.siblings()) if cap.minutes else set()
        counted = (one for one in history.sent if cap.counts(one.channel, one.purpose) and one.id not in siblings)
        times = sorted(one.at for one in counted if one.at > since)
        if len(times) >= cap.count:
            until = times[len(times) - cap.count] + cap.window if cap.then == "hold" else None
            return Refusal(reason, until, f"{cap.count} in {cap.length} ({cap.channel}, {cap.purpose})")
    return None


def _remembered(proposal: Proposal, history: ActionHistory) -> Refusal | None:
    """What must be counted later must be remembered: where the list is full of such, there is no room yet."""
    context, rule = proposal.context, proposal.rule
    if not recent_actions.counts(context.rulebook, proposal.channel, rule.terms.purpose, rule.hash):
        return None
    free = recent_actions.free_at(context.rulebook, history.sent, context.acting)
    return Refusal(Reason.TOTAL_CAP, free, "the record remembers no more actions") if free > context.acting else None


def _by_sibling(proposal: Proposal, history: ActionHistory, fired: Millis) -> bool:
    siblings = set(proposal.siblings())
    return any(sent.at == fired and sent.id in siblings for sent in history.sent)
