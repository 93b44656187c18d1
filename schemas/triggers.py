"""What can trigger a rule: every event type, and the moments that the core notices by itself."""

from __future__ import annotations

from types import MappingProxyType

import msgspec

from schemas.outcome import Fact
from schemas.topics import TOPIC_OF

NOTICED = MappingProxyType(
    {
        "cart.left": "a cart with something in it was not touched for the cart delay",
        "delivery.overdue": "an order's promised time has passed and it was not delivered; ref: order id",
        "delivery.late": "an order was delivered after its promised time; ref: order id",
        "survey.due": "time to ask about a delivery; ref: order id",
        "complaint.breached": "a complaint's deadline has passed while it was open; ref: complaint id",
        "complaint.follow_up": "time to ask after a complaint was closed; ref: complaint id",
        "birthday": "the customer's birthday, at the greeting hour in their zone; ref: the local year",
        "festival": "a festival, at the greeting hour in the customer's zone; ref: festival and local year",
        "festival.ahead": "some days before a festival, as its `ahead` says; ref: festival and local year",
        "wish.back": "something that the customer noted can be had again; ref: sku",
        "wish.cheaper": "something that the customer noted costs less than before; ref: sku",
        "points.expiring": "points lapse soon; ref: the day they lapse",
        "coupon.expiring": "a coupon of ours lapses soon; ref: coupon code",
        "second_order.due": "time to ask for a second order; ref: first order id",
        "tier.upgraded": "the tier went up; ref: new tier",
        "tier.downgraded": "the tier went down; ref: new tier",
        "stage.changed": "the life-cycle stage changed; ref: new stage",
        "rhythm.quiet": "a customer became quiet for longer than their rhythm explains; ref: orders so far",
        "churn.scored": "a churn probability was computed at the weekly look; ref: the number of the week",
        "released": "a limit no longer holds an action back",
    }
)
"""Trigger names that are not event types, with their meaning."""

TRIGGERS = frozenset(TOPIC_OF) | frozenset(NOTICED)


class Trigger(msgspec.Struct, frozen=True):
    """Something that may trigger rules."""

    name: str
    ref: str = ""
    """What it is about: an order, a complaint, a year; part of occasions."""
    data: dict[str, Fact] = {}
    """Facts of this moment that it brings along: ``order.amount``, or ``previous`` for ``trigger.previous``."""
