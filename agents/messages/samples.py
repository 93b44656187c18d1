"""What a rule would say to an invented customer: for previews, test sends and contact sheets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from rules.context import Churn, EventContext, LaneContext
from rules.deciding.compose import compose
from rules.deciding.proposal import Proposal
from rules.facts import FactReader
from rules.messages.asked import SIGNED
from rules.rule import ActionPlan, Rule
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.complaint_list import Complaint, Complaints
from schemas.errors import TendError
from schemas.events import AnyEvent, decode_event
from schemas.fields import Channel
from schemas.given_out import Coupon
from schemas.ids import action_key
from schemas.order_book import Order, OrderBook
from schemas.outcome import Fact
from schemas.profile import Profile
from schemas.record import VERSION, Cart, CartItem, CartProduct, CustomerRecord, Lot, Purchases
from schemas.relations import Contact, Talks
from schemas.times import DAY, HOUR, Millis, to_rfc3339
from schemas.triggers import Trigger

NAMES: Final = {"zh": "陈予安", "de": "Ruth Amsel"}
_OTHERWISE: Final = "Edda Marlow"
_CURRENCY: Final = {"zh": "CNY", "de": "EUR"}
_ORDER, _COMPLAINT, _CART, _COUPON = "o-88213", "c-2047", "k-5512", "BDAY-7QK2MX3WPA"
_TOPIC: Final = "delivery"
_TITLES: Final = {"zh": "《潮汐年历》", "de": "Der Gezeitenkalender"}
_PAGE: Final = "https://lindmoor.example/books/s-301"
PICTURE: Final = "https://lindmoor.example/books/s-301.jpg"
"""Of the product that a message is about; nothing is there."""
_REFS: Final = {
    "complaint": _COMPLAINT,
    "cart": _CART,
    "coupon": _COUPON,
    "festival": "new_year-2026",
    "birthday": "2026",
    "tier": "gold",
    "stage": "dormant",
    "points": "",
    "churn": "12",
}
"""What a trigger is about, by the first part of its name; the order for all others."""
_BROUGHT: Final[dict[str, dict[str, Fact]]] = {"wish.cheaper": {"product.was": 2_400}}
"""Facts that a trigger brings along."""


@dataclass(frozen=True, slots=True)
class MessageSample:
    """An invented customer and moment."""

    locale: str
    at: Millis
    status: str = "dispatched"
    """Of the order."""
    festival: str = "new_year"

    @property
    def language(self) -> str:
        return self.locale.split("-")[0].lower()

    @property
    def name(self) -> str:
        """What the customer is called."""
        return NAMES.get(self.language, _OTHERWISE)

    @property
    def title(self) -> str:
        """What the product is called that a message is about."""
        return _TITLES.get(self.language, "The Tidal Almanac")


def sample(
    book: Rulebook, rule: Rule, sample: MessageSample, channel: Channel | None = None, index: int = 0
) -> AnyAction:
    """The action that a rule would give out for an invented customer, whatever its conditions say.

    Raises:
        TendError: the rule has no such action, or a text can't be filled in.
    """
    plan = next((one for one in rule.plans if one.index == index), None)
    if plan is None:
        raise TendError(f"rule {rule.id!r} has no action {index}; it has {len(rule.plans)}, counted from 0")
    proposal = _proposal(book, rule, plan, sample)
    if channel is not None:
        if channel not in plan.terms.channels:
            known = ", ".join(plan.terms.channels)
            raise TendError(f"rule {rule.id!r} does not go by {channel}; its channels are {known}")
        proposal = proposal.on(channel)
    try:
        return compose(proposal)
    except ValueError as error:
        raise TendError(f"rule {rule.id!r} in {sample.locale}: {error}") from None


def links(base_url: str | None) -> dict[str, str]:
    """Addresses that look like those of signed links and lead nowhere."""
    base = (base_url or "https://shop.example").rstrip("/")
    return {name: f"{base}/k/{name[:7]:x<16}" for name in SIGNED}


def _proposal(book: Rulebook, rule: Rule, plan: ActionPlan, sample: MessageSample) -> Proposal:
    trigger = rule.on[0]
    subject = trigger.split(".")[0]
    ref = f"{sample.festival}-2026" if subject == "festival" else _REFS.get(subject, _ORDER)
    context = EventContext(
        record=_record(book, sample, closed=trigger == "complaint.follow_up"),
        orders=_orders(sample),
        trigger=Trigger(trigger, ref, _BROUGHT.get(trigger, {})),
        event=_event(subject, sample),
        at=sample.at,
        acting=sample.at,
        lane=LaneContext.without_churn(book, epoch=0),
        churn=Churn(0.7, 0.6, 0.8, trusted=True, labels=900, causes=lambda: ("quiet for longer than usual",)),
    )
    reader = FactReader(context)
    key = action_key(rule.id, context.record.id, "sample", plan.index)
    return Proposal(rule, plan, context, reader, "sample", sample.at, sample.at + rule.terms.expiry, key)


def _record(book: Rulebook, sample: MessageSample, *, closed: bool) -> CustomerRecord:
    at = sample.at
    record = CustomerRecord(VERSION, "sample", created=at - 300 * DAY)
    record.profile = Profile(name=sample.name, locale=sample.locale, zone=book.defaults.place.zone, registered=at)
    currency = _CURRENCY.get(sample.language, "USD")
    record.purchases = Purchases(count=7, spent=41_250, currency=currency, first=at - 200 * DAY, last=at - 41 * DAY)
    record.purchases.bucket = at // (28 * DAY)
    record.purchases.counts, record.purchases.amounts = [1, 2, 1, 3], [6_450, 12_300, 4_500, 18_000]
    items = [CartItem("s-77", 1, 4_600), CartItem("s-301", 1, 1_850)]
    shown = CartProduct("s-301", sample.title, _PAGE, PICTURE)
    record.cart = Cart(_CART, currency, 6_450, items, touched=at - HOUR, shown=shown)
    record.complaints = Complaints(recent=[_complaint(at, closed)], total=1, last=at)
    record.coupons = [Coupon(_COUPON, 1, at + 3 * DAY, percent=15)]
    record.points.lots = [Lot(at + 10 * DAY, 412), Lot(at + 90 * DAY, 838)]
    talked = [Contact(at - days * DAY, "call", _TOPIC) for days in (4, 2, 0)]
    record.talks = Talks(contacts=talked, total=len(talked))
    record.segment.tier, record.segment.stage, record.segment.value = "gold", "repeat", "high"
    return record


def _event(subject: str, sample: MessageSample) -> AnyEvent | None:
    """What happened just now, where a text tells of it and the record does not."""
    told: dict[str, dict[str, Any]] = {
        "contact": {"type": "contact.made", "channel": "call", "topic": _TOPIC},
        "feedback": {"type": "feedback.given", "kind": "question", "topic": _TOPIC},
        "wish": {
            "type": "product.updated", "sku": "s-301", "title": sample.title,
            "price": 1_850, "currency": _CURRENCY.get(sample.language, "USD"), "stock": 12,
            "url": _PAGE, "image": PICTURE,
        },
    }  # fmt: skip
    if subject not in told:
        return None
    known = {"id": "e-1", "customer": "sample", "time": to_rfc3339(sample.at)}
    return decode_event(orjson.dumps(known | told[subject]))


def _complaint(at: Millis, closed: bool) -> Complaint:
    ended = at - 2 * DAY if closed else 0
    return Complaint(_COMPLAINT, "delivery", "normal", at - 3 * DAY, at + 2 * DAY, _ORDER, ended)


def _orders(sample: MessageSample) -> OrderBook:
    delivered = sample.at - DAY if sample.status == "delivered" else 0
    currency = _CURRENCY.get(sample.language, "USD")
    promised = sample.at - (2 * DAY if delivered else HOUR)
    order = Order(_ORDER, sample.at - 5 * DAY, 6_450, currency, sample.status, promised, delivered)
    return OrderBook(orders=[order])
