"""What a rule file may hold, as pydantic models: names, types and bounds. ``rules.reading`` checks what it means."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from annotated_types import Len
from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from rules.defaults import Name, Section
from rules.durations import Duration
from rules.own import OwnAttributes, OwnEvents
from rules.texts.spoken import Variants
from schemas.fields import Channel, Currency, Label, Minor, Purpose

Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Condition = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
MessageChannel = Literal["email", "sms", "push"]


def _as_list(value: Any) -> Any:
    """One may be written without brackets."""
    return [value] if isinstance(value, str) else value


Channels = Annotated[tuple[MessageChannel, ...], Len(1, len(get_args(MessageChannel))), BeforeValidator(_as_list)]
ActionKind = Literal["coupon", "greeting", "message", "callback", "ticket"]

_FIXED_CHANNEL: dict[str, Channel] = {"callback": "call", "ticket": "desk"}


class CouponTerms(Section):
    """What a coupon gives: ``percent`` off, or ``amount`` in minor units of ``currency``."""

    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent off."""
    amount: Annotated[Minor, Field(ge=1)] | None = None
    """Amount off, in minor units of ``currency``."""
    currency: Currency | None = None
    """Currency of ``amount`` and ``minimum``."""
    minimum: Minor = 0
    """Smallest order it is good for, in minor units."""
    valid: Duration
    """How long it can be used."""
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,12}$")]
    """What its code begins with."""

    @model_validator(mode="after")
    def _either(self) -> CouponTerms:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("give either percent or amount")
        if (self.amount or self.minimum) and not self.currency:
            raise ValueError("amount and minimum need a currency")
        return self


class ActionTerms(Section):
    """One action of a rule."""

    kind: ActionKind
    """What it is; each kind has its own topic."""
    channel: Channels | None = None
    """The channel, or several of which the first is taken that the customer allows and can be reached on."""
    text: Name
    """Name of the text under ``texts``."""
    values: Annotated[dict[Name, Condition], Len(0, 20)] = Field(default_factory=dict)
    """Slot of the text to the CEL expression that gives its value."""
    coupon: CouponTerms | None = None
    """Terms of the coupon; needed for kind coupon, possible for kind greeting."""
    survey: Label | None = None
    """What the survey asks about, for kind message."""
    queue: Line | None = None
    """Queue of the desk, for kind ticket; may have slots for facts, as in ``complaints-{complaint.category}``."""
    urgency: Line | None = None
    """Urgency of the ticket; may be a slot for a fact."""
    due: Line | None = None
    """For callback and ticket: a span, such as ``4 hours``, or a slot for a fact that is a moment."""
    hours: Literal["waking", "any"] = "waking"
    """Whether it keeps quiet hours. Desks have none."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels to try, in order."""
        if self.kind in _FIXED_CHANNEL:
            return (_FIXED_CHANNEL[self.kind],)
        return self.channel or ("email",)

    @model_validator(mode="after")
    def _fits_kind(self) -> ActionTerms:
        for field, kinds, needed in _OF_KIND:
            given = getattr(self, field) is not None
            if given and self.kind not in kinds:
                raise ValueError(f"{field} does not belong to a {self.kind}")
            if not given and self.kind in needed:
                raise ValueError(f"a {self.kind} needs {field}")
        return self


_OF_KIND: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("channel", ("coupon", "greeting", "message"), ("coupon", "greeting", "message")),
    ("coupon", ("coupon", "greeting"), ("coupon",)),
    ("survey", ("message",), ()),
    ("queue", ("ticket",), ("ticket",)),
    ("urgency", ("ticket",), ("ticket",)),
    ("due", ("callback", "ticket"), ("callback", "ticket")),
)
"""Field, the kinds that may have it, the kinds that need it."""


class RuleTerms(Section):
    """A rule: what triggers it, when it applies, what to do, and how it gets along with others."""

    id: Name
    """Name of the rule. It is part of every action's id: a renamed rule acts again."""
    about: Line
    """What it is for, in one sentence."""
    on: Annotated[tuple[str, ...], Len(1, 12)]
    """What wakes it: event types or moments that tend notices."""
    when: Condition = "true"
    """CEL condition over the facts."""
    occasion: Line
    """What it is done once for, with slots for facts: ``{order.id}``, ``{now.year}``. Part of every action's id."""
    reason: Line
    """Why, in words with slots for facts; people read it in the ledger and on the customer's page."""
    purpose: Purpose
    """Marketing needs consent and is held while a complaint is open."""
    priority: Annotated[int, Field(ge=0, le=1_000)] = 500
    """Who goes first where several rules apply; the higher."""
    group: Name | None = None
    """Of a group, as the defaults name them, one rule acts at a time."""
    cooldown: Duration | Literal["once"] | None = None
    """Time in which the rule does not act for this customer again; ``once`` for never again."""
    expiry: Duration
    """How long after its occasion it may still be done."""
    same_day: bool = False
    """Whether it is of use on the local day of its trigger only: a greeting has the day it is for."""
    spread: Duration = 0
    """Time over which it is spread among customers, by a hash."""
    actions: Annotated[tuple[ActionTerms, ...], Len(1, 4)]
    """What to do, in order."""
    holdout: Any = None
    """Share of customers left out, to measure the effect. Not yet: refused when loaded."""
    budget: Any = None
    """Money that may be spent. Not yet: refused when loaded."""


class RuleFile(Section):
    """One file of a rulebook. Each part may stand in any file."""

    defaults: dict[str, Any] | None = None
    """Numbers that differ from the shipped ones; in one file only."""
    events: OwnEvents = Field(default_factory=dict)
    """Events of the store's own, by name."""
    attributes: OwnAttributes = Field(default_factory=dict)
    """Attributes of customers of the store's own, by name."""
    rules: Annotated[tuple[RuleTerms, ...], Len(0, 200)] = ()
    """The rules."""
    texts: Annotated[dict[Name, dict[str, Variants]], Len(0, 400)] = Field(default_factory=dict)
    """Name to language to text, or to several variants, of which the first is taken whose ``when`` applies."""
    words: Annotated[dict[str, dict[str, Line]], Len(0, 400)] = Field(default_factory=dict)
    """Name (of a tier, a festival, a category) to language to what texts call it."""
