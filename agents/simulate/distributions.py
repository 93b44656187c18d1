"""What the simulator invents, and how often: the one table, from which ``docs/simulator.md`` is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple

Weights = tuple[tuple[str, float], ...]


class Of(NamedTuple):
    """What a number counts, and what it means; the documentation repeats both."""

    unit: str
    meaning: str


@dataclass(frozen=True)
class Distributions:
    """Every number behind an invented event. Chosen to be plausible for a web shop; none is fitted to outcomes."""

    # Visits that end without an order
    visits_per_order: Annotated[float, Of("visits", "without an order, for each order of the recent rhythm")] = 2.0
    rhythm_days: Annotated[float, Of("days", "after which an old order counts 1/e in that rhythm")] = 40.0
    visits_floor: Annotated[float, Of("visits a day", "of a registered customer who has stopped ordering")] = 0.01
    visits_cap: Annotated[float, Of("visits a day", "expected at most")] = 5.0
    appetite: Annotated[tuple[float, float], Of("factor", "on visits, drawn once per customer, uniform")] = (
        0.5,
        1.5,
    )
    visit_kinds: Annotated[Weights, Of("shares", "of visits without an order, by what is done")] = (
        ("look", 0.62),
        ("search", 0.20),
        ("cart", 0.18),
    )
    views_per_look: Annotated[tuple[int, int], Of("pages", "seen in a visit that only looks, uniform")] = (1, 2)
    search_view: Annotated[float, Of("of searches", "followed by a product page")] = 0.55
    search_empty: Annotated[float, Of("of searches", "that find nothing")] = 0.15
    results: Annotated[tuple[int, int], Of("results", "of a search that finds something, uniform")] = (3, 240)
    own_products: Annotated[
        float, Of("of pages", "that show what the customer bought before; the rest is from the catalogue")
    ] = 0.6
    cart_till: Annotated[float, Of("of carts left", "that had come as far as the till")] = 0.45
    till_steps: Annotated[float, Of("of carts left at the till", "that had come as far as a step the shop tells")] = 0.5
    cart_removed: Annotated[float, Of("of carts left", "out of which something was taken again")] = 0.2
    left_payment_failed: Annotated[float, Of("of carts left at the till", "after a payment failed")] = 0.2
    left_coupon_refused: Annotated[float, Of("of carts left at the till", "after a coupon was refused")] = 0.06
    pause: Annotated[tuple[int, int], Of("seconds", "between two steps of a visit, uniform")] = (15, 240)

    holiday_visits: Annotated[float, Of("factor", "on visits, on public holidays where the shops stand")] = 0.7

    # The visit that ends in an order
    order_visit: Annotated[tuple[int, int], Of("seconds", "from its first step to the order, uniform")] = (180, 2400)
    order_views: Annotated[tuple[int, int], Of("pages", "seen in it, uniform")] = (0, 2)
    order_search: Annotated[float, Of("of these visits", "with a search")] = 0.2
    order_adds: Annotated[tuple[int, int], Of("lines", "of the basket that are seen going into the cart, uniform")] = (
        1,
        2,
    )
    order_payment_failed: Annotated[float, Of("of orders", "where the first payment failed")] = 0.012
    order_coupon_refused: Annotated[float, Of("of orders", "where a coupon code was refused")] = 0.006

    # Parcels
    promise_days: Annotated[Weights, Of("shares", "of orders, by the days promised for delivery")] = (
        ("2", 0.8),
        ("3", 0.2),
    )
    cancelled: Annotated[float, Of("of orders", "cancelled 10 minutes to 3 hours after placing")] = 0.012
    dispatch_hours: Annotated[tuple[int, int], Of("hours", "from order to dispatch, uniform")] = (4, 30)
    late: Annotated[float, Of("of parcels", "delivered after the promised time")] = 0.07
    late_hours: Annotated[tuple[float, float], Of("hours, factor", "too late: median, spread to either side")] = (
        20.0,
        6.0,
    )
    lost: Annotated[float, Of("of parcels", "that never arrive")] = 0.002
    returned: Annotated[float, Of("of delivered orders", "of which something comes back, after 1 to 14 days")] = 0.018
    returned_part: Annotated[tuple[float, float], Of("of the amount", "that comes back, uniform")] = (0.1, 1.0)

    # Second thoughts
    edited: Annotated[float, Of("of orders", "of more than one line, out of which a line is taken before packing")] = (
        0.008
    )
    restored: Annotated[float, Of("of cancellations", "taken back within 6 hours: they were a mistake")] = 0.06
    exchanged: Annotated[float, Of("of delivered orders", "of which a piece is exchanged within 14 days")] = 0.003
    refund_paid: Annotated[float, Of("of returns", "whose refund is paid, 4 hours to 5 days after the goods")] = 0.97
    refund_withdrawn: Annotated[float, Of("of refunds not paid", "which are declined, 1 to 5 days after")] = 0.5
    points_spent: Annotated[float, Of("of orders", "partly paid with the points of the order before")] = 0.004

    # What is said and noted beside orders
    contact_late: Annotated[float, Of("of late or lost parcels", "about which the customer gets in touch")] = 0.05
    contact_again: Annotated[float, Of("of contacts", "after which they get in touch about it again within 2 days")] = (
        0.35
    )
    feedback: Annotated[float, Of("of delivered orders", "followed by a suggestion, praise or a question")] = 0.002
    feedback_kinds: Annotated[Weights, Of("shares", "of these")] = (
        ("suggestion", 0.3),
        ("praise", 0.4),
        ("question", 0.3),
    )
    coupon_claimed: Annotated[float, Of("of delivered orders", "after which a coupon of the store's is taken")] = 0.0006
    noted: Annotated[float, Of("of pages", "seen in a visit that looks, of which the product is noted")] = 0.002
    noted_out: Annotated[float, Of("of products noted", "out of stock then, and back after 1 to 14 days")] = 0.4
    noted_dropped: Annotated[float, Of("of the other products noted", "taken off the list after 1 to 14 days")] = 0.3
    noted_cheaper: Annotated[float, Of("of the rest", "that cost a fifth less after 1 to 14 days")] = 0.3

    # Only where the whole shop is asked for, as the demo does
    anonymous: Annotated[float, Of("of visits", "without an order that nobody is logged in at: a stranger's")] = 0.002
    identified: Annotated[float, Of("of strangers", "who turn out to be the customer within 2 days")] = 0.9
    tasting: Annotated[float, Of("of delivered orders", "after which an event of the store's own is told")] = 0.002
    diet: Annotated[float, Of("of customers", "with an attribute of the store's own")] = 0.3

    # Complaints
    complaint_late: Annotated[float, Of("of late or lost parcels", "that lead to a complaint within 36 hours")] = 0.22
    complaint_other: Annotated[float, Of("of parcels in time", "that lead to a complaint within 4 days")] = 0.006
    categories_late: Annotated[Weights, Of("shares", "of complaints about lateness")] = (
        ("delivery", 0.9),
        ("service", 0.1),
    )
    categories_other: Annotated[Weights, Of("shares", "of other complaints")] = (
        ("product", 0.5),
        ("payment", 0.15),
        ("service", 0.15),
        ("account", 0.08),
        ("other", 0.07),
        ("counterfeit", 0.01),
        ("privacy", 0.02),
        ("safety", 0.02),
    )
    urgency_told: Annotated[
        float, Of("of complaints", "that carry an urgency; the others leave it to the rulebook")
    ] = 0.3
    urgencies: Annotated[Weights, Of("shares", "of urgencies told")] = (
        ("low", 0.2),
        ("normal", 0.5),
        ("high", 0.25),
        ("critical", 0.05),
    )
    complaint_updated: Annotated[float, Of("of complaints", "to which something is added before they are resolved")] = (
        0.25
    )
    taken: Annotated[float, Of("of complaints", "that a person takes, in the first half of their time")] = 0.7
    handed_over: Annotated[float, Of("of complaints taken", "handed over to another person")] = 0.12
    answered: Annotated[float, Of("of complaints taken", "answered before they are resolved")] = 0.5
    resolve_hours: Annotated[tuple[float, float], Of("hours, factor", "to resolution: median, spread")] = (30.0, 8.0)
    unresolved: Annotated[float, Of("of complaints", "never resolved")] = 0.05
    reopened: Annotated[
        float, Of("of resolved complaints", "reopened after 6 to 120 hours, then resolved once more")
    ] = 0.06

    # Feedback
    survey: Annotated[float, Of("of parcels", "rated in a survey within 3 days of delivery")] = 0.03
    scores_good: Annotated[tuple[float, ...], Of("shares", "of 1 to 5, parcels in time")] = (
        0.02,
        0.04,
        0.12,
        0.36,
        0.46,
    )
    scores_bad: Annotated[tuple[float, ...], Of("shares", "of 1 to 5, late parcels")] = (0.24, 0.28, 0.26, 0.15, 0.07)
    survey_resolved: Annotated[float, Of("of resolved complaints", "rated (after-sales) within 2 days")] = 0.12
    review: Annotated[float, Of("of parcels", "of which a product is reviewed, after 1 to 10 days")] = 0.02

    # Profiles
    email_known: Annotated[float, Of("of customers", "with an e-mail address (under example.com, .net, .org)")] = 0.94
    phone_known: Annotated[float, Of("of customers", "with a telephone number (fictitious: +1 NXX 555 01xx)")] = 0.80
    birthday_known: Annotated[float, Of("of customers", "with a birthday")] = 0.72
    birthday_lunar: Annotated[float, Of("of birthdays", "told in the lunar calendar")] = 0.12
    birthday_year: Annotated[float, Of("of birthdays", "with the year; it fits the age band where that is known")] = 0.7
    zones: Annotated[Weights, Of("shares", "of time zones")] = (
        ("America/New_York", 0.60),
        ("America/Chicago", 0.14),
        ("America/Denver", 0.05),
        ("America/Los_Angeles", 0.09),
        ("Europe/London", 0.03),
        ("Europe/Berlin", 0.03),
        ("Asia/Shanghai", 0.03),
        ("Asia/Kolkata", 0.02),
        ("Australia/Sydney", 0.01),
    )
    spanish: Annotated[float, Of("of American customers", "with locale es-US; locales of others follow their zone")] = (
        0.12
    )
    consent_service: Annotated[Weights, Of("shares", "allowing service messages")] = (
        ("email", 0.92),
        ("sms", 0.62),
        ("push", 0.45),
        ("call", 0.45),
    )
    consent_marketing: Annotated[Weights, Of("shares", "allowing marketing messages")] = (
        ("email", 0.62),
        ("sms", 0.38),
        ("push", 0.30),
        ("call", 0.22),
    )
    consent_refused: Annotated[float, Of("of consents not given", "refused in words; the others were never asked")] = (
        0.5
    )
    consent_changes: Annotated[float, Of("a year", "changes of consent per customer")] = 0.35
    consent_withdrawals: Annotated[float, Of("of these changes", "withdrawals; the others are grants")] = 0.6
    moves: Annotated[float, Of("a year", "changes of time zone or e-mail address per customer")] = 0.08
    hours: Annotated[tuple[int, ...], Of("weights", "of the hours of a day (UTC) for visits without an order")] = (
        40,
        30,
        20,
        10,
        5,
        3,
        2,
        2,
        1,
        1,
        3,
        6,
        10,
        15,
        22,
        30,
        36,
        37,
        38,
        41,
        47,
        53,
        53,
        48,
    )
