"""The topics, as plain data, and which event belongs on which."""

from __future__ import annotations

from typing import get_args

from schemas.browse import BrowseEvent
from schemas.complaints import ComplaintEvent
from schemas.customers import CustomerEvent
from schemas.feedback import FeedbackEvent
from schemas.orders import OrderEvent
from schemas.receipts import ReceiptEvent

ORDERS = "storefront.orders"
BROWSE = "storefront.browse"
COMPLAINTS = "storefront.complaints"
CUSTOMERS = "storefront.customers"
FEEDBACK = "storefront.feedback"
RECEIPTS = "care.receipts"

EVENT_TOPICS = (ORDERS, BROWSE, COMPLAINTS, CUSTOMERS, FEEDBACK, RECEIPTS)
"""Where events come in, keyed by customer; all have the same number of partitions."""

COUPONS = "care.coupons"
GREETINGS = "care.greetings"
CALLBACKS = "care.callbacks"
MESSAGES = "care.messages"
TICKETS = "care.tickets"

ACTION_TOPICS = {
    "coupon": COUPONS,
    "greeting": GREETINGS,
    "callback": CALLBACKS,
    "message": MESSAGES,
    "ticket": TICKETS,
}
"""Kind of action to the topic its senders read."""

WATERMARKS = "tend.watermarks"
LESSONS = "tend.lessons"
ALMANAC = "tend.almanac"
RULEBOOKS = "tend.rulebooks"
DECISIONS = "tend.decisions"
MOVES = "tend.moves"
POSITIONS = "tend.positions"
DEAD_LETTERS = "tend.dead-letters"
AUDIT = "tend.audit"
"""Who saw or changed what; never compacted, one partition."""

FORMER_NAMES = {WATERMARKS: "tend.marks"}
"""What earlier versions of tend called a topic."""

LANE_TOPICS = (*EVENT_TOPICS, WATERMARKS)
"""The p-th partitions of these are read by lane p."""
OUTBOUND_TOPICS = (*ACTION_TOPICS.values(), DECISIONS, MOVES, LESSONS, DEAD_LETTERS, *EVENT_TOPICS)
"""Where a lane's outbox may write: event topics only to forward what lay on a wrong partition."""
PARTITIONED_TOPICS = (*LANE_TOPICS, *ACTION_TOPICS.values(), DECISIONS, MOVES, POSITIONS, DEAD_LETTERS)
"""As many partitions as there are lanes."""
SINGLE_TOPICS = (LESSONS, ALMANAC, RULEBOOKS, AUDIT)
"""One partition: one learner reads lessons; every worker reads almanacs and rulebooks; the audit trail is one."""
COMPACTED_TOPICS = (POSITIONS, RULEBOOKS)

_GROUPS = {
    ORDERS: OrderEvent,
    BROWSE: BrowseEvent,
    COMPLAINTS: ComplaintEvent,
    CUSTOMERS: CustomerEvent,
    FEEDBACK: FeedbackEvent,
    RECEIPTS: ReceiptEvent,
}

TOPIC_OF: dict[str, str] = {
    model.model_fields["type"].default: topic for topic, group in _GROUPS.items() for model in get_args(group)
}
"""Event type to its topic."""
