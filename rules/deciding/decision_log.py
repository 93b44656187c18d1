"""Entries of the ledger: what was proposed, and what became of it."""

from __future__ import annotations

from typing import Any

from rules.context import EventContext
from rules.deciding.proposal import Proposal
from rules.rule import Rule
from schemas.given_out import Held
from schemas.ids import action_id
from schemas.outcome import Decision, Reason, Verdict
from schemas.times import Millis


def decision(
    proposal: Proposal, verdict: Verdict, reason: Reason | None, until: Millis = 0, detail: str = ""
) -> Decision:
    """What became of a proposal."""
    return Decision(
        action_id=proposal.id,
        rule=proposal.rule.id,
        occasion=proposal.occasion,
        index=proposal.plan.index,
        kind=proposal.plan.terms.kind,
        channel=proposal.channel,
        purpose=proposal.rule.terms.purpose,
        verdict=verdict,
        reason=reason,
        until=until,
        detail=detail,
        facts=proposal.public_facts(),
        channels=proposal.passed_over,
        **_moment(proposal.context),
    )


def failed(rule: Rule, context: EventContext, failure: Exception) -> Decision:
    """A rule whose condition or occasion failed: it has no occasion, so this moment stands for one."""
    occasion = f"failed:{context.trigger.name}:{context.trigger.ref}:{context.at}"
    terms = rule.plans[0].terms
    return Decision(
        action_id=action_id(rule.id, context.record.id, occasion, 0),
        rule=rule.id,
        occasion=occasion,
        index=0,
        kind=terms.kind,
        channel=terms.channels[0],
        purpose=rule.terms.purpose,
        verdict=Verdict.REFUSED,
        reason=Reason.RULE_FAILED,
        detail=str(failure),
        **_moment(context),
    )


def gone(context: EventContext, held: Held, reason: Reason, detail: str) -> Decision:
    """A held action that is held no longer, and not decided again by its rule."""
    return Decision(
        action_id=held.id.hex(),
        rule=held.rule,
        occasion=held.occasion,
        index=held.index,
        kind="",
        channel="",
        purpose="",
        verdict=Verdict.REFUSED,
        reason=reason,
        detail=detail,
        **_moment(context),
    )


def _moment(context: EventContext) -> dict[str, Any]:
    return {
        "customer": context.record.id,
        "at": context.at,
        "acting": context.acting,
        "rulebook": context.rulebook.version,
        "almanac": context.almanac,
        "trigger": context.trigger.name,
        "trigger_id": context.event.id if context.event else context.trigger.ref,
    }
