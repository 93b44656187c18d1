"""What the records of one partition add to the rollups: a function of the records and of the work at hand.

A record that is no event of the contract is counted and otherwise passed over; the lane puts it aside with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from agents.rollups.answers import Answers, CustomersActions
from agents.rollups.complaint_work import WorkAtHand, moment_of
from agents.rollups.model import Changes, Standing, WorkItem, encode
from agents.rollups.rows import sent_message, timeline_row
from agents.rollups.sums import Sums
from schemas.compression import BadCompression
from schemas.events import Invalid, receive_event
from schemas.lane import KafkaRecord
from schemas.move import decode_move
from schemas.outcome import Decision, Verdict, compress_decision, decode_decision
from schemas.times import Millis
from schemas.topics import (
    ACTION_TOPICS,
    BROWSE,
    COMPLAINTS,
    DEAD_LETTERS,
    DECISIONS,
    EVENT_TOPICS,
    FEEDBACK,
    MOVES,
    ORDERS,
    RECEIPTS,
)

READ_TOPICS: Final = (*EVENT_TOPICS, DECISIONS, MOVES, *ACTION_TOPICS.values(), DEAD_LETTERS)
"""What the rollups are made from; all have one partition for each lane."""

IndexKey = Callable[[str, str], str]
_ACTION_OF: Final = {topic: kind for kind, topic in ACTION_TOPICS.items()}
_CART: Final = ("cart.", "checkout.", "payment.", "coupon.")
_INDEXED: Final = {"order_id": "order", "complaint_id": "complaint", "code": "coupon"}
_ACTED: Final = (Verdict.EMITTED, Verdict.RELEASED)


class Fold:
    """Adds up the records of one partition.

    Args:
        work: what is to be done, as the store holds it; changed in place, in step with ``changes``.
        held: ids of the actions that are held, likewise.
        answers: what was told of the actions of the customers whom the records are about, likewise.
        erased: who asked to be forgotten, and when, likewise.
        index_key: of the installation's keys.
        now: by the clock; where given, minutes are counted too.
    """

    def __init__(
        self,
        work: dict[str, WorkItem],
        held: set[str],
        answers: CustomersActions,
        erased: dict[str, Millis],
        index_key: IndexKey,
        now: Millis | None,
    ) -> None:
        self.changes = Changes()
        self._sums = Sums(self.changes, erased, now)
        self._work = WorkAtHand(work, self.changes.work, self._sums)
        self._held, self._erased, self._now = held, erased, now
        self._answers = Answers(answers, self._sums.of_day)
        self._index_key = index_key

    def take(self, records: Iterable[KafkaRecord]) -> Changes:
        """Add these records, in the order of their offsets within each topic."""
        for record in records:
            self.changes.positions[record.topic] = record.offset + 1
            self._sums.count(f"read.{record.topic}")
            if record.topic in _ACTION_OF:
                self._action(record)
            elif record.topic == DECISIONS:
                self._decision(record)
            elif record.topic == MOVES:
                self._move(record)
            elif record.topic == DEAD_LETTERS:
                self._letter(record)
            else:
                self._event(record)
        self.changes.answers = self._answers.written()
        return self.changes

    # ------------------------------------------------------------ events

    def _event(self, record: KafkaRecord) -> None:
        try:
            event = receive_event(record.value or b"")
        except Invalid:
            self._sums.count("unreadable")
            return
        told: dict[str, Any] = msgspec.json.decode(record.value or b"")
        at, customer, kind = event.at, event.customer, event.type
        self._sums.count(f"event.{kind}")
        self._sums.bucket(at, f"in.{_family(record.topic, kind)}")
        if kind == "erasure.requested":
            self._erase(customer, record, at)
        if not self._sums.is_forgotten(customer, at):
            self.changes.seen[customer] = max(at, self.changes.seen.get(customer, 0))
        self._sums.row(customer, "visits" if record.topic == BROWSE else "life", timeline_row(told, kind, at), at)
        self._index(customer, told, at)
        if record.topic == COMPLAINTS:
            self._work.complaint(told, kind, customer, at)
        elif record.topic == RECEIPTS:
            self._receipt(told, kind, customer, at)
            self._answer(record, told, customer, at)
        elif record.topic == FEEDBACK:
            self._scores(told, at)

    def _index(self, customer: str, told: Mapping[str, Any], at: Millis) -> None:
        for field in ("email", "phone", "name"):
            if told.get(field):
                self._find(customer, field, str(told[field]), at)
        for field, named in _INDEXED.items():
            if told.get(field):
                self._find(customer, named, str(told[field]), at)

    def _find(self, customer: str, field: str, value: str, at: Millis) -> None:
        if not self._sums.is_forgotten(customer, at):
            self.changes.index.setdefault(customer, {})[self._index_key(field, value)] = at

    def _erase(self, customer: str, record: KafkaRecord, at: Millis) -> None:
        # In service what was decided before bears the time of the clock, which is later than the event's own.
        at = max(at, self._erased.get(customer, 0), 0 if self._now is None else record.timestamp)
        self._erased[customer] = self.changes.erased[customer] = at
        self.changes.seen.pop(customer, None)
        self.changes.index.pop(customer, None)
        self._answers.forget(customer)
        decided = set(self.changes.rows.get(("care", customer), ()))
        for name in [name for name in self.changes.rows if name[1] == customer and name[0] != "rule"]:
            del self.changes.rows[name]
        for lines in (self.changes.feed, *(rows for (name, _), rows in self.changes.rows.items() if name == "rule")):
            lines[:] = [line for line in lines if line not in decided]
        self._work.forget(customer)

    def _scores(self, told: Mapping[str, Any], at: Millis) -> None:
        for dimension, score in (told.get("scores") or {}).items():
            self._sums.bucket(at, f"score.{dimension}", int(score))
            self._sums.bucket(at, f"scores.{dimension}")

    def _receipt(self, told: Mapping[str, Any], kind: str, customer: str, at: Millis) -> None:
        self._sums.bucket(at, kind)
        if kind == "receipt.redeemed":
            self._sums.bucket(at, "spent.discount", int(told.get("discount") or 0))
        self._work.call(told, kind, customer, at)

    def _answer(self, record: KafkaRecord, told: Mapping[str, Any], customer: str, at: Millis) -> None:
        if self._sums.is_forgotten(customer, at):
            return
        if record.key == customer.encode():  # under another key it lies where its decision does not
            self._answers.told(customer, str(told.get("action_id", "")), told, at)

    # ------------------------------------------------------------ what tend decided

    def _decision(self, record: KafkaRecord) -> None:
        body = record.value or b""
        try:
            decision = decode_decision(body)
        except (msgspec.MsgspecError, BadCompression):
            self._sums.count("unreadable")
            return
        outcome, kept = _outcome(decision), compress_decision(body)
        first = decision.action_id not in self._held
        if decision.is_not_due and first:
            # No proposal that anything became of: it stands on the customer's page, and in no sum.
            self._sums.row(decision.customer, "care", kept, decision.acting)
            return
        self._sums.count(f"decided.{outcome}")
        self._sums.bucket(decision.acting, f"decided.{outcome}.{_sort(decision)}")
        self._sums.bucket(decision.acting, f"rule.{decision.rule}.{outcome}")
        if first:
            self._sums.count("decided.proposed")
            self._sums.bucket(decision.acting, f"rule.{decision.rule}.proposed")
        if decision.reason is not None and outcome != "acted":
            self._sums.bucket(decision.acting, f"reason.{decision.rule}.{outcome}.{decision.reason.value}")
        self._hold(decision, outcome)
        if self._sums.is_forgotten(decision.customer, decision.acting):
            return
        if outcome == "acted":
            self._answers.decided(
                decision.customer, decision.action_id, decision.rule, decision.channel, decision.acting
            )
        self._sums.row_of("care", decision.customer, kept)
        self._sums.row_of("rule", decision.rule, kept)
        self._score(decision)
        self.changes.feed.append(kept)

    def _hold(self, decision: Decision, outcome: str) -> None:
        holds = outcome == "held"
        if holds:
            self._held.add(decision.action_id)
        else:
            self._held.discard(decision.action_id)
        self.changes.held[decision.action_id] = holds

    def _score(self, decision: Decision) -> None:
        score = decision.facts.get("churn.probability")
        if isinstance(score, float):
            self._sums.row_of("scores", decision.customer, encode((decision.at, round(score, 4))))

    def _move(self, record: KafkaRecord) -> None:
        try:
            move = decode_move(record.value or b"")
        except msgspec.MsgspecError:
            self._sums.count("unreadable")
            return
        if move.gone == "forgotten":
            self._erase(move.customer, record, move.at)
        self.changes.standings[move.customer] = Standing(move.tier, move.stage) if move.stage else None
        if move.stage and move.stage_before and move.stage != move.stage_before:
            flow = f"moved.{move.stage_before}>{move.stage}"
            self.changes.flows[flow] = self.changes.flows.get(flow, 0) + 1
            body = encode((move.at, move.stage_before, move.stage))
            self._sums.row(move.customer, "moves", body, move.at)

    def _action(self, record: KafkaRecord) -> None:
        told = _json(record.value)
        at = moment_of(told.get("decided_at"))
        customer = told.get("customer")
        if at is None or not isinstance(customer, str):
            self._sums.count("unreadable")
            return
        kind, action = _ACTION_OF[record.topic], str(told.get("action_id", ""))
        self._sums.count(f"action.{kind}")
        self._find(customer, "action", action, at)
        coupon = told.get("coupon") or {}
        if coupon:
            self._find(customer, "coupon", str(coupon.get("code", "")), at)
        self._sums.row(customer, "said", encode(sent_message(told, kind, at)), at)
        if kind == "ticket":
            self._work.ticket(told, customer, at)
        elif kind == "callback":
            self._work.callback(told, customer, at)

    def _letter(self, record: KafkaRecord) -> None:
        headers = {name: value.decode(errors="replace") for name, value in reversed(record.headers)}
        self._sums.count("letters")
        self._sums.bucket(record.timestamp, "letters")
        cause = "|".join(headers.get(f"tend-{part}", "") for part in ("reason", "field", "topic"))
        self._sums.count(f"letter.{cause}")


def _outcome(decision: Decision) -> str:
    if decision.verdict in _ACTED:
        return "acted"
    return "held" if decision.verdict is Verdict.HELD else "not_sent"


def _sort(decision: Decision) -> str:
    """Whose doing it is: a message of service or marketing, or a task for people."""
    return "tasks" if decision.kind in ("ticket", "callback") else decision.purpose


def _family(topic: str, kind: str) -> str:
    if topic == BROWSE:
        return "carts" if kind.startswith(_CART) else "browsing"
    return "orders" if topic == ORDERS else "rest"


def _json(body: bytes | None) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body or b"{}")
    except msgspec.MsgspecError:
        return {}
    return told if isinstance(told, dict) else {}
