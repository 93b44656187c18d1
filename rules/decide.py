"""Rules propose, limits dispose: what a trigger leads to, and what became of what was held."""

from __future__ import annotations

from typing import Final

import msgspec

from rules.compose import compose
from rules.facts import Reader
from rules.ledger import decision, failed, gone
from rules.limits import Refusal, limit
from rules.proposal import Proposal, occasion_of
from rules.remember import give_out, hold, is_settled, mark_fired, may_hold, schedule_release, spend, spend_held
from rules.rule import Plan, Rule
from rules.scene import Scene
from schemas.outcome import Outcome, Reason, Verdict
from schemas.record import Held
from schemas.triggers import Trigger

_FAILURES: Final = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What evaluating a rule on the facts of one customer can raise: the rule fails for her, the others go on."""
_CLOSED: Final = "complaint.resolved"


def decide(scene: Scene, outcome: Outcome) -> None:
    """What the rules make of a trigger: actions and decisions, appended to ``outcome``.

    Of the record it changes ``held``, ``sent``, ``spent``, ``fired``, ``coupons`` and the wait for RELEASE only. Before
    ``scene.act_from`` occasions are spent and nothing is decided.
    """
    if scene.record.erased:
        return
    reader = Reader(scene)
    for rule in scene.rulebook.triggered_by(scene.trigger.name):
        for proposal in _proposed(rule, scene, reader, outcome):
            if scene.at < scene.act_from:
                _only_spend(proposal)
            else:
                _dispose(proposal, outcome)
    if scene.trigger.name == _CLOSED and not any(not one.closed for one in scene.record.complaints.recent):
        _again(scene, [one for one in scene.record.held if one.reason == Reason.OPEN_COMPLAINT], outcome)


def release(scene: Scene, outcome: Outcome) -> None:
    """Decide again what was held until now: on the facts as they are, and by all limits."""
    if scene.record.erased:
        return
    _again(scene, [one for one in scene.record.held if one.release <= scene.at], outcome)


def _proposed(rule: Rule, scene: Scene, reader: Reader, outcome: Outcome) -> list[Proposal]:
    """The rule's actions for this occasion, as far as they were not decided before."""
    try:
        if not rule.when.evaluate(reader):
            return []
        occasion = occasion_of(rule, reader)
    except _FAILURES as failure:
        outcome.decisions.append(failed(rule, scene, failure))
        return []
    expires = scene.at + rule.terms.expiry
    proposals = (Proposal(rule, plan, scene, reader, occasion, scene.at, expires) for plan in rule.plans)
    return [proposal for proposal in proposals if not is_settled(scene.record, proposal.key)]


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


def _again(scene: Scene, due: list[Held], outcome: Outcome) -> None:
    record = scene.record
    due_ids = {one.id for one in due}
    record.held = [one for one in record.held if one.id not in due_ids]
    for held in sorted(due, key=lambda one: (-_priority(scene, one), one.rule, one.occasion, one.index)):
        _decide_again(scene, held, outcome)
    schedule_release(record)


def _decide_again(scene: Scene, held: Held, outcome: Outcome) -> None:
    rule = scene.rulebook.rule(held.rule)
    plan = next((one for one in rule.plans if one.index == held.index), None) if rule else None
    if rule is None or plan is None:
        outcome.decisions.append(gone(scene, held))
        spend_held(scene.record, held)
        return
    proposal = _from_held(scene, held, rule, plan)
    try:
        still = rule.when.evaluate(proposal.reader)
    except _FAILURES as failure:
        _object(proposal, Refusal(Reason.RULE_FAILED, detail=str(failure)), outcome)
        return
    if still:
        _dispose(proposal, outcome)
    else:
        expired = scene.at >= held.expires
        why = Reason.EXPIRED if expired else Reason.NO_LONGER_TRUE
        _object(proposal, Refusal(why, detail=f"held for {held.reason}; meanwhile: {rule.when.text}"), outcome)


def _from_held(scene: Scene, held: Held, rule: Rule, plan: Plan) -> Proposal:
    """The proposal as it was, on the facts of now; what spoke of its moment was kept."""
    name, ref = str(held.values.get("trigger.name", "")), str(held.values.get("trigger.ref", ""))
    then = msgspec.structs.replace(scene, trigger=Trigger(name, ref, dict(held.values)), event=None)
    return Proposal(rule, plan, then, Reader(then), held.occasion, held.proposed, held.expires, released=True)


def _priority(scene: Scene, held: Held) -> int:
    rule = scene.rulebook.rule(held.rule)
    return rule.terms.priority if rule else 0
