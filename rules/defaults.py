"""All numbers that a store would change, typed and bounded; their values stand in ``packs/defaults.yaml``.

Each field says its unit and why the shipped value is what it is. The documentation is made from here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from annotated_types import Len
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rules.zones import is_zone
from schemas.actions import LocalTime
from schemas.fields import Channel, ComplaintCategory, ConsentChannel, Locale, Urgency
from schemas.record import MAX_SENT
from schemas.times import DAY, HOUR, MINUTE, Millis


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin")
    return name


def _rising(steps: tuple[int, ...]) -> tuple[int, ...]:
    if list(steps) != sorted(set(steps)):
        raise ValueError("each step must be larger than the one before")
    return steps


Days = Annotated[int, Field(ge=1, le=3_650)]
Hours = Annotated[int, Field(ge=1, le=8_760)]
Minutes = Annotated[int, Field(ge=0, le=10_080)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Steps = Annotated[tuple[int, ...], Len(4, 4), AfterValidator(_rising)]
ZoneName = Annotated[str, AfterValidator(_zone)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Section(BaseModel):
    """A group of settings: immutable, complete, without unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


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
        return 5 - sum(days > step for step in self.recency_days)

    def frequency(self, orders: int) -> int:
        """The score for so many orders."""
        return 1 + sum(orders >= step for step in self.frequency_orders)

    def monetary(self, spent: int) -> int:
        """The score for so much money, in minor units."""
        return 1 + sum(spent >= step for step in self.monetary_minor)


class Tier(Section):
    """A tier, reached with a sum of the three RFM scores (3 to 15) of at least ``score``."""

    name: Name
    """Name of the tier."""
    score: Annotated[int, Field(ge=0, le=15)]
    """Smallest sum of the scores for recency, frequency and money."""


class Segments(Section):
    """Value and activity segments."""

    middle_value: Annotated[int, Field(ge=0)]
    """Spent in 52 weeks, in minor units, from which a customer's value is ``middle`` rather than ``low``."""
    high_value: Annotated[int, Field(ge=0)]
    """From which it is ``high``: worth a call by a person."""
    active_days: Days
    """Up to so many days after her last order she is ``active``, then ``cooling``."""
    dormant_days: Days
    """From so many days after her last order she is ``dormant``."""

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


class Stages(Section):
    """Life cycle: prospect, first, repeat, loyal, at_risk, dormant, won_back."""

    loyal_orders: Annotated[int, Field(ge=2, le=1_000)]
    """Orders in 52 weeks from which a repeat customer is loyal."""
    at_risk_days: Days
    """Days without an order after which she is at risk, however likely she looks."""
    at_risk_churn: Annotated[float, Field(gt=0, lt=1)]
    """Probability of churn from which she is at risk before that; only where the score is trusted."""
    dormant_days: Days
    """Days without an order after which she is dormant."""
    won_back_days: Days
    """How long somebody who came back from dormancy counts as won back."""

    @model_validator(mode="after")
    def _ordered(self) -> Stages:
        if self.at_risk_days >= self.dormant_days:
            raise ValueError("at_risk_days must be below dormant_days")
        return self


class Carts(Section):
    """Carts left behind."""

    delay: Minutes
    """Minutes without a touch after which a cart counts as left; an hour lets most people finish by themselves."""
    forget_days: Days
    """Days after which a cart nobody touched is forgotten."""
    visit_gap: Minutes
    """Minutes without a browsing event after which the next one begins a new visit; 30 is the usual web session."""

    @property
    def delay_millis(self) -> Millis:
        return self.delay * MINUTE

    @property
    def forget_millis(self) -> Millis:
        return self.forget_days * DAY

    @property
    def visit_gap_millis(self) -> Millis:
        return self.visit_gap * MINUTE


class Orders(Section):
    """What follows an order."""

    survey_hours: Hours
    """Hours after a delivery until she is asked about it: time to unpack."""
    second_order_days: Days
    """Days after a first order until she is asked for a second."""
    late_grace_hours: Annotated[int, Field(ge=0, le=720)]
    """Hours after the promise from which a delivery counts as late."""

    @property
    def survey_millis(self) -> Millis:
        return self.survey_hours * HOUR

    @property
    def second_order_millis(self) -> Millis:
        return self.second_order_days * DAY

    @property
    def late_grace_millis(self) -> Millis:
        return self.late_grace_hours * HOUR


class Complaints(Section):
    """Urgency and deadlines of complaints."""

    urgency: dict[ComplaintCategory, Urgency]
    """Urgency of each category, where the event does not tell it."""
    deadline_hours: dict[Urgency, Hours]
    """Hours until a complaint must be resolved, by urgency."""
    follow_up_hours: Hours
    """Hours after closing until she is asked whether it is really settled."""
    recheck_hours: Hours
    """Hours after which marketing held by an open complaint is decided again, also when it is not closed."""

    @model_validator(mode="after")
    def _complete(self) -> Complaints:
        missing = [*_missing(ComplaintCategory, self.urgency), *_missing(Urgency, self.deadline_hours)]
        if missing:
            raise ValueError(f"no entry for {', '.join(missing)}")
        return self

    def deadline_millis(self, urgency: str) -> Millis:
        """How long there is to resolve a complaint of this urgency."""
        return self.deadline_hours[urgency] * HOUR  # type: ignore[index]  # the record keeps urgencies as plain text

    @property
    def follow_up_millis(self) -> Millis:
        return self.follow_up_hours * HOUR

    @property
    def recheck_millis(self) -> Millis:
        return self.recheck_hours * HOUR


def _missing(names: object, table: object) -> list[str]:
    return [name for name in getattr(names, "__args__", ()) if name not in table]  # type: ignore[operator]  # both dicts


class Points(Section):
    """Loyalty points."""

    minor_per_point: Annotated[int, Field(ge=1, le=1_000_000)]
    """Minor units to spend for one point."""
    lapse_days: Days
    """Days after which points lapse. All points of one calendar month lapse together."""
    reminder_days: Days
    """Days before points lapse at which she is reminded."""

    @property
    def lapse_millis(self) -> Millis:
        return self.lapse_days * DAY

    @property
    def reminder_millis(self) -> Millis:
        return self.reminder_days * DAY


class Coupons(Section):
    """Coupons that tend gives out."""

    reminder_days: Days
    """Days before a coupon lapses at which its holder is reminded."""

    @property
    def reminder_millis(self) -> Millis:
        return self.reminder_days * DAY


class Quiet(Section):
    """Local hours in which customers are left alone."""

    earliest: LocalTime
    """Local time from which she may be reached."""
    latest: LocalTime
    """Local time from which she may not be reached any more."""
    channels: tuple[ConsentChannel, ...]
    """Channels that keep quiet hours."""

    @model_validator(mode="after")
    def _ordered(self) -> Quiet:
        if self.earliest >= self.latest:
            raise ValueError("earliest must be before latest, on the same day")
        return self


class Cap(Section):
    """At most ``count`` actions in any ``days`` days in a row."""

    channel: ConsentChannel | Literal["any"]
    """The channel it counts, or ``any`` for all channels to the customer together."""
    purpose: Literal["service", "marketing", "any"]
    """The purpose it counts, or ``any``."""
    count: Annotated[int, Field(ge=1, le=MAX_SENT)]
    """Actions allowed in the window. The record remembers the last 12, so no more can be counted."""
    days: Annotated[int, Field(ge=1, le=90)]
    """Length of the rolling window in days."""
    then: Literal["hold", "refuse"]
    """What happens to one more: held until there is room, or refused."""

    def counts(self, channel: str, purpose: str) -> bool:
        """Whether an action on this channel and for this purpose counts."""
        return channel != "desk" and self.channel in ("any", channel) and self.purpose in ("any", purpose)

    @property
    def window(self) -> Millis:
        return self.days * DAY


class Group(Section):
    """Rules of which a customer gets at most one action at a time."""

    name: Name
    """Name that rules refer to."""
    days: Annotated[int, Field(ge=0, le=90)]
    """For so many days after one rule of the group acted, the others do not."""

    @property
    def window(self) -> Millis:
        return self.days * DAY


class Consents(Section):
    """What is allowed where she has said nothing."""

    service: tuple[ConsentChannel, ...]
    """Channels on which service messages go unless she withdrew. Marketing always needs a grant."""


class Festival(Section):
    """A day on which customers are greeted."""

    id: Name
    """Name that the words for it are found by."""
    calendar: Literal["solar", "lunar"]
    """Which calendar ``date`` belongs to."""
    date: MonthDay
    """Month and day, as MM-DD. A day 30 that a lunar month has not is its last day."""
    languages: tuple[Language, ...] = ()
    """Languages whose speakers keep it; empty for everybody."""
    regions: tuple[str, ...] = ()
    """Regions, as profiles name them, in which it is kept; empty for all."""


class Duplicates(Section):
    """How many event ids are remembered, per generation; two generations are kept."""

    browse: Annotated[int, Field(ge=8, le=64)]
    """Browsing events: 5 bytes each in the record, up to twice this many; 8 hold about a visit."""
    others: Annotated[int, Field(ge=8, le=64)]
    """All other events, likewise."""


class Defaults(Section):
    """The numbers of a store."""

    place: Place
    rfm: Rfm
    tiers: Annotated[tuple[Tier, ...], Len(1, 8)]
    """From the lowest to the highest."""
    segments: Segments
    stages: Stages
    carts: Carts
    orders: Orders
    complaints: Complaints
    points: Points
    coupons: Coupons
    quiet: Quiet
    consents: Consents
    caps: Annotated[tuple[Cap, ...], Len(0, 12)]
    groups: Annotated[tuple[Group, ...], Len(0, 24)]
    festivals: Annotated[tuple[Festival, ...], Len(0, 24)]
    duplicates: Duplicates

    @model_validator(mode="after")
    def _consistent(self) -> Defaults:
        if self.tiers[0].score != 0 or [tier.score for tier in self.tiers] != sorted({t.score for t in self.tiers}):
            raise ValueError("tiers: scores must begin at 0 and rise from tier to tier")
        for what, names in (
            ("tiers", [tier.name for tier in self.tiers]),
            ("groups", [group.name for group in self.groups]),
            ("festivals", [festival.id for festival in self.festivals]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what}: a name stands twice")
        return self

    def tier(self, score: int) -> str:
        """The tier for a sum of RFM scores."""
        return [tier.name for tier in self.tiers if score >= tier.score][-1]

    def rank(self, tier: str) -> int:
        """Place of a tier, 1 for the lowest; 0 for none or one that no longer exists."""
        return next((rank for rank, one in enumerate(self.tiers, 1) if one.name == tier), 0)


def caps_of(defaults: Defaults, channel: Channel, purpose: str) -> tuple[Cap, ...]:
    """The caps that count an action on this channel and for this purpose."""
    return tuple(cap for cap in defaults.caps if cap.counts(channel, purpose))
