"""Events through lanes, in the order of their lines, with each customer's timers in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import orjson

from agents.rehearsal.customer_lane import CustomerLane
from agents.rehearsal.lines import EventLine, Given, opened, stand_in
from rules.deciding.compose import coupon_of
from rules.expression import Expression, FactSource
from rules.fact_types import FactValue
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.errors import TendError
from schemas.events import AnyEvent, Invalid, decode_event
from schemas.outcome import Decision
from schemas.record import TimerKind
from schemas.times import Millis, to_millis
from streams.customer import Customer
from streams.ingest import misdated
from streams.micro_batch import MicroBatch


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
    """Take the lines through lanes, one for each customer.

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
        stage.end(until)
    return stage.result()


class _Stage:
    """The customers of a rehearsal, and what happened to them so far."""

    def __init__(self, rulebook: Rulebook, horizons: tuple[int, ...], today: Millis | None) -> None:
        self._not_true: list[NotTrue] = []
        self._rulebook = rulebook.with_each_rule(partial(_overheard, self._not_true))
        self._horizons = horizons
        self._today = today
        self._lanes: dict[str, CustomerLane] = {}
        self._steps: list[RehearsedStep] = []
        self._present: dict[str, Millis] = {}
        self._given: dict[tuple[str, str], Given] = {}

    def result(self) -> Rehearsed:
        """What came of it so far."""
        known = ((who, lane.customer) for who, lane in self._lanes.items())
        return Rehearsed(self._rulebook.version, self._steps, {who: found for who, found in known if found})

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

    def end(self, until: Millis) -> None:
        """Let time go on for everybody."""
        for who, lane in list(self._lanes.items()):
            self._pass_time(who, lane, until)

    def _approach(self, told: dict[str, Any]) -> None:
        """What is due before a line may give what the line speaks of."""
        try:
            at = to_millis(datetime.fromisoformat(str(told.get("time"))))
        except ValueError:
            return  # no time: the contract says so
        who = str(told.get("customer"))
        if who in self._lanes:
            self._pass_time(who, self._lanes[who], at)

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
        acting = self._present[who] = max(event.at, self._present.get(who, event.at))
        if who not in self._lanes:
            self._lanes[who] = CustomerLane(who, self._rulebook, self._horizons)
        lane = self._lanes[who]
        self._pass_time(who, lane, event.at)
        done = lane.take(event, body, acting)
        self._note(RehearsedStep(event.at, who, event.type, number), done)
        for one in [one for part in done for _, outcome in part.outcomes for one in outcome.passed]:
            self._apply(number, one.body)

    def _pass_time(self, who: str, lane: CustomerLane, until: Millis) -> None:
        """Fire the customer's timers, one moment after the other."""
        while (due := lane.next_due) is not None and due <= until:
            timers = lane.customer.record.timers if lane.customer else []
            kinds = [TimerKind(one.kind).name.lower() for one in timers if one.due == due]
            self._note(RehearsedStep(due, who, ", ".join(kinds)), lane.pass_time(due))

    def _note(self, step: RehearsedStep, done: list[MicroBatch]) -> None:
        for outcome in [outcome for part in done for _, outcome in part.outcomes]:
            for code, times in outcome.codes.items():
                step.codes[code] = step.codes.get(code, 0) + times
            step.actions += outcome.actions
            step.decisions += outcome.decisions
        for failure in [failure for part in done for failure in part.failed]:
            step.refused = ": ".join(part for part in (failure.reason, failure.field, failure.error) if part)
        step.not_true = [] if step.refused else self._not_true.copy()
        self._not_true.clear()
        for action in step.actions:
            offer = coupon_of(action)
            self._given[action.customer, action.rule] = Given(action.action_id, offer.code if offer else "")
        self._steps.append(step)

    def _refuse(self, number: int, why: str, event: AnyEvent | None = None) -> None:
        at, who, what = (event.at, event.customer, event.type) if event else (0, "", "")
        self._steps.append(RehearsedStep(at, who, what, number, refused=why))


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
