"""Facts about this moment and what it is about: an order, a complaint, a coupon, a festival, a churn score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, get_args

from rules.calendar import local_time
from rules.context import Churn, EventContext
from rules.defaults import Defaults
from rules.fact_types import FactType, FactValue
from rules.facts.customer import days_since
from rules.facts.fact import DATE, MOMENT, MONEY, Fact
from rules.facts.history import local_date
from schemas.fields import ComplaintCategory, ContactChannel, Urgency
from schemas.times import DAY
from schemas.triggers import TRIGGERS

_SORE: Final = 7 * DAY
"""So long after a complaint was closed, or a refund was asked for, nobody is in the mood for offers."""
_OF_FESTIVALS: Final = ("festival", "festival.ahead")
_NO_CHURN = Churn(probability=0.0, low=0.0, high=1.0, trusted=False)


def _festivals(defaults: Defaults) -> tuple[str, ...]:
    return tuple(festival.id for festival in defaults.festivals)


def _triggers(defaults: Defaults) -> tuple[str, ...]:
    return tuple(sorted(TRIGGERS))


def _of_event(field: str, otherwise: FactValue) -> Callable[[EventContext], FactValue]:
    def read(context: EventContext) -> FactValue:
        value: Any = getattr(context.event, field, None)
        return otherwise if value is None else value

    return read


def _of_kind(kind: str, field: str, otherwise: FactValue) -> Callable[[EventContext], FactValue]:
    """From the event, where it is one of this kind: others may have a field of the same name."""
    told = _of_event(field, otherwise)
    return lambda context: told(context) if context.event is not None and context.event.type == kind else otherwise


def _of_order(field: str, otherwise: FactValue) -> Callable[[EventContext], FactValue]:
    """From the order book, else from the event, which has the same names."""
    from_event = _of_event(field, otherwise)

    def read(context: EventContext) -> FactValue:
        order = context.order
        return getattr(order, field) if order else from_event(context)

    return read


def _order_id(context: EventContext) -> str:
    order = context.order
    return order.id if order else str(getattr(context.event, "order_id", None) or context.trigger.ref)


def _promised(context: EventContext) -> str:
    order = context.order
    return local_date(order.due, context) if order else ""


def _delivered(context: EventContext) -> str:
    order = context.order
    return local_date(order.delivered, context) if order else ""


def _days_late(context: EventContext) -> int:
    order = context.order
    if not order or not order.due:
        return 0
    # A day begun counts: "0 days late" would read as a mockery.
    return max(0, -((order.due - (order.delivered or context.at)) // DAY))


def _of_complaint(field: str, otherwise: FactValue) -> Callable[[EventContext], FactValue]:
    def read(context: EventContext) -> FactValue:
        complaint = context.complaint
        return getattr(complaint, field) if complaint else otherwise

    return read


def _any_open(context: EventContext) -> bool:
    return any(one.is_open for one in context.record.complaints.recent)


def _this_open(context: EventContext) -> bool:
    complaint = context.complaint
    return complaint is not None and complaint.is_open


def _overdue(context: EventContext) -> bool:
    complaint = context.complaint
    return complaint is not None and complaint.is_open and 0 < complaint.deadline <= context.at


def _complained(context: EventContext) -> bool:
    order = context.order
    return order is not None and any(one.is_open and one.order == order.id for one in context.record.complaints.recent)


def _trouble(context: EventContext) -> bool:
    complaints = context.record.complaints.recent
    if any(one.is_open or context.at < one.closed + _SORE for one in complaints if one.opened or one.closed):
        return True
    book = context.orders.orders if context.orders else ()
    return any(0 < one.owed_since <= context.at - _SORE for one in book)


def _of_coupon(field: str, otherwise: FactValue) -> Callable[[EventContext], FactValue]:
    def read(context: EventContext) -> FactValue:
        coupon = context.coupon
        return getattr(coupon, field) if coupon else otherwise

    return read


def _coupon_usable(context: EventContext) -> bool:
    coupon = context.coupon
    return coupon is not None and not coupon.redeemed and coupon.expires > context.at


def _coupon_date(context: EventContext) -> str:
    coupon = context.coupon
    return local_date(coupon.expires - 1, context) if coupon else ""


def _probability(context: EventContext) -> float:
    if context.churn:
        return context.churn.probability
    return context.record.churn[0] if context.record.churn else 0.0


def _cause(context: EventContext) -> str:
    causes = context.churn.causes() if context.churn else ()
    return causes[0] if causes else "no single cause"


def _now(text: str) -> Callable[[EventContext], str]:
    return lambda context: local_time(context.at, context.zone).strftime(text)


def _quarter(context: EventContext) -> str:
    now = local_time(context.at, context.zone)
    return f"{now.year}-Q{(now.month + 2) // 3}"


_FACTS = (
    Fact("trigger.name", FactType.STRING, "name", "what triggered the rule",
         lambda s: s.trigger.name, frozen=True, choices=_triggers),
    Fact("trigger.ref", FactType.STRING, "id", "what it is about; for an event its complaint, order or cart",
         lambda s: s.subject, unknown="empty", frozen=True),
    Fact("trigger.event", FactType.STRING, "id", "id of the event that triggered the rule",
         lambda s: s.event.id if s.event else "", unknown="empty", frozen=True),
    Fact("trigger.hops", FactType.INT, "steps", "receipts and actions in a row that led here",
         lambda s: s.hops, frozen=True),
    Fact("trigger.previous", FactType.STRING, "name", "the tier or stage before, at a change of it",
         lambda s: "", unknown="empty", frozen=True),
    Fact("now.date", FactType.STRING, DATE, "today, where the customer lives", _now("%Y-%m-%d"), frozen=True),
    Fact("now.year", FactType.STRING, "YYYY", "this year, where the customer lives", _now("%Y"), frozen=True),
    Fact("now.quarter", FactType.STRING, "YYYY-Qn", "this quarter, where the customer lives", _quarter, frozen=True),
    Fact("now.month", FactType.STRING, "YYYY-MM", "this month, where the customer lives", _now("%Y-%m"), frozen=True),
    Fact("now.week", FactType.STRING, "YYYY-Wnn", "this ISO week, where the customer lives", _now("%G-W%V"),
         frozen=True),
    Fact("now.weekday", FactType.INT, "1 = Monday", "day of the week, where the customer lives",
         lambda s: local_time(s.at, s.zone).isoweekday(), frozen=True),
    Fact("now.hour", FactType.INT, "0 to 23", "hour of the day, where the customer lives",
         lambda s: local_time(s.at, s.zone).hour, frozen=True),
    Fact("order.id", FactType.STRING, "id", "the order it is about", _order_id, unknown="empty", frozen=True),
    Fact("order.amount", FactType.INT, MONEY, "what it costs", _of_order("amount", 0), unknown="0", frozen=True),
    Fact("order.currency", FactType.STRING, "ISO 4217", "currency of the order",
         _of_order("currency", ""), unknown="empty", frozen=True),
    Fact("order.goods", FactType.STRING, "name", "state of its goods",
         lambda s: s.order.status if s.order else "", unknown="empty", frozen=False,
         choices=lambda _: ("placed", "dispatched", "delivered", "cancelled", "returned")),
    Fact("order.money", FactType.STRING, "name", "state of its money: paid, part_refunded or refunded",
         lambda s: s.order.money if s.order else "", unknown="empty",
         choices=lambda _: ("paid", "part_refunded", "refunded")),
    Fact("order.refund_owed_days", FactType.INT, "days", "whole days since a refund was asked for that is not paid",
         lambda s: days_since(s.order.owed_since, s.at) if s.order and s.order.owed_since else 0, unknown="0"),
    Fact("order.status", FactType.STRING, "name", "placed, dispatched, delivered, cancelled or returned",
         lambda s: s.order.status if s.order else "", unknown="empty", frozen=True,
         choices=lambda _: ("placed", "dispatched", "delivered", "cancelled", "returned")),
    Fact("order.promised_on", FactType.STRING, DATE, "when its delivery was promised for", _promised, unknown="empty",
         frozen=True),
    Fact("order.days_late", FactType.INT, "days", "days it came after the promise, or is overdue; a day begun counts",
         _days_late, unknown="0", frozen=True),
    Fact("order.delivered_on", FactType.STRING, DATE, "when it was delivered", _delivered, unknown="empty",
         frozen=True),
    Fact("order.part_arrived", FactType.BOOL, "yes or no", "whether some of its parcels are there and others are not",
         lambda s: s.order is not None and not s.order.delivered and any(one.arrived for one in s.order.parcels),
         frozen=True),
    Fact("order.complained", FactType.BOOL, "yes or no", "whether a complaint about it is open", _complained),
    Fact("complaint.open", FactType.BOOL, "yes or no", "whether any complaint of the customer is open", _any_open),
    Fact("complaints.trouble", FactType.BOOL, "yes or no",
         "whether a complaint is open or was closed in the last 7 days, or we owe the customer a refund as long",
         _trouble),
    Fact("complaint.this_open", FactType.BOOL, "yes or no", "whether the complaint it is about is open", _this_open),
    Fact("complaint.id", FactType.STRING, "id", "the complaint it is about", _of_complaint("id", ""), unknown="empty",
         frozen=True),
    Fact("complaint.category", FactType.STRING, "name", "its category", _of_complaint("category", ""), unknown="empty",
         frozen=True, choices=lambda _: get_args(ComplaintCategory)),
    Fact("complaint.urgency", FactType.STRING, "name", "its urgency", _of_complaint("urgency", ""), unknown="empty",
         frozen=True, choices=lambda _: get_args(Urgency)),
    Fact("complaint.deadline", FactType.INT, MOMENT, "until when it must be resolved", _of_complaint("deadline", 0),
         unknown="0", frozen=True),
    Fact("complaint.overdue", FactType.BOOL, "yes or no", "whether it is open, and that moment has passed", _overdue),
    Fact("complaint.due_on", FactType.STRING, DATE, "the day of that moment",
         lambda s: local_date(s.complaint.deadline, s) if s.complaint else "", unknown="empty", frozen=True),
    Fact("complaint.closed_on", FactType.STRING, DATE, "the day on which it was closed",
         lambda s: local_date(s.complaint.closed, s) if s.complaint else "", unknown="empty", frozen=True),
    Fact("complaint.order", FactType.STRING, "id", "the order it is about", _of_complaint("order", ""), unknown="empty",
         frozen=True),
    Fact("complaint.reopened", FactType.INT, "times", "how often it was opened again", _of_complaint("reopened", 0),
         unknown="0"),
    Fact("complaints.total", FactType.INT, "complaints", "complaints the customer ever made",
         lambda s: s.record.complaints.total),
    Fact("coupon.code", FactType.STRING, "code", "the coupon it is about", _of_coupon("code", ""), unknown="empty",
         frozen=True),
    Fact("coupon.usable", FactType.BOOL, "yes or no", "whether that coupon can still be used", _coupon_usable),
    Fact("coupon.percent", FactType.INT, "percent", "what it takes off", _of_coupon("percent", 0), unknown="0",
         frozen=True),
    Fact("coupon.last_day", FactType.STRING, DATE, "the last day on which it can be used",
         _coupon_date, unknown="empty", frozen=True),
    Fact("coupon.amount", FactType.INT, MONEY, "what it takes off, where that is no percentage",
         _of_coupon("amount", 0), unknown="0", frozen=True),
    Fact("coupon.currency", FactType.STRING, "ISO 4217", "currency of that amount: the customer's",
         lambda s: s.record.purchases.currency if s.coupon else "", unknown="empty", frozen=True),
    Fact("contact.channel", FactType.STRING, "name", "how customer and store talked to each other just now",
         _of_kind("contact.made", "channel", ""), unknown="empty", frozen=True,
         choices=lambda _: get_args(ContactChannel)),
    Fact("contact.topic", FactType.STRING, "name", "what about, in the store's words",
         _of_kind("contact.made", "topic", ""), unknown="empty", frozen=True, optional=True),
    Fact("contact.outcome", FactType.STRING, "name", "how it ended: settled, open or unreached",
         _of_kind("contact.made", "outcome", ""), unknown="empty", frozen=True,
         choices=lambda _: ("settled", "open", "unreached")),
    Fact("feedback.kind", FactType.STRING, "name", "what the customer gave just now: suggestion, praise or question",
         _of_kind("feedback.given", "kind", ""), unknown="empty", frozen=True,
         choices=lambda _: ("suggestion", "praise", "question")),
    Fact("feedback.topic", FactType.STRING, "name", "what about, in the store's words",
         _of_kind("feedback.given", "topic", ""), unknown="empty", frozen=True, optional=True),
    Fact("product.sku", FactType.STRING, "id", "the noted product that has changed",
         _of_kind("product.updated", "sku", ""), unknown="empty", frozen=True),
    Fact("product.title", FactType.STRING, "text", "its title",
         _of_kind("product.updated", "title", ""), unknown="empty", frozen=True, optional=True),
    Fact("product.category", FactType.STRING, "name", "its category",
         _of_kind("product.updated", "category", ""), unknown="empty", frozen=True, optional=True),
    Fact("product.price", FactType.INT, MONEY, "its price now", _of_kind("product.updated", "price", 0),
         unknown="0", frozen=True),
    Fact("product.was", FactType.INT, MONEY,
         "the lowest that it cost in the 30 days before, as far as known, where it costs less now", lambda s: 0,
         unknown="0", frozen=True),
    Fact("product.currency", FactType.STRING, "ISO 4217", "currency of these prices",
         _of_kind("product.updated", "currency", ""), unknown="empty", frozen=True),
    Fact("product.stock", FactType.INT, "pieces", "pieces of it that can be had",
         _of_kind("product.updated", "stock", 0), unknown="0", frozen=True),
    Fact("product.url", FactType.STRING, "URL", "its page", _of_kind("product.updated", "url", ""), unknown="empty",
         frozen=True, optional=True),
    Fact("product.image", FactType.STRING, "URL", "its picture", _of_kind("product.updated", "image", ""),
         unknown="empty", frozen=True, optional=True),
    Fact("festival.id", FactType.STRING, "name", "the festival",
         lambda s: s.trigger.ref.rpartition("-")[0] if s.trigger.name in _OF_FESTIVALS else "", unknown="empty",
         frozen=True, choices=_festivals),
    Fact("churn.known", FactType.BOOL, "yes or no", "whether a probability of churn was ever computed",
         lambda s: s.churn is not None or bool(s.record.churn)),
    Fact("churn.probability", FactType.DOUBLE, "0 to 1", "probability of no order within the horizon",
         _probability, unknown="0.0"),
    Fact("churn.low", FactType.DOUBLE, "0 to 1", "lower end of its 90 % interval",
         lambda s: (s.churn or _NO_CHURN).low, unknown="0.0", frozen=True),
    Fact("churn.high", FactType.DOUBLE, "0 to 1", "upper end of its 90 % interval",
         lambda s: (s.churn or _NO_CHURN).high, unknown="1.0", frozen=True),
    Fact("churn.trusted", FactType.BOOL, "yes or no", "whether the model is good enough to act without a person",
         lambda s: (s.churn or _NO_CHURN).trusted, unknown="false"),
    Fact("churn.labels", FactType.INT, "lessons", "outcomes that the model has learned from",
         lambda s: (s.churn or _NO_CHURN).labels, unknown="0"),
    Fact("churn.cause", FactType.STRING, "words", "what raises the probability most", _cause,
         unknown="`no single cause`", frozen=True),
)  # fmt: skip

_SUBJECTS: Final[dict[str, Callable[[EventContext], object]]] = {
    "order": lambda context: context.order,
    "complaint": lambda context: context.complaint,
}
MOMENT_FACTS = tuple(replace(fact, subject=_SUBJECTS.get(fact.name.split(".")[0])) for fact in _FACTS)
"""Facts of this moment. A held action is decided on its order and its complaint as they are when it is released."""
