"""What handling one event gives back."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated

import msgspec

from schemas.actions import AnyAction
from schemas.churn import LabelledExample
from schemas.compression import DECISIONS
from schemas.ids import hash64
from schemas.move import Move
from schemas.personal import LIFE, SAID
from schemas.times import Millis

Fact = str | int | float | bool | None
Id = Annotated[str, LIFE]


class Reason(StrEnum):
    """Why an action was refused or held. The list is complete: each limit gives one of these."""

    NO_CONSENT = "no_consent"
    NO_PROFILING = "no_profiling"
    NO_ADDRESS = "no_address"
    OPEN_COMPLAINT = "open_complaint"
    QUIET_HOURS = "quiet_hours"
    CHANNEL_CAP = "channel_cap"
    TOTAL_CAP = "total_cap"
    COOLDOWN = "cooldown"
    EXCLUSIVE = "exclusive"
    EXPIRED = "expired"
    NO_LONGER_TRUE = "no_longer_true"
    HELD_FULL = "held_full"
    RULE_FAILED = "rule_failed"


REASONS_IN_WORDS = MappingProxyType(
    {
        Reason.NO_CONSENT: "the customer did not allow messages of this purpose on any channel the rule may use",
        Reason.NO_PROFILING: "the customer objects to marketing that is chosen by their profile",
        Reason.NO_ADDRESS: "no address is known on a channel that the customer allows; if none at all, after a minute",
        Reason.OPEN_COMPLAINT: "marketing waits while a complaint is open",
        Reason.QUIET_HOURS: "it is night where the customer lives; decided again in the morning",
        Reason.CHANNEL_CAP: "the customer has had enough on this channel within the cap's window",
        Reason.TOTAL_CAP: "the customer has had enough in all within the cap's window",
        Reason.COOLDOWN: "the rule is not due again: it gave the customer something not long ago",
        Reason.EXCLUSIVE: "a rule of the same group with higher priority came first",
        Reason.EXPIRED: "it was held until it would have come too late",
        Reason.NO_LONGER_TRUE: "when it was decided again the rule's condition no longer held",
        Reason.HELD_FULL: "too much is held for the customer already",
        Reason.RULE_FAILED: "the rule could not be evaluated",
    }
)
"""What each reason code means."""


class Verdict(StrEnum):
    """What became of a proposed action."""

    EMITTED = "emitted"
    HELD = "held"
    REFUSED = "refused"
    RELEASED = "released"
    """A held action was given out."""


class Decision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the ledger, ``tend.decisions``: what a rule proposed and what became of it."""

    action_id: Id
    customer: Id
    rule: Id
    occasion: Annotated[str, SAID]
    """What it is about: one occasion of a rule comes once."""
    index: int
    """Place of the action in its rule."""
    kind: Id
    channel: Id
    purpose: Id
    verdict: Verdict
    at: Millis
    """Event time of the decision."""
    acting: Millis
    """The moment that it was taken at, by the clock that actions go by."""
    rulebook: Id
    """Version of the rulebook that decided."""
    almanac: int
    """Epoch of the almanac that decided; -2 before the first."""
    trigger: Id
    """Event type or timer that triggered the rule."""
    trigger_id: Id = ""
    """The event that triggered it."""
    reason: Reason | None = None
    """Why it was refused or held; docs/outcomes.md says what each means."""
    until: Millis = 0
    """When a held action is decided again."""
    detail: Annotated[str, SAID] = ""
    """The reason in words, or more of why not."""
    facts: Annotated[dict[str, Fact], SAID] = {}
    """The facts that the rule's condition and texts used."""
    channels: Annotated[dict[str, Reason], LIFE] = {}
    """Of a rule that may use several channels: why not on each that was passed over."""

    @property
    def is_not_due(self) -> bool:
        """Whether nothing was kept from the customer: the rule's own time between two actions is not over."""
        return self.verdict is Verdict.REFUSED and self.reason is Reason.COOLDOWN


class Passed(msgspec.Struct, frozen=True, gc=False):
    """An event for another customer, who may live on another partition."""

    topic: str
    customer: str
    body: bytes


class Outcome(msgspec.Struct):
    """What one event (or the timers of one customer) leads to."""

    actions: list[AnyAction] = msgspec.field(default_factory=list)
    decisions: list[Decision] = msgspec.field(default_factory=list)
    moves: list[Move] = msgspec.field(default_factory=list)
    """Where the customer came to stand, one after the other."""
    lessons: list[LabelledExample] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    """Integer contributions to the population tables."""
    codes: dict[str, int] = msgspec.field(default_factory=dict)
    """What operations count: duplicates, late events, caps reached, unknown receipts."""
    passed: list[Passed] = msgspec.field(default_factory=list)
    """Events that go to other customers."""


def encode_decision(decision: Decision) -> bytes:
    """The decision as JSON."""
    return msgspec.json.encode(decision)


def compress_decision(body: bytes) -> bytes:
    """The same decision in a sixth of the bytes."""
    return DECISIONS.pack(body)


def kept_decision(rule: str, body: bytes) -> bytes:
    """The same as it is kept beside its customer: marked by its rule, of which so many are remembered."""
    return _mark_of(rule) + compress_decision(body)


@lru_cache(maxsize=1_024)
def _mark_of(rule: str) -> bytes:
    return bytes([0, 1 + hash64(rule) % 255])


def decode_decision(body: bytes) -> Decision:
    """The decision in a JSON body, packed or not, marked or not."""
    return msgspec.json.decode(DECISIONS.unpack(body[2:] if body[:1] == b"\0" else body), type=Decision)
