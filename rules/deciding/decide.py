"""Rules propose, limits dispose: what a trigger leads to, and what becomes of what was held.

``decide`` and ``release`` read the customer and change nothing; ``apply`` keeps what follows.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rules.calendar import end_of_day
from rules.context import EventContext
from rules.deciding.action_history import ActionHistory
from rules.deciding.compose import compose
from rules.deciding.decision_log import decision, failed, gone
from rules.deciding.limits import Refusal, judged
from rules.deciding.proposal import Proposal, occasion_of
from rules.facts import FactReader
from rules.rule import ActionPlan, Rule
from schemas.actions import AnyAction
from schemas.given_out import Held
from schemas.ids import action_key
from schemas.outcome import Decision, Reason, Verdict
from schemas.times import SECOND, Millis
from schemas.triggers import Trigger

_FAILURES: Final = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)
"""What evaluating a rule on the facts of one customer can raise: the rule fails for this one, the others go on."""
_FOR_STAFF: Final = ("callback", "ticket")
_CLOSED: Final = "complaint.resolved"


class Decided(NamedTuple):
    """What follows from a trigger."""

    decisions: list[Decision]
    actions: list[AnyAction]
    history: ActionHistory
    """What the record is to remember from now on."""


def decide(context: EventContext) -> Decided:
    """What the rules make of the context's trigger.

    Before ``act_from`` of the lane, occasions are settled and nothing is given out.
    """
    deciding = _Deciding(context)
    if context.record.erased or context.record.merged_into:
        return deciding.decided()
    reader = FactReader(context)
    for rule in context.rulebook.triggered_by(context.trigger.name):
        deciding.propose(rule, reader)
    if context.trigger.name == _CLOSED and not any(one.is_open for one in context.record.complaints.recent):
        deciding.again([one for one in deciding.history.held if one.reason == Reason.OPEN_COMPLAINT])
    return deciding.decided()


def release(context: EventContext) -> Decided:
    """Decide again what was held until now: on the facts as they are, and by all limits."""
    deciding = _Deciding(context)
    if not context.record.erased and not context.record.merged_into:
        deciding.again([one for one in context.record.held if one.release <= context.at])
    return deciding.decided()


def apply(context: EventContext, decided: Decided) -> bool:
    """Keep what follows: in the record what it is to remember, in the outcome what goes out.

    Whether the record remembers anything of it that it did not before.
    """
    kept = decided.history != ActionHistory.of(context.record)
    decided.history.keep_in(context.record)
    context.outcome.decisions += decided.decisions
    context.outcome.actions += decided.actions
    return kept


class _Deciding:
    """Proposals of one trigger, each weighed by what those before it leave behind."""

    def __init__(self, context: EventContext) -> None:
        self.history = ActionHistory.of(context.record)
        self._context = context
        self._decisions: list[Decision] = []
        self._actions: list[AnyAction] = []

    def decided(self) -> Decided:
        return Decided(self._decisions, self._actions, self.history)

    def propose(self, rule: Rule, reader: FactReader) -> None:
        """The rule's actions for this occasion, as far as they were not decided before."""
        context = self._context
        try:
            if not rule.when.evaluate(reader):
                return
            occasion = occasion_of(rule, reader)
        except _FAILURES as failure:
            self._decisions.append(failed(rule, context, failure))
            return
        new = []
        for plan in rule.plans:
            expires = _expiry(rule, plan, context)
            key = action_key(rule.id, context.record.id, occasion, plan.index)
            proposal = Proposal(rule, plan, context, reader, occasion, context.at, expires, key)
            if not self._recalls(proposal):
                new.append(proposal)
        for proposal in new:
            if context.at < context.lane.act_from:
                self._only_settle(proposal)
            else:
                self._dispose(proposal)

    def _recalls(self, proposal: Proposal) -> bool:
        """Whether it was decided before, under any id of the customer's."""
        known, self.history = self.history.recall(proposal.key)
        for former in self._context.record.merged:
            if known:
                break
            key = action_key(proposal.rule.id, former.id, proposal.occasion, proposal.plan.index)
            known, self.history = self.history.recall(key)
        return known

    def again(self, due: list[Held]) -> None:
        """Decide held actions again: service before marketing, then the highest priority first."""
        self.history = self.history.without(due)
        for held in sorted(due, key=lambda one: (*self._place(one), one.rule, one.occasion, one.index)):
            self._decide_again(held)

    def _only_settle(self, proposal: Proposal) -> None:
        self.history = self.history.settle(proposal.key, given_out=True, recurs=proposal.rule.recurs)
        if proposal.rule.terms.cooldown == "once":
            self.history = self.history.fire(proposal)

    def _dispose(self, proposed: Proposal) -> None:
        """Give it out, hold it or refuse it."""
        proposal, refusal = judged(proposed, self.history)
        if refusal is not None:
            self._object(proposal, refusal)
            return
        try:
            action = compose(proposal)
        except _FAILURES as failure:
            self._object(proposal, Refusal(Reason.RULE_FAILED, detail=str(failure)))
            return
        self.history = self.history.give_out(proposal, action)
        self._actions.append(action)
        verdict = Verdict.RELEASED if proposal.released else Verdict.EMITTED
        self._decisions.append(decision(proposal, verdict, None, detail=action.reason))

    def _object(self, proposal: Proposal, refusal: Refusal) -> None:
        """Hold or refuse. What is of no use before its release is decided for the last time when it expires."""
        if refusal.until is not None and not self.history.may_hold(proposal):
            refusal = Refusal(Reason.HELD_FULL, detail=f"too much is held to wait for {refusal.reason.value}")
        until = 0
        if refusal.until is not None:
            # Later than the moment at which it is held, so that it can never be released at once and held again.
            until = max(min(refusal.until, proposal.expires), proposal.context.at + SECOND)
        verdict = Verdict.HELD if until else Verdict.REFUSED
        self._decisions.append(decision(proposal, verdict, refusal.reason, until, refusal.detail))
        if until:
            self.history = self.history.hold(proposal, until, refusal.reason.value)
        else:
            self.history = self.history.settle(proposal.key, given_out=False, recurs=proposal.rule.recurs)

    def _decide_again(self, held: Held) -> None:
        context = self._context
        rule = context.rulebook.rule(held.rule)
        plan = next((one for one in rule.plans if one.index == held.index), None) if rule else None
        if rule is None or plan is None:
            self._decisions.append(gone(context, held, Reason.NO_LONGER_TRUE, "the rule is no longer in the rulebook"))
            self.history = self.history.settle(held.id, given_out=False, recurs=False)
            return
        then = _as_proposed(context, held)
        proposal = Proposal(
            rule, plan, then, FactReader(then), held.occasion, held.proposed, held.expires, held.id, released=True
        )
        try:
            still = rule.when.evaluate(proposal.reader)
        except _FAILURES as failure:
            self._object(proposal, Refusal(Reason.RULE_FAILED, detail=str(failure)))
            return
        if still:
            self._dispose(proposal)
        else:
            why = Reason.EXPIRED if context.at >= held.expires else Reason.NO_LONGER_TRUE
            self._object(proposal, Refusal(why, detail=f"held for {held.reason}; meanwhile: {rule.when.text}"))

    def _place(self, held: Held) -> tuple[bool, int]:
        rule = self._context.rulebook.rule(held.rule)
        return (rule.terms.purpose == "marketing", -rule.terms.priority) if rule else (True, 0)


def _as_proposed(context: EventContext, held: Held) -> EventContext:
    """The facts of now, but for those of the moment of the proposal, which were kept."""
    name, ref = str(held.values.get("trigger.name", "")), str(held.values.get("trigger.ref", ""))
    then = context.about(Trigger(name, ref, dict(held.values)))
    then.event = None
    return then


def _expiry(rule: Rule, plan: ActionPlan, context: EventContext) -> Millis:
    """When it is of no use any more: counted from what happened, however late it was heard of.

    What the store's own people are to do is counted from the hearing: a complaint that comes late counts.
    """
    event = context.event
    late = event is not None and event.type == context.trigger.name and plan.terms.kind not in _FOR_STAFF
    moment = min(event.at, context.at) if late and event is not None else context.at
    expires = moment + rule.terms.expiry
    return min(expires, end_of_day(moment, context.zone)) if rule.terms.same_day else expires
