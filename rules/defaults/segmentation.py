"""Numbers about who customers are and where they stand: place, scores, tiers, segments, stages."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rules.defaults.brand import Line, Tongue
from rules.defaults.section import Days, Minutes, Name, Section, Steps, ZoneName
from schemas.actions import LocalTime
from schemas.fields import Locale
from schemas.times import MINUTE, Millis


class Place(Section):
    """Where the store is, for customers who have not told."""

    zone: ZoneName
    """IANA time zone taken where a customer's is not known."""
    locale: Locale
    """BCP 47 language taken where a customer's is not known, or has no text."""
    greeting_time: LocalTime
    """Local time of birthday and festival greetings. Mid-morning: awake, and before the day's offers."""
    spread: Minutes
    """Minutes over which greetings of one moment are spread by a hash of the customer: senders are not flooded."""
    leap_day: Literal["02-28", "03-01"]
    """Month and day on which somebody born on 29 February is greeted in other years; laws say the one or the other."""

    @property
    def spread_millis(self) -> Millis:
        return self.spread * MINUTE


class Rfm(Section):
    """Scores of 1 to 5 for recency, frequency and money, over the last 52 weeks."""

    recency_days: Steps
    """Days since the last order: score 5 up to the first step, then 4, 3, 2, and 1 beyond the last."""
    frequency_orders: Steps
    """Orders in 52 weeks: score 1 below the first step, 2 from it on, up to 5 from the last."""
    monetary_minor: Steps
    """Spent in 52 weeks, in minor units: score 1 below the first step, up to 5 from the last."""

    def recency(self, days: int) -> int:
        """The score for so many days since the last order."""
        return 5 - bisect_left(self.recency_days, days)

    def frequency(self, orders: int) -> int:
        """The score for so many orders."""
        return 1 + bisect_right(self.frequency_orders, orders)

    def monetary(self, spent: int) -> int:
        """The score for so much money, in minor units."""
        return 1 + bisect_right(self.monetary_minor, spent)


class Tier(Section):
    """A tier, reached with a sum of the three RFM scores (3 to 15) of at least ``score``."""

    name: Name
    """Name of the tier."""
    score: Annotated[int, Field(ge=0, le=15)]
    """Smallest sum of the scores for recency, frequency and money."""
    benefits: dict[Tongue, Line] = Field(default_factory=dict)
    """What it brings, by language; an upgrade is told only where it brings something."""


class TierMoves(Section):
    """How tiers hold still: what is deserved for a moment neither lifts nor drops a customer."""

    qualify_days: Annotated[int, Field(ge=0, le=400)] = 28
    """Days for which a higher tier must have been deserved before the customer rises to it."""
    stay_days: Annotated[int, Field(ge=0, le=400)] = 182
    """Days between two moves, at least; only an order that is taken back moves a customer sooner."""
    grace_days: Annotated[int, Field(ge=0, le=400)] = 91
    """Days for which the tier must no longer have been deserved before the customer falls."""


class Segments(Section):
    """Value and activity segments."""

    middle_value: Annotated[int, Field(ge=0)]
    """Spent in 52 weeks, in minor units, from which a customer's value is ``middle`` rather than ``low``."""
    high_value: Annotated[int, Field(ge=0)]
    """From which it is ``high``: worth a call by a person."""
    active_days: Days
    """Up to so many days after the last order the customer is ``active``, then ``cooling``."""
    dormant_days: Days
    """From so many days after the last order the customer is ``dormant``."""

    @model_validator(mode="after")
    def _ordered(self) -> Segments:
        if self.middle_value > self.high_value:
            raise ValueError("middle_value must not be above high_value")
        if self.active_days >= self.dormant_days:
            raise ValueError("active_days must be below dormant_days")
        return self

    def value(self, spent: int) -> str:
        """The value segment for what was spent in 52 weeks, in minor units."""
        return "high" if spent >= self.high_value else "middle" if spent >= self.middle_value else "low"

    def activity(self, days: int | None) -> str:
        """The activity segment for so many days since the last order; None for no order yet."""
        if days is None:
            return "none"
        return "active" if days <= self.active_days else "cooling" if days < self.dormant_days else "dormant"


class RhythmNumbers(Section):
    """When a customer is quiet for longer than their own rhythm explains."""

    usual_days: Days = 30
    """Days between two orders, for customers of whom little is known."""
    usual_spread: Annotated[float, Field(gt=0, le=3)] = 0.7
    """Spread of these gaps, as that of their logarithms: two thirds lie within a factor of two."""
    weight: Annotated[float, Field(gt=0, le=50)] = 1.0
    """Gaps of their own that these two count as much as."""
    quiet_times: Annotated[float, Field(ge=1, le=50)] = 2.0
    """Usual gaps without an order from which a customer may be quiet."""
    spreads: Annotated[float, Field(ge=0, le=5)] = 1.5
    """Spreads beyond the usual gap that it must be as well: who orders at odd times is not quiet so soon."""
    least_orders: Annotated[int, Field(ge=2, le=100)] = 3
    """Orders from which there is a rhythm at all."""


class Stages(Section):
    """Life cycle: prospect, first, repeat, loyal, at_risk, dormant, won_back."""

    loyal_orders: Annotated[int, Field(ge=2, le=1_000)]
    """Orders in 52 weeks from which a repeat customer is loyal."""
    at_risk_days: Days
    """Days without an order after which the customer is at risk, however low the probability of churn."""
    at_risk_churn: Annotated[float, Field(gt=0, lt=1)]
    """Probability of churn from which the customer is at risk before that; only where the score is trusted."""
    dormant_days: Days
    """Days without an order after which the customer is dormant."""
    won_back_days: Days
    """How long somebody who came back from dormancy counts as won back."""

    @model_validator(mode="after")
    def _ordered(self) -> Stages:
        if self.at_risk_days >= self.dormant_days:
            raise ValueError("at_risk_days must be below dormant_days")
        return self
