"""Entries of the ledger: what was proposed, and what became of it."""

from __future__ import annotations

from typing import Any

from rules.proposal import Proposal
from rules.rule import Rule
from rules.scene import Scene
from schemas.ids import action_id
from schemas.outcome import Decision, Reason, Verdict
from schemas.record import Held
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
        facts=proposal.told(),
        **_moment(proposal.scene),
    )


def failed(rule: Rule, scene: Scene, failure: Exception) -> Decision:
    """A rule whose condition or occasion failed: it has no occasion, so this moment stands for one."""
    occasion = f"failed:{scene.trigger.name}:{scene.trigger.ref}:{scene.at}"
    terms = rule.plans[0].terms
    return Decision(
        action_id=action_id(rule.id, scene.record.id, occasion, 0),
        rule=rule.id,
        occasion=occasion,
        index=0,
        kind=terms.kind,
        channel=terms.channels[0],
        purpose=rule.terms.purpose,
        verdict=Verdict.REFUSED,
        reason=Reason.RULE_FAILED,
        detail=str(failure),
        **_moment(scene),
    )


def gone(scene: Scene, held: Held) -> Decision:
    """A held action whose rule is no longer in the rulebook."""
    return Decision(
        action_id=held.id.hex(),
        rule=held.rule,
        occasion=held.occasion,
        index=held.index,
        kind="",
        channel="",
        purpose="",
        verdict=Verdict.REFUSED,
        reason=Reason.NO_LONGER_TRUE,
        detail="the rule is no longer in the rulebook",
        **_moment(scene),
    )


def _moment(scene: Scene) -> dict[str, Any]:
    return {
        "customer": scene.record.id,
        "at": scene.at,
        "acting": scene.acting,
        "rulebook": scene.rulebook.version,
        "almanac": scene.almanac,
        "trigger": scene.trigger.name,
        "trigger_id": scene.event.id if scene.event else scene.trigger.ref,
    }
