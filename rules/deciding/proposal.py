"""What a rule proposes: one action for one occasion of one customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from rules.context import EventContext
from rules.fact_types import FactValue
from rules.facts import FactReader
from rules.rule import ActionPlan, Rule
from rules.templates.wording import Wording
from schemas.fields import Channel
from schemas.ids import action_key, digest, short_key
from schemas.outcome import Fact, Reason
from schemas.times import Millis

_LONGEST_OCCASION = 80
_ALWAYS_FROZEN = ("trigger.name", "trigger.ref", "trigger.hops")


class Proposal(msgspec.Struct, frozen=True, eq=False):
    """One action that a rule proposes."""

    rule: Rule
    plan: ActionPlan
    context: EventContext
    reader: FactReader
    occasion: str
    proposed: Millis
    """When it was first proposed."""
    expires: Millis
    key: bytes
    """The action id as 16 bytes."""
    released: bool = False
    """Whether a limit held it before."""
    chosen: Channel | None = None
    """The channel that the limits chose."""
    passed_over: dict[str, Reason] = {}
    """Why not on each of the rule's other channels, where it may use several."""

    @property
    def channel(self) -> Channel:
        """The channel it takes; the rule's first one before any is chosen."""
        return self.chosen or self.plan.terms.channels[0]

    def on(self, channel: Channel) -> Proposal:
        """The same on this channel."""
        return self if channel == self.channel else msgspec.structs.replace(self, chosen=channel)

    @property
    def id(self) -> str:
        """The action id."""
        return self.key.hex()

    def past(self, channels: Mapping[str, Reason]) -> Proposal:
        """The same with the channels that were passed over."""
        told = dict(channels) if len(self.plan.terms.channels) > 1 else {}
        return msgspec.structs.replace(self, passed_over=told) if told else self

    @property
    def is_marketing(self) -> bool:
        return self.rule.terms.purpose == "marketing"

    def siblings(self) -> Iterator[bytes]:
        """The short keys of the rule's other actions for this occasion."""
        for plan in self.rule.plans:
            if plan.index != self.plan.index:
                yield short_key(action_key(self.rule.id, self.context.record.id, self.occasion, plan.index))

    def frozen_facts(self) -> dict[str, str | int | float | bool]:
        """The facts of this moment that the rule will need when it is decided again."""
        names = {*_ALWAYS_FROZEN, *(name for name in self.rule.uses if self.reader.fact(name).frozen)}
        values = ((name, self.reader[name]) for name in sorted(names))
        return {name: value for name, value in values if not isinstance(value, list)}

    def public_facts(self) -> dict[str, Fact]:
        """The facts that the rule used, as the ledger may hold them: nothing personal."""
        public = (name for name in self.rule.uses if not self.reader.fact(name).personal)
        return {name: plain(self.reader[name]) for name in public}

    def reason(self) -> str:
        """Why, in words.

        Raises:
            MissingValue: a fact that the words need is empty.
        """
        return filled(self.rule.reason, self.reader)


def occasion_of(rule: Rule, reader: FactReader) -> str:
    """What the rule is done once for; a long one is shortened by a hash.

    Raises:
        MissingValue: a fact that it names is empty.
    """
    text = filled(rule.occasion, reader)
    return text if len(text) <= _LONGEST_OCCASION else f"{text[:40]}~{digest(text, size=12).hex()}"


def facts_of(wording: Wording) -> Iterator[str]:
    """The facts that a text for the store's own use needs: those of its slots, and the currency of amounts."""
    for slot in wording.slots:
        yield slot.name
        if slot.format == "money":
            yield currency_of(slot.name)


def currency_of(fact: str) -> str:
    """The fact that tells the currency of an amount."""
    return f"{fact.split('.')[0]}.currency"


def filled(wording: Wording, reader: FactReader) -> str:
    """A text for the store's own use, in English.

    Raises:
        MissingValue: a fact that it names is empty.
    """
    values = {name: plain(reader[name]) for name in facts_of(wording)}
    currency = next((value for name, value in values.items() if name.endswith(".currency")), "")
    return wording.fill({**values, "currency": currency})


def plain(value: FactValue) -> str | int | float | bool:
    """The value, a list as one text."""
    return ", ".join(value) if isinstance(value, list) else value
