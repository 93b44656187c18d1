"""Rules propose, limits dispose: what a trigger leads to, and what became of what was held."""

from __future__ import annotations

from typing import Final

import msgspec

from rules.compose import compose
from rules.context import EventContext
from rules.decision_log import decision, failed, gone
from rules.facts import FactReader
from rules.limits import Refusal, limit
from rules.proposal import Proposal, occasion_of
from rules.remember import give_out, hold, is_settled, mark_fired, may_hold, schedule_release, spend, spend_held
from rules.rule import ActionPlan, Rule
from schemas.outcome import Outcome, Reason, Verdict
from schemas.record import Held
from schemas.triggers import Trigger

_FAILURES: Final = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What evaluating a rule on the facts of one customer can raise: the rule fails for this one, the others go on."""
_CLOSED: Final = "complaint.resolved"


def decide(context: EventContext, outcome: Outcome) -> None:
    """What the rules make of a trigger: actions and decisions, appended to ``outcome``.

    Of the record it changes ``held``, ``sent``, ``spent``, ``fired``, ``coupons`` and the wait for RELEASE only. Before
    ``context.act_from`` occasions are spent and nothing is decided.
    """
    if context.record.erased:
        return
    reader = FactReader(context)
    for rule in context.rulebook.triggered_by(context.trigger.name):
        for proposal in _proposed(rule, context, reader, outcome):
            if context.at < context.act_from:
                _only_spend(proposal)
            else:
                _dispose(proposal, outcome)
    if context.trigger.name == _CLOSED and not any(not one.closed for one in context.record.complaints.recent):
        _again(context, [one for one in context.record.held if one.reason == Reason.OPEN_COMPLAINT], outcome)


def release(context: EventContext, outcome: Outcome) -> None:
    """Decide again what was held until now: on the facts as they are, and by all limits."""
    if context.record.erased:
        return
    _again(context, [one for one in context.record.held if one.release <= context.at], outcome)


def _proposed(rule: Rule, context: EventContext, reader: FactReader, outcome: Outcome) -> list[Proposal]:
    """The rule's actions for this occasion, as far as they were not decided before."""
    try:
        if not rule.when.evaluate(reader):
            return []
        occasion = occasion_of(rule, reader)
    except _FAILURES as failure:
        outcome.decisions.append(failed(rule, context, failure))
        return []
    expires = context.at + rule.terms.expiry
    proposals = (Proposal(rule, plan, context, reader, occasion, context.at, expires) for plan in rule.plans)
    return [proposal for proposal in proposals if not is_settled(context.record, proposal.key)]


def _only_spend(proposal: Proposal) -> None:
    spend(proposal, given_out=True)
    if proposal.rule.terms.cooldown == "once":
        mark_fired(proposal)


def _dispose(proposal: Proposal, outcome: Outcome) -> None:
    """Give it out, hold it or refuse it."""
    refusal = limit(proposal)
    if refusal is not None:
        _object(proposal, refusal, outcome)
        return
    try:
        action = compose(proposal)
    except _FAILURES as failure:
        _object(proposal, Refusal(Reason.RULE_FAILED, detail=str(failure)), outcome)
        return
    give_out(proposal, action)
    outcome.actions.append(action)
    verdict = Verdict.RELEASED if proposal.released else Verdict.EMITTED
    outcome.decisions.append(decision(proposal, verdict, None, detail=action.reason))


def _object(proposal: Proposal, refusal: Refusal, outcome: Outcome) -> None:
    """Hold or refuse. What is of no use any more before its release is decided for the last time when it expires."""
    if refusal.until is not None and not may_hold(proposal):
        refusal = Refusal(Reason.HELD_FULL, detail=f"too much is held to wait for {refusal.reason.value}")
    until = min(refusal.until, proposal.expires) if refusal.until is not None else 0
    verdict = Verdict.HELD if until else Verdict.REFUSED
    outcome.decisions.append(decision(proposal, verdict, refusal.reason, until, refusal.detail))
    if until:
        hold(proposal, until, refusal.reason.value)
    else:
        spend(proposal)


def _again(context: EventContext, due: list[Held], outcome: Outcome) -> None:
    record = context.record
    due_ids = {one.id for one in due}
    record.held = [one for one in record.held if one.id not in due_ids]
    for held in sorted(due, key=lambda one: (-_priority(context, one), one.rule, one.occasion, one.index)):
        _decide_again(context, held, outcome)
    schedule_release(record)


def _decide_again(context: EventContext, held: Held, outcome: Outcome) -> None:
    rule = context.rulebook.rule(held.rule)
    plan = next((one for one in rule.plans if one.index == held.index), None) if rule else None
    if rule is None or plan is None:
        outcome.decisions.append(gone(context, held))
        spend_held(context.record, held)
        return
    proposal = _from_held(context, held, rule, plan)
    try:
        still = rule.when.evaluate(proposal.reader)
    except _FAILURES as failure:
        _object(proposal, Refusal(Reason.RULE_FAILED, detail=str(failure)), outcome)
        return
    if still:
        _dispose(proposal, outcome)
    else:
        expired = context.at >= held.expires
        why = Reason.EXPIRED if expired else Reason.NO_LONGER_TRUE
        _object(proposal, Refusal(why, detail=f"held for {held.reason}; meanwhile: {rule.when.text}"), outcome)


def _from_held(context: EventContext, held: Held, rule: Rule, plan: ActionPlan) -> Proposal:
    """The proposal as it was, on the facts of now; what spoke of its moment was kept."""
    name, ref = str(held.values.get("trigger.name", "")), str(held.values.get("trigger.ref", ""))
    then = msgspec.structs.replace(context, trigger=Trigger(name, ref, dict(held.values)), event=None)
    return Proposal(rule, plan, then, FactReader(then), held.occasion, held.proposed, held.expires, released=True)


def _priority(context: EventContext, held: Held) -> int:
    rule = context.rulebook.rule(held.rule)
    return rule.terms.priority if rule else 0
