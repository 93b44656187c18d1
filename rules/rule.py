"""A rule that was checked, ready to be evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rules.expression import Expression
from rules.languages import best
from rules.schema import ActionTerms, RuleTerms
from rules.templates.shown import Missing
from rules.templates.wording import Wording
from rules.texts.script import Script
from schemas.ids import hash64
from schemas.times import Millis

PASSING: Final = frozenset(
    ("trigger.ref", "trigger.event", "order.id", "complaint.id", "coupon.code", "cart.id", "now.date")
)
"""Facts that name something which passes and does not come again."""


def rule_hash(rule: str) -> int:
    """The 32 bits by which records remember a rule."""
    return hash64("rule", rule) & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Text:
    """What to say, by language."""

    name: str
    variants: dict[str, tuple[Script, ...]]
    """Locale, in lower case, to scripts; of these the first that applies."""
    locales: dict[str, str]
    """Locale in lower case to how the file spells it."""

    def best(self, *wanted: str) -> str:
        """The language for the first of these locales that the text speaks.

        Raises:
            Missing: it speaks none of them.
        """
        found = best(self.variants, *wanted)
        if found is None:
            raise Missing(f"text {self.name!r} is not there in {' or '.join(wanted)}")
        return found

    @property
    def asks(self) -> frozenset[str]:
        """Everything that its templates ask for."""
        return frozenset(name for scripts in self.variants.values() for script in scripts for name in script.asks)


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """One action of a rule."""

    index: int
    terms: ActionTerms
    text: Text
    values: dict[str, Expression]
    queue: Wording | None
    urgency: Wording | None
    due: Wording | Millis | None
    """A slot for a fact that is a moment, or a span."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    terms: RuleTerms
    file: str
    when: Expression
    occasion: Wording
    reason: Wording
    plans: tuple[ActionPlan, ...]
    uses: tuple[str, ...]
    """The facts that its condition, occasion, reason and texts use."""
    hash: int

    @property
    def recurs(self) -> bool:
        """Whether an occasion can come again after others, as a quarter does and an order does not."""
        return not any(slot.name in PASSING for slot in self.occasion.slots)

    @property
    def id(self) -> str:
        return self.terms.id

    @property
    def on(self) -> tuple[str, ...]:
        return self.terms.on
