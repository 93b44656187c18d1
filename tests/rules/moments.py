"""Builders for tests of rules: a rulebook from a few lines, a customer, a moment.

Given a customer and rules, when a trigger wakes them, then what was decided can be looked at. Nothing is mocked.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from rules.context import EventContext, LaneContext
from rules.deciding.decide import Decided, apply, decide, release
from rules.loading import rulebook_of
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.complaint_list import Complaint
from schemas.message import Message
from schemas.order_book import Order, OrderBook
from schemas.outcome import Decision, Outcome
from schemas.profile import Profile
from schemas.record import VERSION, Cart, Consent, CustomerRecord, Purchases, TimerKind
from schemas.timers import clear_timer, next_due, timer_due
from schemas.times import DAY, HOUR, Millis, to_millis
from schemas.triggers import Trigger

NOON: Millis = to_millis(datetime(2026, 3, 4, 12, tzinfo=UTC))
"""A Wednesday, at noon in London."""
PURPOSES = ("service", "marketing")
CHANNELS = ("email", "sms", "push", "call")


def at(text: str) -> Millis:
    """The moment of an RFC 3339 text."""
    return to_millis(datetime.fromisoformat(text))


def base() -> str:
    """The shipped defaults."""
    return (resources.files("rules") / "packs" / "defaults.yaml").read_text(encoding="utf-8")


def book(*texts: str) -> Rulebook:
    """A rulebook of these files, named ``a.yaml``, ``b.yaml`` and so on."""
    return rulebook_of({f"{chr(97 + n)}.yaml": textwrap.dedent(text) for n, text in enumerate(texts)}, base())


def book_of(**numbers: Any) -> Rulebook:
    """The shipped rules with other numbers."""
    packs = Path("rules/packs")
    files = {one.name: one.read_text(encoding="utf-8") for one in packs.glob("*.yaml") if one.name != "defaults.yaml"}
    return book(*files.values(), msgspec.json.encode({"defaults": numbers}).decode())


def rule(**changes: Any) -> dict[str, Any]:
    """A rule that always applies at an order and sends an e-mail of service."""
    action = {"kind": "message", "channel": "email", "text": "hello"}
    plain = {
        "id": "hello",
        "about": "Says hello.",
        "on": ["order.placed"],
        "occasion": "{order.id}",
        "reason": "ordered",
        "purpose": "service",
        "expiry": "3 days",
        "actions": [action],
    }
    return {**plain, **changes}


def action(**changes: Any) -> dict[str, Any]:
    """A message by e-mail."""
    return {"kind": "message", "channel": "email", "text": "hello", **changes}


def rules(*some: dict[str, Any], defaults: dict[str, Any] | None = None) -> Rulebook:
    """A rulebook of these rules, with a text ``hello`` in English."""
    parts: dict[str, Any] = {"rules": list(some), "texts": {"hello": {"en": "Hello."}}}
    numbers = {"place": {"zone": "Europe/London"}, **(defaults or {})}
    # JSON is YAML, as far as these tests go.
    return book(msgspec.json.encode({**parts, "defaults": numbers}).decode())


def customer(**changes: Any) -> CustomerRecord:
    """Anna of London, who can be reached on every channel and allows everything."""
    record = CustomerRecord(
        VERSION,
        "c-1",
        created=NOON - 100 * DAY,
        profile=Profile(
            name="Anna", email="anna@example.com", phone="+441234567", zone="Europe/London", registered=NOON - 90 * DAY
        ),
        consents=[
            Consent(channel, purpose, True, NOON) for channel in CHANNELS for purpose in ("service", "marketing")
        ],
        purchases=Purchases(count=2, spent=9_000, currency="EUR", first=NOON - 50 * DAY, last=NOON - 9 * DAY),
    )
    record.segment.tier, record.segment.stage, record.segment.value = "bronze", "repeat", "low"
    for name, value in changes.items():
        setattr(record, name, value)
    return record


def without_consent(record: CustomerRecord, purpose: str = "marketing") -> CustomerRecord:
    """They have withdrawn it, on all channels."""
    record.consents = [
        Consent(one.channel, one.purpose, one.granted and one.purpose != purpose, one.at) for one in record.consents
    ]
    return record


def complaint(**changes: Any) -> Complaint:
    """An open complaint about a delivery."""
    known = {"id": "p-1", "category": "delivery", "urgency": "normal", "opened": NOON, "deadline": NOON + 48 * HOUR}
    return Complaint(**{**known, **changes})


def cart(value: int = 4_000, **changes: Any) -> Cart:
    """A cart with something in it."""
    return Cart(**{"id": "k-1", "currency": "EUR", "value": value, "touched": NOON - HOUR, **changes})


def orders(*ids: str, **changes: Any) -> OrderBook:
    """An order book."""
    known = {"placed": NOON - DAY, "amount": 5_000, "currency": "EUR", "status": "delivered"}
    return OrderBook(orders=[Order(one, **{**known, **changes}) for one in ids])


class Moments:
    """One customer and a rulebook, from moment to moment."""

    def __init__(
        self,
        rulebook: Rulebook,
        record: CustomerRecord | None = None,
        *,
        act_from: Millis = 0,
        hops: int = 0,
        **more: Any,
    ) -> None:
        self.rulebook = rulebook
        self.record = record or customer()
        self.outcome = Outcome()
        self._act_from = act_from
        self._facts = {"trigger.hops": hops} if hops else {}
        self._more = more

    def context(self, trigger: str, ref: str, at: Millis, **data: Any) -> EventContext:
        more = {"orders": None, "acting": at, **self._more}
        about = Trigger(trigger, ref, {**self._facts, **data})
        lane = LaneContext.without_churn(self.rulebook, epoch=7, act_from=self._act_from)
        return EventContext(record=self.record, lane=lane, at=at, trigger=about, **more)

    def when(self, trigger: str, ref: str = "o-1", at: Millis = NOON, **data: Any) -> list[Decision]:
        """A trigger comes. What was decided."""
        context = self.context(trigger, ref, at, **data)
        return self._applied(context, decide(context))

    def until(self, moment: Millis) -> list[Decision]:
        """Time passes, and what is held is decided again whenever it is due."""
        decisions = []
        while (due := self.release_due) is not None and due <= moment:
            clear_timer(self.record, TimerKind.RELEASE)
            context = self.context("released", "", due)
            decisions += self._applied(context, release(context))
        return decisions

    def _applied(self, context: EventContext, decided: Decided) -> list[Decision]:
        apply(context, decided)
        self.outcome.decisions += decided.decisions
        self.outcome.actions += decided.actions
        return decided.decisions

    @property
    def release_due(self) -> Millis | None:
        return timer_due(self.record, TimerKind.RELEASE)

    @property
    def next_due(self) -> Millis | None:
        return next_due(self.record)

    @property
    def texts(self) -> list[str]:
        return [action.text for action in self.outcome.actions]


def verdicts(decisions: list[Decision]) -> list[tuple[str, str]]:
    """Verdict and reason of each."""
    return [(one.verdict.value, one.reason.value if one.reason else "") for one in decisions]


def message_of(action: AnyAction) -> Message:
    """What it says, in parts."""
    assert action.message is not None
    return action.message
