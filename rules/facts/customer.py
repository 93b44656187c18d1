"""Facts about who the customer is and where they stand."""

from __future__ import annotations

from rules.context import EventContext
from rules.defaults import Defaults
from rules.fact_types import FactType
from rules.facts.fact import Fact
from rules.languages import said_in
from schemas.readings import ACTIVITIES, STAGES, VALUES, may_profile
from schemas.times import DAY, Millis

NEVER = 99_999
"""Days since something that never happened: far beyond any threshold."""


def days_since(moment: Millis, at: Millis) -> int:
    """Whole days from ``moment`` to ``at``; ``NEVER`` where the moment is 0."""
    return max(0, (at - moment) // DAY) if moment else NEVER


def _benefits(context: EventContext) -> str:
    """What the tier brings, in the customer's language."""
    defaults = context.rulebook.defaults
    tier = next((one for one in defaults.tiers if one.name == context.record.segment.tier), None)
    locale = context.record.profile.locale or defaults.place.locale
    return (said_in(locale, tier.benefits) or "") if tier else ""


def _tiers(defaults: Defaults) -> tuple[str, ...]:
    return tuple(tier.name for tier in defaults.tiers)


def _rfm(context: EventContext, divisor: int) -> int:
    return context.record.segment.rfm // divisor % 10


CUSTOMER = (
    Fact("profile.name", FactType.STRING, "text", "the customer's name, as they want to be addressed",
         lambda s: s.record.profile.name, unknown="empty", personal=True, optional=True),
    Fact("profile.has_name", FactType.BOOL, "yes or no", "whether the customer has told a name",
         lambda s: s.record.profile.name != ""),
    Fact("profile.locale", FactType.STRING, "BCP 47", "the customer's language",
         lambda s: s.record.profile.locale, unknown="empty", optional=True),
    Fact("profile.region", FactType.STRING, "text", "the customer's region, as the store names it",
         lambda s: s.record.profile.region, unknown="empty", optional=True),
    Fact("profile.age_band", FactType.STRING, "text", "the customer's age group, as the store names it",
         lambda s: s.record.profile.age_band, unknown="empty", personal=True, optional=True),
    Fact("profile.income_band", FactType.STRING, "text", "the customer's income group, as the store names it",
         lambda s: s.record.profile.income_band, unknown="empty", personal=True, optional=True),
    Fact("profile.household_size", FactType.INT, "persons", "persons in the customer's household",
         lambda s: s.record.profile.household_size, unknown="0"),
    Fact("profile.tags", FactType.STRINGS, "texts", "tags that the store gave the customer",
         lambda s: list(s.record.profile.tags), unknown="empty list"),
    Fact("profile.registered", FactType.BOOL, "yes or no", "whether the customer has opened an account",
         lambda s: s.record.profile.registered > 0),
    Fact("profile.may_profile", FactType.BOOL, "yes or no",
         "whether marketing may be chosen by the customer's profile: unless they have objected",
         lambda s: may_profile(s.record.consents)),
    Fact("profile.registered_days", FactType.INT, "days", "whole days since the customer opened an account",
         lambda s: days_since(s.record.profile.registered, s.at), unknown=str(NEVER)),
    Fact("segment.tier", FactType.STRING, "name", "the customer's tier, as the defaults name them",
         lambda s: s.record.segment.tier, unknown="empty before the first event", choices=_tiers),
    Fact("tier.benefits", FactType.STRING, "text", "what the tier brings, in the customer's language", _benefits,
         unknown="empty"),
    Fact("segment.tier_rank", FactType.INT, "1 = lowest", "place of the customer's tier among the tiers",
         lambda s: s.rulebook.defaults.rank(s.record.segment.tier), unknown="0"),
    Fact("segment.stage", FactType.STRING, "name", "the customer's stage of life: " + ", ".join(STAGES),
         lambda s: s.record.segment.stage, unknown="empty before the first event", choices=lambda _: STAGES),
    Fact("segment.activity", FactType.STRING, "name", "how recently the customer bought: " + ", ".join(ACTIVITIES),
         lambda s: s.record.segment.activity, unknown="empty before the first event", choices=lambda _: ACTIVITIES),
    Fact("segment.value", FactType.STRING, "name", "what the customer spent in 52 weeks: " + ", ".join(VALUES),
         lambda s: s.record.segment.value, unknown="empty before the first event", choices=lambda _: VALUES),
    Fact("segment.recency", FactType.INT, "1 to 5", "score for how recently the customer bought",
         lambda s: _rfm(s, 100), unknown="0"),
    Fact("segment.frequency", FactType.INT, "1 to 5", "score for how often the customer buys",
         lambda s: _rfm(s, 10), unknown="0"),
    Fact("segment.monetary", FactType.INT, "1 to 5", "score for how much the customer spends",
         lambda s: _rfm(s, 1), unknown="0"),
)  # fmt: skip
