"""Facts about this moment and what it is about: an order, a complaint, a coupon, a festival, a churn score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from rules.calendar import local_time
from rules.defaults import Defaults
from rules.facts.fact import DATE, MOMENT, MONEY, Fact
from rules.facts.history import local_date
from rules.kinds import FactValue, Kind
from rules.scene import Churn, Scene
from schemas.fields import ComplaintCategory, Urgency
from schemas.times import DAY
from schemas.triggers import TRIGGERS

_NO_CHURN = Churn(probability=0.0, low=0.0, high=1.0, trusted=False)


def _festivals(defaults: Defaults) -> tuple[str, ...]:
    return tuple(festival.id for festival in defaults.festivals)


def _triggers(defaults: Defaults) -> tuple[str, ...]:
    return tuple(sorted(TRIGGERS))


def _of_event(field: str, otherwise: FactValue) -> Callable[[Scene], FactValue]:
    def read(scene: Scene) -> FactValue:
        value: Any = getattr(scene.event, field, None)
        return otherwise if value is None else value

    return read


def _of_order(field: str, otherwise: FactValue) -> Callable[[Scene], FactValue]:
    """From the order book, else from the event, which has the same names."""
    from_event = _of_event(field, otherwise)

    def read(scene: Scene) -> FactValue:
        order = scene.order
        return getattr(order, field) if order else from_event(scene)

    return read


def _order_id(scene: Scene) -> str:
    order = scene.order
    return order.id if order else str(getattr(scene.event, "order_id", None) or scene.trigger.ref)


def _promised(scene: Scene) -> str:
    order = scene.order
    return local_date(order.promised, scene) if order else ""


def _days_late(scene: Scene) -> int:
    order = scene.order
    if not order or not order.promised:
        return 0
    # A day begun counts: "0 days late" would read as a mockery.
    return max(0, -((order.promised - (order.delivered or scene.at)) // DAY))


def _of_complaint(field: str, otherwise: FactValue) -> Callable[[Scene], FactValue]:
    def read(scene: Scene) -> FactValue:
        complaint = scene.complaint
        return getattr(complaint, field) if complaint else otherwise

    return read


def _any_open(scene: Scene) -> bool:
    return any(not one.closed for one in scene.record.complaints.recent)


def _this_open(scene: Scene) -> bool:
    complaint = scene.complaint
    return complaint is not None and not complaint.closed


def _of_coupon(field: str, otherwise: FactValue) -> Callable[[Scene], FactValue]:
    def read(scene: Scene) -> FactValue:
        coupon = scene.coupon
        return getattr(coupon, field) if coupon else otherwise

    return read


def _coupon_usable(scene: Scene) -> bool:
    coupon = scene.coupon
    return coupon is not None and not coupon.redeemed and coupon.expires > scene.at


def _coupon_date(scene: Scene) -> str:
    coupon = scene.coupon
    return local_date(coupon.expires - 1, scene) if coupon else ""


def _probability(scene: Scene) -> float:
    if scene.churn:
        return scene.churn.probability
    return scene.record.churn[0] if scene.record.churn else 0.0


def _cause(scene: Scene) -> str:
    causes = scene.churn.causes() if scene.churn else ()
    return causes[0] if causes else "no single cause"


def _now(text: str) -> Callable[[Scene], str]:
    return lambda scene: local_time(scene.at, scene.zone).strftime(text)


def _quarter(scene: Scene) -> str:
    now = local_time(scene.at, scene.zone)
    return f"{now.year}-Q{(now.month + 2) // 3}"


MOMENT_FACTS = (
    Fact("trigger.name", Kind.STRING, "name", "what triggered the rule",
         lambda s: s.trigger.name, kept=True, choices=_triggers),
    Fact("trigger.ref", Kind.STRING, "id", "what it is about; for an event its complaint, order or cart",
         lambda s: s.subject, unknown="empty", kept=True),
    Fact("trigger.hops", Kind.INT, "steps", "receipts and actions in a row that led here",
         lambda s: s.hops, kept=True),
    Fact("trigger.previous", Kind.STRING, "name", "the tier or stage before, at a change of it",
         lambda s: "", unknown="empty", kept=True),
    Fact("now.date", Kind.STRING, DATE, "today, where she lives", _now("%Y-%m-%d"), kept=True),
    Fact("now.year", Kind.STRING, "YYYY", "this year, where she lives", _now("%Y"), kept=True),
    Fact("now.quarter", Kind.STRING, "YYYY-Qn", "this quarter, where she lives", _quarter, kept=True),
    Fact("now.month", Kind.STRING, "YYYY-MM", "this month, where she lives", _now("%Y-%m"), kept=True),
    Fact("now.week", Kind.STRING, "YYYY-Wnn", "this ISO week, where she lives", _now("%G-W%V"), kept=True),
    Fact("now.weekday", Kind.INT, "1 = Monday", "day of the week, where she lives",
         lambda s: local_time(s.at, s.zone).isoweekday(), kept=True),
    Fact("now.hour", Kind.INT, "0 to 23", "hour of the day, where she lives",
         lambda s: local_time(s.at, s.zone).hour, kept=True),
    Fact("order.id", Kind.STRING, "id", "the order it is about", _order_id, unknown="empty", kept=True),
    Fact("order.amount", Kind.INT, MONEY, "what it costs", _of_order("amount", 0), unknown="0", kept=True),
    Fact("order.currency", Kind.STRING, "ISO 4217", "currency of the order",
         _of_order("currency", ""), unknown="empty", kept=True),
    Fact("order.status", Kind.STRING, "name", "placed, dispatched, delivered, cancelled or returned",
         lambda s: s.order.status if s.order else "", unknown="empty", kept=True,
         choices=lambda _: ("placed", "dispatched", "delivered", "cancelled", "returned")),
    Fact("order.promised_on", Kind.STRING, DATE, "when its delivery was promised for", _promised, unknown="empty",
         kept=True),
    Fact("order.days_late", Kind.INT, "days", "days it came after the promise, or is overdue; a day begun counts",
         _days_late, unknown="0", kept=True),
    Fact("complaint.open", Kind.BOOL, "yes or no", "whether any complaint of hers is open", _any_open),
    Fact("complaint.this_open", Kind.BOOL, "yes or no", "whether the complaint it is about is open", _this_open),
    Fact("complaint.id", Kind.STRING, "id", "the complaint it is about", _of_complaint("id", ""), unknown="empty",
         kept=True),
    Fact("complaint.category", Kind.STRING, "name", "its category", _of_complaint("category", ""), unknown="empty",
         kept=True, choices=lambda _: get_args(ComplaintCategory)),
    Fact("complaint.urgency", Kind.STRING, "name", "its urgency", _of_complaint("urgency", ""), unknown="empty",
         kept=True, choices=lambda _: get_args(Urgency)),
    Fact("complaint.deadline", Kind.INT, MOMENT, "until when it must be resolved", _of_complaint("deadline", 0),
         unknown="0", kept=True),
    Fact("complaint.due_on", Kind.STRING, DATE, "the day of that moment",
         lambda s: local_date(s.complaint.deadline, s) if s.complaint else "", unknown="empty", kept=True),
    Fact("complaint.reopened", Kind.INT, "times", "how often it was opened again", _of_complaint("reopened", 0),
         unknown="0"),
    Fact("complaints.total", Kind.INT, "complaints", "complaints she ever made",
         lambda s: s.record.complaints.total),
    Fact("coupon.code", Kind.STRING, "code", "the coupon it is about", _of_coupon("code", ""), unknown="empty",
         kept=True),
    Fact("coupon.usable", Kind.BOOL, "yes or no", "whether that coupon can still be used", _coupon_usable),
    Fact("coupon.percent", Kind.INT, "percent", "what it takes off", _of_coupon("percent", 0), unknown="0", kept=True),
    Fact("coupon.last_day", Kind.STRING, DATE, "the last day on which it can be used",
         _coupon_date, unknown="empty", kept=True),
    Fact("festival.id", Kind.STRING, "name", "the festival",
         lambda s: s.trigger.ref.rpartition("-")[0] if s.trigger.name == "festival" else "", unknown="empty",
         kept=True, choices=_festivals),
    Fact("churn.known", Kind.BOOL, "yes or no", "whether a probability of churn was ever computed",
         lambda s: s.churn is not None or bool(s.record.churn)),
    Fact("churn.probability", Kind.DOUBLE, "0 to 1", "probability that she places no order within the horizon",
         _probability, unknown="0.0"),
    Fact("churn.low", Kind.DOUBLE, "0 to 1", "lower end of its 90 % interval",
         lambda s: (s.churn or _NO_CHURN).low, unknown="0.0", kept=True),
    Fact("churn.high", Kind.DOUBLE, "0 to 1", "upper end of its 90 % interval",
         lambda s: (s.churn or _NO_CHURN).high, unknown="1.0", kept=True),
    Fact("churn.trusted", Kind.BOOL, "yes or no", "whether the model is good enough to act without a person",
         lambda s: (s.churn or _NO_CHURN).trusted, unknown="false"),
    Fact("churn.labels", Kind.INT, "lessons", "outcomes that the model has learned from",
         lambda s: (s.churn or _NO_CHURN).labels, unknown="0"),
    Fact("churn.cause", Kind.STRING, "words", "what raises the probability most", _cause,
         unknown="`no single cause`", kept=True),
)  # fmt: skip
