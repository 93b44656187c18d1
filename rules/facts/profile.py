"""Which facts judge the customer rather than tell what was agreed: who objects gets no marketing chosen by these.

A count of orders, an order, a cart or a coupon tells what was bought and promised. How much and how often somebody
buys, what they look at, how old they are and where they live is a profile of them (GDPR, Article 4 (4)).
"""

from __future__ import annotations

from typing import Final

from rules.fact_types import FactType, FactValue
from rules.facts.fact import Fact

_GROUPS: Final = ("segment", "tier", "rhythm", "browsing", "satisfaction", "attribute")
_SINGLE: Final = frozenset((
    "profile.region", "profile.age_band", "profile.income_band", "profile.household_size", "profile.tags",
    "orders.spent", "orders.average", "orders.year_count", "orders.year_spent", "orders.days_since_last",
    "orders.days_since_first", "churn.known", "churn.probability", "churn.low", "churn.high", "churn.cause",
    "trigger.previous",
))  # fmt: skip
PROFILED_MOMENTS: Final = frozenset(
    ("churn.scored", "rhythm.quiet", "stage.changed", "tier.upgraded", "tier.downgraded")
)
"""Triggers that come of a profile."""
_NOTHING: Final[dict[FactType, FactValue]] = {
    FactType.STRING: "", FactType.INT: 0, FactType.DOUBLE: 0.0, FactType.BOOL: False, FactType.STRINGS: [],
}  # fmt: skip


def of_profile(fact: Fact) -> bool:
    """Whether a fact judges the customer."""
    return fact.name in _SINGLE or fact.name.partition(".")[0] in _GROUPS


def nothing_known(fact: Fact) -> FactValue:
    """What it says of somebody of whom nothing is known."""
    return _NOTHING[fact.kind]
