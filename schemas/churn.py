"""The nouns of churn: what a record remembers for it, the questions that wait, the lessons, and the learner's state.

Churn means: no order within the horizon from now. Records and lessons are encoded as arrays without names,
so the order of fields is the format; the version stands in what contains them.
"""

from __future__ import annotations

import msgspec

from schemas.times import WEEK, Millis

Days = int
"""A horizon, in days (7 to 365)."""

Seconds = int
"""A moment in whole seconds since 1970 (UTC)."""

Counts = dict[str, int]
"""Integer contributions to the population tables; lanes add them up, in any order."""


class Signals(msgspec.Struct, array_like=True, gc=False):
    """Decayed sums of what is not an order, in ten-thousandths, as of the start of ``day``.

    A customer without such signals has none of it. Sums are brought forward by whole days only: so small a change
    as that of a minute would be lost in rounding, again and again.
    """

    day: int = 0
    """The day the sums are decayed to, counted from 1970 (UTC)."""
    visits_week: int = 0
    """Visits and cart changes, decayed with a time constant of 7 days."""
    visits_season: int = 0
    """The same with 60 days: what is usual."""
    late: int = 0
    """Late deliveries, 90 days."""
    complaints: int = 0
    """Complaints opened, 90 days."""
    open_complaints: int = 0
    """How many, in ones."""
    satisfaction: int = 0
    """Sum of ratings minus the middle (each from -1 to 1), 180 days."""
    ratings: int = 0
    """How many ratings, 180 days."""
    returns: int = 0
    """Orders returned, 90 days."""


class Buying(msgspec.Struct, array_like=True, gc=False):
    """What of a customer's purchase history the model needs, bounded at any number of orders.

    It is kept for every customer, so it is all small integers: 70 bytes after a year of weekly orders.
    """

    orders: int = 0
    first: Seconds = 0
    """The first order, in seconds since 1970."""
    last: Seconds = 0
    """The customer's last order."""
    gaps: list[int] = msgspec.field(default_factory=list)
    """The gaps between the customer's last orders, newest last, at most seven, in quarters of an hour. Orders are
    placed on that grid first, so that the sum of gaps is never off by more than one."""
    counts: list[int] = msgspec.field(default_factory=list)
    """Orders after the first in thousandths, decayed to the last order with each of the features' time constants."""
    lengths: list[int] = msgspec.field(default_factory=list)
    """How many gaps between orders ended in each bin of length (``streams.churn.tables``), short ones first."""
    log_gaps: int = 0
    """Sum of the natural logarithms of 1 + gap in days, in hundredths."""
    log_gaps_squared: int = 0
    """Sum of their squares, in hundredths."""
    log_amounts: int = 0
    """Sum of the natural logarithms of 1 + amount in minor units, in hundredths."""
    log_amount: int = 0
    """That logarithm for the last order, in hundredths."""
    counted: int = -1
    """The last bin of the open gap that the population tables were told of; -1 for none."""
    signals: Signals | None = None


class Question(msgspec.Struct, array_like=True, gc=False):
    """A prediction point that waits for its outcome: that of the first half of its horizon, then that of the whole."""

    asked_at: Seconds
    horizon: Days
    """The horizon it was asked for."""
    part: int
    """What it teaches next: 1 the outcome after the first half, 0 that after the whole horizon."""
    points: int
    """How many points its window has seen: the weight of the one kept."""
    packed: bytes
    """The prediction and the features of that moment (``streams.churn.packing``), a byte each."""


class Asked(msgspec.Struct, array_like=True, gc=False):
    """The customer's open questions, at most four for each horizon."""

    questions: list[Question] = msgspec.field(default_factory=list)


class Lesson(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A question with its outcome, known at ``asked_at`` + ``horizon`` (or its half, for part 1) and not before."""

    customer: str
    asked_at: Millis
    horizon: Days
    part: int
    features: bytes
    """As packed in the question, prediction included."""
    churned: bool
    """True where no order came by then."""
    weight: int


class Tick(msgspec.Struct, frozen=True):
    """When the silent are asked: at ``origin`` + k * ``period``, each customer ``spread`` later at most, by a hash."""

    origin: Millis = 0
    period: Millis = WEEK
    spread: Millis = 0


class Beside(msgspec.Struct, frozen=True, gc=False):
    """What a candidate says at the same moment (``streams.churn.shadow``); nobody acts on it."""

    version: int
    log_odds: float
    features: tuple[float, ...]


class Score(msgspec.Struct, frozen=True, gc=False):
    """A churn probability, how sure it is, and what it was made from."""

    p: float
    """Probability of no order within the horizon."""
    low: float
    """Lower end of the 90 % interval of ``p``."""
    high: float
    trusted: bool
    """Whether quality is good enough to act on without a person; see ``ChurnState``."""
    labels_seen: int
    """Lessons learned so far for this horizon."""
    log_odds: float
    """Of ``p``, before calibration."""
    features: tuple[float, ...]
    history: tuple[int, float, float]
    """Orders after the first; days from the first order to the last, and to now."""
    version: int
    """Of the features."""
    beside: Beside | None = None


class Cause(msgspec.Struct, frozen=True):
    """One reason why a score is higher than it would be for a comparable customer without it."""

    code: str
    words: str
    share: float
    """Its part of what raises the score, in (0, 1]."""


class Learned(msgspec.Struct, array_like=True):
    """A Gaussian belief about weights: little-endian float64, the covariance row by row."""

    mean: bytes = b""
    covariance: bytes = b""
    lessons: int = 0
    weight: float = 0.0
    """Sum of the weights learned."""


class Quality(msgspec.Struct):
    """Live quality on matured questions, each predicted before its outcome was known."""

    lessons: float = 0.0
    """Decayed weight of the lessons behind the figures."""
    log_loss: float = 0.0
    """Decayed mean, natural logarithm."""
    base_loss: float = 0.0
    """What always predicting the base rate would lose."""
    brier: float = 0.0
    rate: float = 0.0
    """Share that churned."""
    auc: float = 0.5
    calibration_error: float = 0.0
    """Mean absolute gap between predicted and observed over ten equal bins, weighted (ECE)."""


class HorizonState(msgspec.Struct):
    """What is learned for one horizon."""

    horizon: Days
    learned: dict[str, Learned] = msgspec.field(default_factory=dict)
    """Estimators by name."""
    bins: list[list[float]] = msgspec.field(default_factory=list)
    """For quality: per bin of p, decayed sums of weight, p and outcome."""
    quality: Quality = msgspec.field(default_factory=Quality)
    losses: list[float] = msgspec.field(default_factory=list)
    """Mean excess log loss of some outcomes each, newest last: what the drift detector is rebuilt from."""
    bucket: tuple[float, float] = (0.0, 0.0)
    """Weight and excess of the outcomes that wait to become such a mean."""
    gain: float = 0.0
    """Decayed mean of the log loss that calibration would have saved; it is applied while this is positive."""
    grown: int = -1
    """The epoch in which the model had its first few hundred lessons; -1 before."""
    drifts: int = 0
    """Drifts noticed so far."""
    wary_until: int = -1
    """No automation up to this epoch, because of a drift."""
    trusted: bool = False


class Trial(msgspec.Struct):
    """A candidate's predictions against those in force, at the same moments, for one horizon."""

    lessons: int = 0
    saved: float = 0.0
    """Weighted log loss in force less that of the candidate."""


class Candidate(msgspec.Struct):
    """A model of another version of the features, which learns the same lessons until it has proved better."""

    features_version: int
    horizons: list[HorizonState]
    trials: list[Trial]


class ChurnState(msgspec.Struct, dict=True):
    """All that the churn learner knows, as it travels in the almanac. Lanes read it and never change it."""

    features_version: int
    horizons: list[HorizonState]
    epoch: int = -1
    """The last epoch learned."""
    epoch_length: Millis = 86_400_000
    tables: dict[str, float] = msgspec.field(default_factory=dict)
    """Population tables: contributions added up, with forgetting."""
    cap: int = 50_000
    """At most so many lessons are learned per epoch; more are sampled without bias."""
    candidate: Candidate | None = None
    """While this tend computes newer features than those in force."""
