"""The living record of one customer.

Everything a decision needs, in about one kilobyte: counters, decayed sums and short rings, as msgspec structs that
encode to arrays. Every collection is bounded (the ``MAX_`` constants); what happens at the bound is named beside it
and counted in the metrics.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

from schemas.churn import PendingLabels, PurchaseFeatures
from schemas.complaint_list import Complaints
from schemas.given_out import Coupon, Held, Sent
from schemas.profile import Profile
from schemas.record_part import RecordPart
from schemas.relations import Merged, Talks, Wish
from schemas.times import SECOND, Millis

VERSION = 2
"""Raised when the layout changes; ``schemas.codec`` upgrades older ones on read."""

MAX_BYTES = 4_096
MAX_LOTS = 13
MAX_SPENDINGS = 16
MAX_CART_ITEMS = 10
MAX_TAGS = 10
MAX_ATTRIBUTES = 12


class TimerKind(IntEnum):
    """What a timer is set for."""

    TICK = 1  # weekly prediction point; time moves stages and segments too
    MATURITY = 2  # a churn question is due to be answered
    CART = 3  # a cart left behind
    DELIVERY = 4  # an order's promised time has passed; ref: order id
    SURVEY = 5  # ask after a delivery; ref: order id
    COMPLAINT_DEADLINE = 6  # ref: complaint id
    COMPLAINT_FOLLOW_UP = 7  # ref: complaint id
    BIRTHDAY = 8
    FESTIVAL = 9  # ref: festival id
    POINTS_EXPIRY = 10  # reminder, and the lapse itself
    COUPON_EXPIRY = 11  # ref: coupon code
    RELEASE = 12  # a held action may be decided again
    SECOND_ORDER = 13  # time to ask for a second order


class Timer(RecordPart):
    """A moment at which to look at the customer again."""

    due: Millis
    kind: int
    """A ``TimerKind``."""
    ref: str = ""


class Consent(RecordPart):
    """The customer's last word on one channel and purpose."""

    channel: str
    """``any`` for the purpose ``profiling``, which knows no channels."""
    purpose: str
    granted: bool
    at: Millis


class Purchases(RecordPart):
    """Orders in numbers. Money is in minor units of ``currency``; other currencies are counted, not summed."""

    count: int = 0
    cancelled: int = 0
    returned: int = 0
    spent: int = 0
    """Paid minus cancelled and refunded."""
    currency: str = ""
    first: Millis = 0
    last: Millis = 0
    late: int = 0
    """Deliveries after their promise."""
    delivered: int = 0
    foreign: int = 0
    """Orders in another currency than the first."""
    bucket: int = 0
    """Number of the newest four-week bucket since the epoch."""
    counts: list[int] = []
    """Orders per four-week bucket, newest first, at most 13."""
    amounts: list[int] = []
    """Spent per four-week bucket, newest first, at most 13."""


class Segment(RecordPart):
    """Where the customer stands; kept so that a change can be noticed. Codes are those of the defaults file."""

    tier: str = ""
    stage: str = ""
    activity: str = ""
    value: str = ""
    rfm: int = 0
    """Three digits: recency, frequency, monetary, each 1 to 5; 0 before the first order."""
    since: Millis = 0
    """When the customer came into the present stage."""
    tier_since: int = 0
    """Day (since 1970) on which the customer came into the present tier; 0 for the first one."""
    tier_turn: int = 0
    """Day from which on a higher tier was deserved, or, below zero, a lower one; 0 where it is the present one."""


class CartItem(RecordPart):
    sku: str
    quantity: int
    price: int


class CartProduct(RecordPart):
    """What a message may show of a cart: what was put in last, where it was told with its title."""

    sku: str
    title: str
    url: str = ""
    image: str = ""


class Cart(RecordPart):
    """The cart at hand. Beyond ``MAX_CART_ITEMS`` further items only add to ``value`` and ``more``."""

    id: str
    currency: str
    value: int = 0
    items: list[CartItem] = []
    more: int = 0
    touched: Millis = 0
    checkout: bool = False
    payment_failed: bool = False
    step: str = ""
    """How far the customer came at the till: a ``CheckoutStage``."""
    shown: CartProduct | None = None


class Browsing(RecordPart):
    """Visits in numbers."""

    views: int = 0
    searches: int = 0
    empty_searches: int = 0
    visits: int = 0
    last: Millis = 0
    category: str = ""
    """The category last viewed."""
    sku: str = ""
    """The product last viewed."""
    refused_coupons: int = 0
    failed_payments: int = 0


class Satisfaction(RecordPart):
    """Sums of answers per dimension, in ``SurveyDimension`` order: overall, product, service, delivery, after_sales."""

    counts: list[int] = []
    sums: list[int] = []
    last: Millis = 0
    last_overall: int = 0
    reviews: int = 0
    stars: int = 0
    overall_told: Millis = 0
    """When ``last_overall`` was told."""


class Lot(RecordPart):
    """Points that lapse together."""

    expires: Millis
    points: int


class Spending(RecordPart):
    """Points that were spent at once, so that two lives that both know of it can count it once."""

    key: bytes
    """Of its reference, as ``streams.duplicates`` remembers it."""
    points: int


class Points(RecordPart):
    """A simple ledger. Lots lapse oldest first; beyond ``MAX_LOTS`` the two newest are joined at the later date.

    A lot is what its orders earned and kept. What was spent counts against the lots that lapse first, whenever each is
    heard of: ``schemas.readings.open_lots`` tells what is left.
    """

    lots: list[Lot] = []
    earned: int = 0
    reversed: int = 0
    lapsed: int = 0
    debt: int = 0
    """Points spent, or taken back without a lot to take them from, that no lapsed lot has answered for."""
    redeemed: int = 0
    """Points that were spent and did not come back."""
    spendings: list[Spending] = []
    """The newest ``MAX_SPENDINGS``, in the order in which they were told."""


class Seen(RecordPart):
    """40-bit hashes of event ids already applied, in two generations of at most ``size`` entries each.

    When the current one is full it becomes the previous one, which is forgotten. Moments are whole seconds, rounded up.
    """

    current: bytes = b""
    previous: bytes = b""
    rotated_at: int = 0
    """Latest event time when the previous generation was closed, in seconds."""
    forgotten: int = 0
    """Latest event time among those forgotten, in seconds."""

    @property
    def reach(self) -> Millis:
        """An event not later than this may have been forgotten: it cannot be told from a duplicate."""
        return self.forgotten * SECOND


class CustomerRecord(RecordPart):
    """One customer."""

    version: int
    id: str
    created: Millis
    seen: Millis = 0
    """The customer's present: the latest moment applied. What is older is late and applied here."""
    profile: Profile = msgspec.field(default_factory=Profile)
    consents: list[Consent] = []
    purchases: Purchases = msgspec.field(default_factory=Purchases)
    purchase_features: PurchaseFeatures = msgspec.field(default_factory=PurchaseFeatures)
    pending_labels: PendingLabels = msgspec.field(default_factory=PendingLabels)
    segment: Segment = msgspec.field(default_factory=Segment)
    browsing: Browsing = msgspec.field(default_factory=Browsing)
    cart: Cart | None = None
    complaints: Complaints = msgspec.field(default_factory=Complaints)
    satisfaction: Satisfaction = msgspec.field(default_factory=Satisfaction)
    points: Points = msgspec.field(default_factory=Points)
    coupons: list[Coupon] = []
    sent: list[Sent] = []
    spent: bytes = b""
    """4-byte prefixes of action ids that had their final outcome, oldest first, at most ``MAX_SPENT``."""
    fired: dict[int, Millis] = {}
    """32-bit hash of a rule to when it last gave something out: cooldowns that outlast ``sent``."""
    held: list[Held] = []
    timers: list[Timer] = []
    """Sorted by (due, kind, ref)."""
    recent: Seen = msgspec.field(default_factory=Seen)
    browsed: Seen = msgspec.field(default_factory=Seen)
    churn: list[float] = []
    """Last probability of churn, per configured horizon."""
    erased: Millis = 0
    """When erasure was asked for; from then on nothing is decided and nothing kept but this."""
    redemptions: Seen | None = None
    """Hashes of the references under which points were spent."""
    stopped: dict[str, Millis] = {}
    """Channels whose address failed for good, and when; a new address ends it."""
    voiced: Seen | None = None
    """Hashes of the ids of feedback applied: surveys, reviews, contacts. They come seldom, so it reaches back far."""
    talks: Talks | None = None
    wishes: list[Wish] = []
    attributes: dict[str, str | int | float | bool] = {}
    """The store's own, at most ``MAX_ATTRIBUTES``."""
    merged: list[Merged] = []
    """Lives that became part of this one, the latest ``MAX_MERGED``."""
    merged_into: str = ""
    """Whom this customer turned out to be: then nothing else is kept here, and what comes goes there."""
