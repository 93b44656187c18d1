"""Facts about what the customer did: orders, visits, the cart, answers, points, coupons."""

from __future__ import annotations

from typing import Final, get_args

from rules.calendar import local_time
from rules.context import EventContext
from rules.fact_types import FactType
from rules.facts.customer import NEVER, days_since
from rules.facts.fact import DATE, MONEY, Fact
from rules.rhythm import gaps_passed, is_quiet, out_of_season, usual_gap
from schemas.fields import CheckoutStage
from schemas.readings import last_year, open_lots, points_balance
from schemas.record import CartProduct, Lot
from schemas.relations import Talks
from schemas.times import DAY, MINUTE, WEEK, Millis

_NOTHING_SHOWN: Final = CartProduct("", "")
_SORE: Final = 2 * DAY
"""How long after an order that came late nobody wants to be asked how another one was."""


def local_date(at: Millis, context: EventContext) -> str:
    """The moment's date where the customer lives, as YYYY-MM-DD."""
    return local_time(at, context.zone).date().isoformat() if at else ""


def _average(context: EventContext) -> int:
    purchases = context.record.purchases
    kept = purchases.count - purchases.cancelled
    return purchases.spent // kept if kept > 0 else 0


def _just_late(context: EventContext) -> bool:
    book = context.orders.orders if context.orders else ()
    return any(
        one.late and (one.delivered > context.at - _SORE if one.delivered else one.status in ("placed", "dispatched"))
        for one in book
    )


def _lapsing(context: EventContext) -> list[Lot]:
    until = context.at + context.rulebook.defaults.points.reminder_millis
    return [lot for lot in open_lots(context.record.points) if context.at < lot.expires <= until]


def _last_day(context: EventContext) -> str:
    lots = _lapsing(context)
    return local_date(min(lot.expires for lot in lots) - 1, context) if lots else ""


def _untouched(context: EventContext) -> int:
    return (context.at - context.record.cart.touched) // MINUTE if context.record.cart else 0


def _shown(context: EventContext) -> CartProduct:
    cart = context.record.cart
    return (cart.shown if cart else None) or _NOTHING_SHOWN


def _index(context: EventContext) -> float:
    told = context.record.satisfaction
    answers = sum(told.counts)
    return sum(told.sums) / answers if answers else 0.0


def _usable(context: EventContext) -> int:
    return sum(not one.redeemed and one.expires > context.at for one in context.record.coupons)


def _talks(context: EventContext) -> Talks:
    return context.record.talks or Talks()


def _same_topic(context: EventContext) -> int:
    """Contacts of a week about the topic of the latest."""
    week = [one for one in _talks(context).contacts if context.at - WEEK < one.at <= context.at]
    return sum(one.topic == week[-1].topic for one in week) if week else 0


HISTORY = (
    Fact("orders.count", FactType.INT, "orders", "orders the customer ever placed and did not cancel",
         lambda s: s.record.purchases.count - s.record.purchases.cancelled),
    Fact("orders.cancelled", FactType.INT, "orders", "orders cancelled", lambda s: s.record.purchases.cancelled),
    Fact("orders.returned", FactType.INT, "orders", "orders of which something came back",
         lambda s: s.record.purchases.returned),
    Fact("orders.delivered", FactType.INT, "orders", "orders delivered", lambda s: s.record.purchases.delivered),
    Fact("orders.late", FactType.INT, "orders", "orders delivered after their promise",
         lambda s: s.record.purchases.late),
    Fact("orders.just_late", FactType.BOOL, "yes or no",
         "whether an order is overdue, or came after its promise in the last 2 days", _just_late),
    Fact("orders.spent", FactType.INT, MONEY, "what the customer ever paid, less what was cancelled or refunded",
         lambda s: s.record.purchases.spent),
    Fact("orders.currency", FactType.STRING, "ISO 4217", "currency of the customer's amounts",
         lambda s: s.record.purchases.currency, unknown="empty before the first order"),
    Fact("orders.average", FactType.INT, MONEY, "what the customer spent per order", _average, unknown="0"),
    Fact("orders.year_count", FactType.INT, "orders", "orders in the last 52 weeks",
         lambda s: last_year(s.record.purchases, s.at)[0]),
    Fact("orders.year_spent", FactType.INT, MONEY, "spent in the last 52 weeks",
         lambda s: last_year(s.record.purchases, s.at)[1]),
    Fact("orders.days_since_last", FactType.INT, "days", "whole days since the customer's last order",
         lambda s: days_since(s.record.purchases.last, s.at), unknown=str(NEVER)),
    Fact("orders.days_since_first", FactType.INT, "days", "whole days since the customer's first order",
         lambda s: days_since(s.record.purchases.first, s.at), unknown=str(NEVER)),
    Fact("rhythm.gap", FactType.DOUBLE, "days", "the customer's own usual gap between orders",
         lambda s: round(usual_gap(s), 1), unknown="0.0 before the first order"),
    Fact("rhythm.ratio", FactType.DOUBLE, "gaps", "of these gaps, how many have passed since the last order",
         lambda s: round(gaps_passed(s), 2), unknown="0.0 before the first order"),
    Fact("rhythm.quiet", FactType.BOOL, "yes or no", "whether that is longer than their rhythm and its spread explain",
         lambda s: is_quiet(s, s.at)),
    Fact("rhythm.out_of_season", FactType.BOOL, "yes or no", "whether they ordered nothing at this time last year",
         out_of_season),
    Fact("browsing.visits", FactType.INT, "visits", "visits to the store", lambda s: s.record.browsing.visits),
    Fact("browsing.views", FactType.INT, "views", "product pages looked at", lambda s: s.record.browsing.views),
    Fact("browsing.searches", FactType.INT, "searches", "searches", lambda s: s.record.browsing.searches),
    Fact("browsing.empty_searches", FactType.INT, "searches", "searches without a result",
         lambda s: s.record.browsing.empty_searches),
    Fact("browsing.days_since_last", FactType.INT, "days", "whole days since the customer's last visit",
         lambda s: days_since(s.record.browsing.last, s.at), unknown=str(NEVER)),
    Fact("browsing.category", FactType.STRING, "name", "category the customer looked at last",
         lambda s: s.record.browsing.category, unknown="empty", optional=True),
    Fact("browsing.refused_coupons", FactType.INT, "coupons", "coupon codes that did not work",
         lambda s: s.record.browsing.refused_coupons),
    Fact("browsing.failed_payments", FactType.INT, "payments", "payments that were refused",
         lambda s: s.record.browsing.failed_payments),
    Fact("cart.open", FactType.BOOL, "yes or no", "whether something lies in the customer's cart",
         lambda s: s.record.cart is not None and s.record.cart.value > 0),
    Fact("cart.id", FactType.STRING, "id", "the cart at hand",
         lambda s: s.record.cart.id if s.record.cart else "", unknown="empty"),
    Fact("cart.value", FactType.INT, MONEY, "what lies in the customer's cart costs",
         lambda s: s.record.cart.value if s.record.cart else 0, unknown="0"),
    Fact("cart.currency", FactType.STRING, "ISO 4217", "currency of the customer's cart",
         lambda s: s.record.cart.currency if s.record.cart else "", unknown="empty"),
    Fact("cart.items", FactType.INT, "lines", "lines in the customer's cart",
         lambda s: len(s.record.cart.items) + s.record.cart.more if s.record.cart else 0, unknown="0"),
    Fact("cart.title", FactType.STRING, "text", "what was put in last, where it was told what it is called",
         lambda s: _shown(s).title, unknown="empty", optional=True),
    Fact("cart.url", FactType.STRING, "URL", "its page", lambda s: _shown(s).url, unknown="empty", optional=True),
    Fact("cart.image", FactType.STRING, "URL", "its picture", lambda s: _shown(s).image, unknown="empty",
         optional=True),
    Fact("cart.checkout", FactType.BOOL, "yes or no", "whether the customer went to the till with it",
         lambda s: s.record.cart is not None and s.record.cart.checkout),
    Fact("cart.payment_failed", FactType.BOOL, "yes or no", "whether the payment for it was refused",
         lambda s: s.record.cart is not None and s.record.cart.payment_failed),
    Fact("cart.step", FactType.STRING, "name", "how far the customer came at the till with it",
         lambda s: s.record.cart.step if s.record.cart else "", unknown="empty",
         choices=lambda _: get_args(CheckoutStage)),
    Fact("cart.untouched_minutes", FactType.INT, "minutes", "whole minutes since it was last touched", _untouched,
         unknown="0"),
    Fact("satisfaction.answers", FactType.INT, "answers", "answers to surveys, over all dimensions",
         lambda s: sum(s.record.satisfaction.counts)),
    Fact("satisfaction.index", FactType.DOUBLE, "1 to 5", "mean of the answers to surveys", _index, unknown="0.0"),
    Fact("satisfaction.last_overall", FactType.INT, "1 to 5", "the customer's last answer to how it was on the whole",
         lambda s: s.record.satisfaction.last_overall, unknown="0"),
    Fact("points.balance", FactType.INT, "points", "points the customer can spend",
         lambda s: points_balance(s.record.points)),
    Fact("points.redeemable", FactType.BOOL, "yes or no", "whether points can be used for something",
         lambda s: s.rulebook.defaults.points.redeemable),
    Fact("points.expiring", FactType.INT, "points", "points that lapse within the reminder time of the defaults",
         lambda s: sum(lot.points for lot in _lapsing(s)), unknown="0"),
    Fact("points.last_day", FactType.STRING, DATE, "the last day on which the first of these can be used",
         _last_day, unknown="empty"),
    Fact("contacts.total", FactType.INT, "contacts", "how often customer and store talked to each other",
         lambda s: _talks(s).total),
    Fact("contacts.topic_7d", FactType.INT, "contacts", "of these in the last 7 days, about the topic of the latest",
         _same_topic),
    Fact("feedback.suggestions", FactType.INT, "suggestions", "suggestions that the customer made",
         lambda s: _talks(s).suggestions),
    Fact("feedback.praise", FactType.INT, "times", "how often the customer praised something",
         lambda s: _talks(s).praise),
    Fact("feedback.questions", FactType.INT, "questions", "questions that the customer asked",
         lambda s: _talks(s).questions),
    Fact("wish.count", FactType.INT, "products", "products that the customer noted and did not take off the list",
         lambda s: sum(one.is_noted for one in s.record.wishes)),
    Fact("wish.waiting", FactType.INT, "products", "of these, how many cannot be had at the moment",
         lambda s: sum(one.is_noted and not one.in_stock for one in s.record.wishes)),
    Fact("coupons.usable", FactType.INT, "coupons", "coupons of ours that may still be used", _usable),
)  # fmt: skip
