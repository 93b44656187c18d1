"""Whether a profile of the customer decided that they get something."""

from __future__ import annotations

from rules.deciding.proposal import Proposal
from rules.expression import EvaluationFailed
from rules.facts.profile import PROFILED_MOMENTS, of_profile


def is_profiled(proposal: Proposal) -> bool:
    """Whether it would not have been proposed to somebody of whose profile nothing is known."""
    rule = proposal.rule
    if proposal.context.trigger.name in PROFILED_MOMENTS:
        return True
    if not profiled_by(proposal):
        return False
    try:
        return not rule.when.evaluate(proposal.reader.unprofiled())
    except EvaluationFailed:
        return True


def profiled_by(proposal: Proposal) -> list[str]:
    """The moment and the facts of a profile that its condition needs."""
    name, reader = proposal.context.trigger.name, proposal.reader
    moment = [name] if name in PROFILED_MOMENTS else []
    return moment + [fact for fact in proposal.rule.when.uses if of_profile(reader.fact(fact))]
