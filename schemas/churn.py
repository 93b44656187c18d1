"""The nouns of churn: what a record remembers for it, pending labels, examples, and the learner's state.

Churn means: no order within the horizon from now. Records and examples are encoded as arrays without names,
so the order of fields is the format; the version stands in what contains them.
"""

from __future__ import annotations

import msgspec

from schemas.ids import fraction
from schemas.times import WEEK, Millis

Days = int
"""A horizon, in days (7 to 365)."""

Seconds = int
"""A moment in whole seconds since 1970 (UTC)."""

Counts = dict[str, int]
"""Integer contributions to the population statistics; lanes add them up, in any order."""


class Signals(msgspec.Struct, array_like=True, gc=False):
    """Decayed sums of what is not an order, in ten-thousandths, as of the start of ``day``.

    A customer without such signals has none. Sums are brought forward by whole days only: so small a change
    as that of a minute would be lost in rounding, again and again.
    """

    day: int = 0
    """The day the sums are decayed to, counted from 1970 (UTC)."""
    visits_week: int = 0
    """Visits and cart changes, decayed with a time constant of 7 days."""
    visits_season: int = 0
    """The same with 60 days: what is usual for the customer."""
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


class PurchaseFeatures(msgspec.Struct, array_like=True, gc=False):
    """What of a customer's purchase history the model needs, bounded at any number of orders.

    It is kept for every customer, so it is all small integers: 70 bytes after a year of weekly orders.
    """

    orders: int = 0
    first: Seconds = 0
    """The first order, in seconds since 1970."""
    last: Seconds = 0
    """The last order."""
    gaps: list[int] = msgspec.field(default_factory=list)
    """The gaps between the last orders, newest last, at most seven, in quarters of an hour. Orders are
    placed on that grid first, so that the sum of gaps is never off by more than one."""
    counts: list[int] = msgspec.field(default_factory=list)
    """Orders after the first in thousandths, decayed to the last order with each of the features' time constants."""
    lengths: list[int] = msgspec.field(default_factory=list)
    """How many gaps between orders ended in each bin of length (``population_stats``), short ones first."""
    log_gaps: int = 0
    """Sum of the natural logarithms of 1 + gap in days, in hundredths."""
    log_gaps_squared: int = 0
    """Sum of their squares, in hundredths."""
    log_amounts: int = 0
    """Sum of the natural logarithms of 1 + amount in minor units, in hundredths."""
    log_amount: int = 0
    """That logarithm for the last order, in hundredths."""
    counted: int = -1
    """The last bin of the open gap that is in the population statistics; -1 for none."""
    signals: Signals | None = None


class PendingLabel(msgspec.Struct, array_like=True, gc=False):
    """A prediction point that waits for its outcome: that of the first half of its horizon, then that of the whole."""

    predicted_at: Seconds
    horizon: Days
    """The horizon it is about."""
    part: int
    """What it teaches next: 1 the outcome after the first half, 0 that after the whole horizon."""
    points: int
    """How many points its window has seen: the weight of the one kept."""
    packed: bytes
    """The prediction and the features of that moment (``streams.churn.packing``), a byte each."""


class PendingLabels(msgspec.Struct, array_like=True, gc=False):
    """What waits for its outcome, at most four for each horizon."""

    labels: list[PendingLabel] = msgspec.field(default_factory=list)


class LabelledExample(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A prediction with its outcome, known at ``predicted_at`` + ``horizon`` (its half, for part 1), not before."""

    customer: str
    predicted_at: Millis
    horizon: Days
    part: int
    features: bytes
    """As packed in the pending label, prediction included."""
    churned: bool
    """True where no order came by then."""
    weight: int


class Tick(msgspec.Struct, frozen=True):
    """When the silent are scored: at ``origin`` + k * ``period``, each customer ``spread`` later at most, by a hash."""

    origin: Millis = 0
    period: Millis = WEEK
    spread: Millis = 0

    def next(self, customer: str, after: Millis) -> Millis:
        """The first tick of this customer later than ``after``."""
        start = self.origin + int(fraction("tick", customer) * self.spread)
        return start + ((after - start) // self.period + 1) * self.period


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
    """Examples learned so far for this horizon."""
    log_odds: float
    """Of ``p``, before calibration."""
    features: tuple[float, ...]
    history: tuple[int, float, float]
    """Orders after the first; days from the first order to the last, and to now."""
    version: int
    """Of the features."""


class Explanation(msgspec.Struct, frozen=True):
    """One reason why a score is higher than it would be for a comparable customer without it."""

    code: str
    words: str
    share: float
    """Its part of what raises the score, in (0, 1]."""


class Learned(msgspec.Struct, array_like=True):
    """A Gaussian posterior over weights: little-endian float64, the covariance row by row."""

    mean: bytes = b""
    covariance: bytes = b""
    examples: int = 0
    weight: float = 0.0
    """Sum of the weights learned."""


class Quality(msgspec.Struct):
    """Live quality on mature labels, each predicted before its outcome was known."""

    examples: float = 0.0
    """Decayed weight of the examples behind the figures."""
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


class RunningMean(msgspec.Struct, array_like=True, frozen=True):
    """A weighted mean so far."""

    weight: float = 0.0
    mean: float = 0.0


class Monitoring(msgspec.Struct):
    """What the running metrics of a horizon are rebuilt from (``streams.churn.monitoring``)."""

    log_loss: RunningMean = RunningMean()
    brier: RunningMean = RunningMean()
    rate: RunningMean = RunningMean()
    """Share that churned."""
    calibration: list[tuple[RunningMean, RunningMean]] = msgspec.field(default_factory=list)
    """Predicted and observed, per tenth of probability."""
    scores: bytes = b""
    """Log-odds of the last outcomes, little-endian float32, oldest first: the window of the AUC."""
    churned: bytes = b""
    """What happened, a byte each."""


class HorizonState(msgspec.Struct):
    """What is learned for one horizon."""

    horizon: Days
    learned: dict[str, Learned] = msgspec.field(default_factory=dict)
    """Estimators by name."""
    monitoring: Monitoring = msgspec.field(default_factory=Monitoring)
    """What the running metrics are rebuilt from."""
    quality: Quality = msgspec.field(default_factory=Quality)
    losses: list[float] = msgspec.field(default_factory=list)
    """Mean excess log loss of some outcomes each, newest last: what the drift detector is rebuilt from."""
    bucket: tuple[float, float] = (0.0, 0.0)
    """Weight and excess of the outcomes that wait to become such a mean."""
    gain: float = 0.0
    """Decayed mean of the log loss that calibration would have saved; it is applied while this is positive."""
    warm_since: int = -1
    """The epoch in which the model had its first few hundred examples; -1 before."""
    drifts: int = 0
    """Drifts noticed so far."""
    automation_paused_until: int = -1
    """No automation up to this epoch, because of a drift."""
    trusted: bool = False


class ChurnState(msgspec.Struct, dict=True):
    """All that the churn learner knows, as it travels in the almanac. Lanes read it and never change it."""

    features_version: int
    horizons: list[HorizonState]
    epoch: int = -1
    """The last epoch learned."""
    epoch_length: Millis = 86_400_000
    tables: dict[str, float] = msgspec.field(default_factory=dict)
    """Population statistics: contributions added up, with forgetting."""
    cap: int = 50_000
    """At most this many examples are learned per epoch and horizon; more are sampled without bias."""
