"""What deciding costs, per trigger and per rule: ``python -m benchmarks.rules``.

A trigger that wakes nothing, each shipped rule whose condition does not hold, and each that gives something out. As
machines differ, times are also told as a multiple of one evaluation of a CEL expression in the same run.
"""

from __future__ import annotations

import gc
from copy import deepcopy
from statistics import median
from time import perf_counter

from rules.context import Churn, EventContext, LaneContext
from rules.deciding.decide import apply, decide
from rules.language import compile_expression
from rules.loading import shipped
from schemas.complaint_list import Complaint
from schemas.given_out import Coupon
from schemas.order_book import Order, OrderBook
from schemas.profile import Profile
from schemas.record import VERSION, Cart, Consent, CustomerRecord, Lot, Purchases, Segment
from schemas.times import DAY, HOUR, Millis
from schemas.triggers import Trigger

NOON: Millis = 1_772_625_600_000
"""2026-03-04T12:00Z."""
TIMES = 2_000
LIKELY = Churn(0.9, 0.8, 0.95, trusted=True, labels=5_000)
REFS = {
    "birthday": "2026",
    "festival": "christmas-2026",
    "points.expiring": "2026-03-18",
    "coupon.expiring": "C-1",
    "tier.upgraded": "gold",
}


def customer(trigger: str, *, applies: bool) -> CustomerRecord:
    """Somebody to whom the shipped rules of a trigger apply, or as few as possible."""
    record = CustomerRecord(
        VERSION, "c-1", created=NOON, profile=Profile(name="Anna", email="a@b.de", phone="+4912345")
    )
    record.consents = [Consent(c, p, True, NOON) for c in ("email", "sms", "push") for p in ("service", "marketing")]
    record.segment = Segment(
        tier="gold" if applies else "bronze", stage="dormant" if applies else "first", activity="active", value="low"
    )
    record.cart = Cart("k-1", "EUR", value=5_000 if applies else 5)
    is_open = trigger.startswith("complaint") and applies == (trigger != "complaint.follow_up")
    closed = 0 if is_open else NOON
    record.complaints.recent = [Complaint("p-1", "delivery", "normal", NOON, closed=closed, deadline=NOON + DAY)]
    record.points.lots = [Lot(NOON + DAY, 500 if applies else 5)]
    record.coupons = [Coupon("C-1", 1, NOON + DAY, percent=10, redeemed=not applies)]
    orders = 1 if trigger in ("order.placed", "second_order.due") else 2
    record.purchases = Purchases(count=orders if applies else 9 * ("order" in trigger), currency="EUR", last=NOON)
    if trigger == "customer.registered":
        record.purchases.count = 0 if applies else 1
    if trigger == "festival":
        record.segment.stage = "loyal" if applies else "dormant"
    return record


def cost(trigger: str, record: CustomerRecord, *, churn: Churn | None) -> tuple[float, int]:
    """Microseconds of one decision (median), and the actions it gave out."""
    lane = LaneContext.without_churn(shipped())
    taken, actions = [], 0
    orders = OrderBook(orders=[Order("o-1", NOON, 5_000, "EUR", "delivered", promised=NOON - DAY)])
    ref = REFS.get(trigger, "p-1" if trigger.startswith("complaint") else "o-1")
    for _ in range(TIMES):
        context = EventContext(deepcopy(record), orders, lane, NOON + 2 * HOUR, NOON + 2 * HOUR, churn=churn)
        begun = perf_counter()
        decided = decide(context.about(Trigger(trigger, ref)))
        apply(context, decided)
        taken.append(perf_counter() - begun)
        actions = len(decided.actions)
    return median(taken) * 1e6, actions


def evaluation() -> float:
    """Microseconds of one evaluation by CEL, over two facts."""
    condition, facts = compile_expression("orders.count > 3 || cart.open"), {"orders.count": 4, "cart.open": True}
    taken = []
    for _ in range(10 * TIMES):
        begun = perf_counter()
        condition.evaluate(facts)
        taken.append(perf_counter() - begun)
    return median(taken) * 1e6


def main() -> None:
    """Print the table."""
    gc.disable()
    unit = evaluation()
    print(f"one evaluation by CEL: {unit:.1f} us\n")
    print(f"{'trigger':<22}{'rules':>6}{'us, nothing done':>18}{'x':>6}{'us, done':>10}{'x':>6}{'actions':>9}")
    book = shipped()
    for trigger in ("product.viewed", *sorted({name for rule in book.rules for name in rule.on})):
        idle, _ = cost(trigger, customer(trigger, applies=False), churn=None)
        busy, actions = cost(trigger, customer(trigger, applies=True), churn=LIKELY)
        woken = len(book.triggered_by(trigger))
        print(f"{trigger:<22}{woken:>6}{idle:>18.1f}{idle / unit:>6.1f}{busy:>10.1f}{busy / unit:>6.1f}{actions:>9}")


if __name__ == "__main__":
    main()
