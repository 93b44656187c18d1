"""Events through the pure core, in the order of their lines, with each customer's timers in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import orjson

from agents.rehearsal.lines import EventLine, Given, opened, stand_in
from rules.compose import coupon_of
from rules.context import LaneContext
from rules.expression import Expression, FactSource
from rules.fact_types import FactValue
from rules.own import NotDeclared
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.almanac import NONE_YET, VERSION, Almanac
from schemas.churn import Tick
from schemas.errors import TendError
from schemas.events import AnyEvent, Invalid, decode_event
from schemas.outcome import Decision, Outcome
from schemas.record import TimerKind
from schemas.timers import next_due
from schemas.times import DAY, WEEK, Millis, to_millis
from streams.churn import initial_state
from streams.customer import Customer
from streams.ingest import misdated
from streams.pipeline import fire_timers, handle, new_customer

_SUNDAY: Millis = 3 * DAY
"""Weekly looks fall on Sundays, as in a replay."""


class NotTrue(msgspec.Struct, frozen=True):
    """A rule that was triggered, and whose condition did not hold."""

    rule: str
    condition: str
    facts: dict[str, FactValue]


class RehearsedStep(msgspec.Struct):
    """What one line, or one moment of a customer's timers, led to."""

    at: Millis
    customer: str
    what: str
    """The event's type, or the timers that were due."""
    line: int = 0
    """Of the file; 0 for timers."""
    refused: str = ""
    """Why the line is no event that tend would take in: it would be a dead letter."""
    codes: dict[str, int] = {}
    actions: list[AnyAction] = []
    decisions: list[Decision] = []
    not_true: list[NotTrue] = []

    @property
    def is_quiet(self) -> bool:
        """Whether nothing came of it."""
        return not (self.line or self.actions or self.decisions or self.codes)


class Rehearsed(msgspec.Struct):
    """What a file of events led to."""

    rulebook: str
    steps: list[RehearsedStep] = []
    customers: dict[str, Customer] = {}
    """As they are at the end, in order of first appearance."""

    def actions(self, customer: str = "") -> list[AnyAction]:
        """All that was given out, in order; to one customer where one is named."""
        return [one for step in self.steps for one in step.actions if customer in ("", one.customer)]


def rehearse(
    lines: Sequence[EventLine],
    rulebook: Rulebook,
    until: Millis | None = None,
    *,
    name: str = "line",
    horizons: tuple[int, ...] = (28,),
    today: Millis | None = None,
) -> Rehearsed:
    """Take the lines through the core.

    Args:
        rulebook: the rules to try.
        until: after the last line, time goes on until here.
        name: of the file, for errors.
        horizons: churn horizons in days.
        today: dates that lie too long before this are refused, as they would be by a worker.

    Raises:
        TendError: a line's stand-in or relative time means nothing; it names file and line.
    """
    stage = _Stage(rulebook, horizons, today)
    for line in lines:
        try:
            stage.take(line)
        except ValueError as error:
            raise TendError(f"{name}:{line.number}: {error}") from None
    if until is not None:
        for who in list(stage.result.customers):
            stage.pass_time(who, until)
    return stage.result


class _Stage:
    """The customers of a rehearsal, and what happened to them so far."""

    def __init__(self, rulebook: Rulebook, horizons: tuple[int, ...], today: Millis | None) -> None:
        self._not_true: list[NotTrue] = []
        self._context = LaneContext(
            rulebook=rulebook.with_each_rule(partial(_overheard, self._not_true)),
            almanac=Almanac(version=VERSION, epoch=NONE_YET, partitions=1, churn=initial_state(horizons)),
            horizons=horizons,
            tick=Tick(origin=_SUNDAY, period=WEEK),
        )
        self._today = today
        self.result = Rehearsed(rulebook.version)
        self._present: dict[str, Millis] = {}
        self._given: dict[tuple[str, str], Given] = {}

    def take(self, line: EventLine) -> None:
        """One line.

        Raises:
            ValueError: a stand-in stands for nothing, or a relative time is none.
        """
        told = opened(line, self._present)
        if told is None:
            self._apply(line.number, line.body)
            return
        self._approach(told)
        stand_in(told, self._given)
        self._apply(line.number, orjson.dumps(told))

    def _approach(self, told: dict[str, Any]) -> None:
        """What is due before a line may give what the line speaks of."""
        try:
            at = to_millis(datetime.fromisoformat(str(told.get("time"))))
        except ValueError:
            return  # no time: the contract says so
        if told.get("customer") in self.result.customers:
            self.pass_time(str(told["customer"]), at)

    def _apply(self, number: int, body: bytes) -> None:
        try:
            event = decode_event(body)
        except Invalid as invalid:
            self._refuse(number, str(invalid))
            return
        wrong = misdated(event.at, self._today) if self._today is not None and event.at < self._today else None
        if wrong is not None:
            self._refuse(number, ": ".join(wrong), event)
            return
        who = event.customer
        # What comes late is acted on when it comes: at the moment of the customer's latest line.
        acting = max(event.at, self._present.get(who, event.at))
        self._present[who] = acting
        if who not in self.result.customers:
            self.result.customers[who] = new_customer(who, event.at, self._context)
        self.pass_time(who, event.at)
        try:
            outcome = handle(self.result.customers[who], event, self._context, acting)
        except NotDeclared as problem:
            self._refuse(number, f"not_declared: {problem.place}: {problem}", event)
            return
        self._note(RehearsedStep(event.at, who, event.type, number), outcome)
        for one in outcome.passed:
            self._apply(number, one.body)

    def pass_time(self, who: str, until: Millis) -> None:
        """Fire the customer's timers, one moment after the other."""
        customer = self.result.customers[who]
        while (due := next_due(customer.record)) is not None and due <= until:
            kinds = [TimerKind(one.kind).name.lower() for one in customer.record.timers if one.due == due]
            outcome = fire_timers(customer, due, self._context)
            self._note(RehearsedStep(due, who, ", ".join(kinds)), outcome)

    def _note(self, step: RehearsedStep, outcome: Outcome) -> None:
        step.codes, step.actions, step.decisions = outcome.codes, outcome.actions, outcome.decisions
        step.not_true = self._not_true.copy()
        self._not_true.clear()
        for action in outcome.actions:
            offer = coupon_of(action)
            self._given[action.customer, action.rule] = Given(action.action_id, offer.code if offer else "")
        self.result.steps.append(step)

    def _refuse(self, number: int, why: str, event: AnyEvent | None = None) -> None:
        at, who, what = (event.at, event.customer, event.type) if event else (0, "", "")
        self.result.steps.append(RehearsedStep(at, who, what, number, refused=why))


class _Overheard(Expression):
    """A condition that writes down where it did not hold, and what it knew."""

    __slots__ = ("_condition", "_found", "_rule")

    def __init__(self, rule: str, condition: Expression, found: list[NotTrue]) -> None:
        super().__init__(condition.text, condition.kind, condition.uses, None)
        self._rule, self._condition, self._found = rule, condition, found

    def evaluate(self, facts: FactSource) -> FactValue:
        holds = self._condition.evaluate(facts)
        if not holds:
            known = {name: facts[name] for name in self.uses}
            self._found.append(NotTrue(self._rule, " ".join(self.text.split()), known))
        return holds


def _overheard(found: list[NotTrue], rule: Rule) -> Rule:
    return replace(rule, when=_Overheard(rule.id, rule.when, found))
