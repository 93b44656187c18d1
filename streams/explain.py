"""Why an action was given out, held or refused, and why a rule did nothing: in sentences.

Decisions tell the first; where there is none, the rule is evaluated as it would be now, with nothing changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from rules.context import EventContext, LaneContext
from rules.fact_types import FactValue
from rules.facts import FactReader
from rules.rule import Rule
from schemas.codec import decode_record, encode_record
from schemas.outcome import REASONS_IN_WORDS, Decision, Fact, Verdict
from schemas.readings import may_profile
from schemas.times import Millis, to_rfc3339
from schemas.triggers import NOTICED, Trigger
from streams import churn_update
from streams.customer import Customer

_VERDICTS: Final = MappingProxyType(
    {
        Verdict.EMITTED: "was given out",
        Verdict.RELEASED: "was given out after it had been held",
        Verdict.HELD: "was held",
        Verdict.REFUSED: "was refused",
    }
)


def why(decision: Decision) -> list[str]:
    """Why this became of what a rule proposed."""
    what = f"{decision.kind or 'action'} of rule {decision.rule}"
    became = "was not due" if decision.is_not_due else _VERDICTS[decision.verdict]
    sentences = [f"The {what} {became} at {to_rfc3339(decision.at)}."]
    sentences.append(f"It was triggered by {decision.trigger} ({_meaning(decision.trigger)}), for {decision.occasion}.")
    if decision.reason is not None:
        more = f" ({decision.detail})" if decision.detail else ""
        sentences.append(f"Why: {REASONS_IN_WORDS[decision.reason]}{more}.")
    elif decision.detail:
        sentences.append(f"The reason: {decision.detail}.")
    if decision.channels:
        sentences.append(f"Passed over: {by_channel(decision)}.")
    if decision.until:
        sentences.append(f"It is decided again at {to_rfc3339(decision.until)}.")
    if decision.facts:
        sentences.append(f"What it knew: {_told(decision.facts)}.")
    return sentences


def by_channel(decision: Decision) -> str:
    """Why not on each channel that was passed over."""
    return ", ".join(f"{channel} ({reason.value.replace('_', ' ')})" for channel, reason in decision.channels.items())


def why_not(
    customer: Customer, rule_id: str, lane: LaneContext, now: Millis, decisions: Sequence[Decision] = ()
) -> list[str]:
    """Why a rule has done nothing for the customer.

    Args:
        decisions: what is still known of the customer's recent decisions, in any order.
    """
    rule = lane.rulebook.rule(rule_id)
    if rule is None:
        known = ", ".join(sorted(one.id for one in lane.rulebook.rules))
        return [f"There is no rule {rule_id} in rulebook {lane.rulebook.version}; there are: {known}."]
    if customer.record.erased:
        return ["The customer asked to be forgotten: no rule looks at them any more."]
    if customer.record.merged_into:
        return [f"This customer is {customer.record.merged_into}: ask there."]
    past = sorted((one for one in decisions if one.rule == rule_id), key=lambda one: one.acting)
    if past:
        return why(past[-1])
    return [*_waiting(rule), *_last_time(rule, customer), *_condition_now(rule, customer, lane, now)]


def _waiting(rule: Rule) -> list[str]:
    waited = "; or ".join(f"{trigger} ({_meaning(trigger)})" for trigger in rule.on)
    return [f"No recent decision of {rule.id} is known. It wakes at {waited}."]


def _last_time(rule: Rule, customer: Customer) -> list[str]:
    held = [f"It is being held until {to_rfc3339(h.release)}." for h in customer.record.held if h.rule == rule.id]
    fired = customer.record.fired.get(rule.hash)
    return held + ([f"It acted for the customer at {to_rfc3339(fired)}."] if fired else [])


def _condition_now(rule: Rule, customer: Customer, lane: LaneContext, now: Millis) -> list[str]:
    """What its condition would say at this moment; the first of its triggers stands for what would wake it."""
    reader = FactReader(_context(rule, customer, lane, now))
    try:
        facts = reader.all(rule.when.uses)
        holds = bool(rule.when.evaluate(facts))
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError) as failure:
        return [f"Its condition cannot be worked out outside such a moment: {failure}."]
    verdict = "is true" if holds else "is not true"
    sentences = [*_objection(rule, customer), f"Its condition {verdict} now: {rule.when.text.strip()}."]
    return [*sentences, f"What it knows: {_told(facts)}."] if facts else sentences


def _objection(rule: Rule, customer: Customer) -> list[str]:
    if rule.terms.purpose != "marketing" or may_profile(customer.record.consents):
        return []
    return ["The customer objects to being profiled: a rule of marketing knows nothing of their profile."]


def _context(rule: Rule, customer: Customer, lane: LaneContext, now: Millis) -> EventContext:
    # On a copy: looking must not change the customer.
    record = decode_record(encode_record(customer.record))
    at = max(now, record.seen)
    context = EventContext(record, customer.orders, lane, at, at, trigger=Trigger(rule.on[0]))
    context.churn = churn_update.known(context)
    return context


def _meaning(trigger: str) -> str:
    return NOTICED.get(trigger, "an event of the customer").split(";")[0]


def _told(facts: dict[str, Fact] | dict[str, FactValue]) -> str:
    return ", ".join(f"{name} = {facts[name]}" for name in sorted(facts))
