"""The sections of a customer's page, each as values for its template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from babel import Locale, UnknownLocaleError

from agents.console import charts
from agents.console.life import Life
from agents.console.words import Words
from agents.rollups.model import TimelineRow, WorkItem
from rules.zones import is_zone
from schemas.channels import TO_CUSTOMERS
from schemas.order_book import Order
from schemas.readings import DIMENSIONS, last_year, open_lots, points_balance
from schemas.record import CustomerRecord
from schemas.times import DAY, Millis

_QUIET_TIMES: Final = 2
"""Times the usual gap without an order that are worth a word."""


def sentence(record: CustomerRecord, words: Words, now: Millis) -> str:
    """Who this is, what they are worth, and what is unusual."""
    if record.erased:
        return words("customer.erased", day=words.day(record.erased, now))
    if record.merged_into:
        return words("customer.merged_into", id=record.merged_into)
    stage, value = record.segment.stage or "prospect", record.segment.value
    who = words(f"customer.who.{stage}") if words.has(f"customer.who.{stage}") else words("customer.who.repeat")
    parts = [words(f"customer.of_value.{value}", who=who) if words.has(f"customer.of_value.{value}") else f"{who}."]
    quiet = _quiet(record, words, now)
    return " ".join([*parts, quiet]) if quiet else parts[0]


def _quiet(record: CustomerRecord, words: Words, now: Millis) -> str:
    if not record.purchases.last:
        return ""
    days, usual = (now - record.purchases.last) // DAY, usual_days(record)
    if usual is None:
        return words("customer.last_order", span=words.span_in(max(now - record.purchases.last, 0)))
    if days > _QUIET_TIMES * usual and days >= 3:
        return words("customer.quiet", n=days, usual=words("spans.days", n=usual))
    return words("customer.in_rhythm", usual=words("spans.days", n=usual))


def usual_days(record: CustomerRecord) -> int | None:
    """The customer's usual gap between orders: the median of those remembered, in days; None where too few."""
    gaps = sorted(record.purchase_features.gaps)
    if len(gaps) < 3:
        return None
    return max(round(gaps[len(gaps) // 2] / 96), 1)  # quarters of an hour


def owed_sentence(work: list[WorkItem], words: Words, now: Millis) -> str:
    """What the store owes the customer now, in words."""
    deadlines = [one.due for one in work if one.due]
    if not deadlines:
        return ""
    first = min(deadlines)
    if first < now:
        return words("customer.overdue", span=words.span(now - first))
    return words("customer.owe", by=words.by(first, now))


def language_section(record: CustomerRecord, words: Words, now: Millis = 0) -> str:
    """The customer's language, in the reader's, where they live, and what time it is there."""
    parts = []
    if record.profile.locale:
        try:
            spoken = Locale.parse(record.profile.locale, sep="-").get_display_name(words.language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            spoken = None
        parts.append(spoken or record.profile.locale)
    if record.profile.zone:
        city = record.profile.zone.rpartition("/")[2].replace("_", " ")
        there = Words(words.language, record.profile.zone) if now and is_zone(record.profile.zone) else None
        parts.append(words("customer.there", city=city, time=there.time(now)) if there else city)
    return " · ".join(parts)


def figures(record: CustomerRecord, life: Life, words: Words, now: Millis) -> dict[str, str]:
    """The strip of figures at the top."""
    orders, spent = last_year(record.purchases, now)
    usual = usual_days(record)
    note = [words("customer.orders", n=orders)]
    if usual is not None:
        note.append(words("customer.every", n=usual))
    value = words.named("values", record.segment.value) if record.segment.value else ""
    since = words("customer.since", day=words.day(record.segment.since, now)) if record.segment.since else ""
    if life.moves and life.moves[0][2] == record.segment.stage:
        since = words("customer.before", since=since, stage=words.named("stages", life.moves[0][1]))
    means = [one for one in satisfaction_section(record) if one["mean"] is not None]
    weakest = min(means[1:] or means, key=lambda one: one["mean"], default=None)
    overall = next((one for one in means if one["name"] == "overall"), means[0] if means else None)
    return {
        "worth": words.money(spent, record.purchases.currency),
        "worth_note": ", ".join(note) + (f" · {value}" if value else ""),
        "stage": words.named("stages", record.segment.stage or "prospect"),
        "stage_note": since,
        "risk": words.percent(record.churn[0]) if record.churn else "–",
        "satisfaction": words.number(overall["mean"], 1) if overall else "–",
        "satisfaction_note": words(
            "customer.weakest", what=words.named("dimensions", weakest["name"]), mean=words.number(weakest["mean"], 1)
        )
        if weakest
        else words("customer.never_asked"),
    }


def satisfaction_section(record: CustomerRecord) -> list[dict[str, Any]]:
    """The mean score of each dimension."""
    told = record.satisfaction
    found = []
    for place, name in enumerate(DIMENSIONS):
        count = told.counts[place] if place < len(told.counts) else 0
        mean = told.sums[place] / count if count else None
        found.append({"name": name, "mean": mean, "count": count, "dots": charts.dots(mean)})
    return found


def consents_section(record: CustomerRecord) -> dict[str, list[tuple[str, str]]]:
    """By purpose, for each channel: ``allowed``, ``withdrawn`` or ``never``."""
    last = {(one.channel, one.purpose): one.granted for one in record.consents}
    states = {True: "allowed", False: "withdrawn", None: "never"}
    return {
        purpose: [(channel, states[last.get((channel, purpose))]) for channel in TO_CUSTOMERS]
        for purpose in ("service", "marketing")
    }


def lines_of(order_id: str, currency: str, events: Sequence[TimelineRow], words: Words) -> list[tuple[str, str, str]]:
    """Of each line of an order that is kept: how many, of what, at which price."""
    placed = next((row for row in events if row.kind == "order.placed" and row.data.get("order_id") == order_id), None)
    if placed is None:
        return []
    kept = [list_of(placed.data.get(part)) for part in ("lines", "quantities", "prices")]
    return [
        ("" if quantity == "1" else f"{quantity} × ", sku, words.money(int(price), currency))
        for sku, quantity, price in zip(*kept, strict=False)
    ]


def list_of(value: object) -> list[str]:
    """A list that a timeline's row may hold."""
    return [str(part) for part in value] if isinstance(value, list) else []


def complaint_section(work: WorkItem, every: Sequence[WorkItem], words: Words, now: Millis) -> dict[str, Any]:
    """An open complaint; ``every`` is all work about its customer."""
    before = [one for one in every if one.kind == "complaint" and one.closed > 1 and one.id != work.id]
    last = max(before, key=lambda one: one.closed, default=None)
    late = bool(work.due and work.due < now)
    left = (words.span if late else words.span_in)(work.due - now) if work.due else ""
    return {
        "work": work,
        "late": late,
        "due": words("customer.due_late" if late else "customer.due_in", when=words.when(work.due, now), span=left)
        if work.due
        else words("customer.no_deadline"),
        "about": _about(work, words),
        "earlier": words("customer.earlier", n=len(before), span=words.span_in(last.closed - last.opened))
        if last is not None and last.opened
        else "",
    }


def _about(work: WorkItem, words: Words) -> str:
    """``Delivery, urgent.``"""
    told = [words.named("categories", work.category or "other")]
    if work.urgency:
        told.append(words.named("urgencies", work.urgency))
    return begun(words("lists.comma").join(told)) + words("desk.stop")


def begun(text: str) -> str:
    """Words as they stand at the beginning of a sentence or a row."""
    return text[:1].upper() + text[1:]


def order_section(order: Order, words: Words, now: Millis) -> dict[str, str]:
    """An order."""
    late = order.late or bool(order.due and order.due < now and order.status in ("placed", "dispatched"))
    if late:
        days = max(((order.delivered or now) - order.due) // DAY, 0) if order.due else 0
        state, tag = words("orders.late", n=days) if days else words("orders.a_little_late"), "held"
    else:
        state, tag = words.named("orders", order.status), "supp" if order.status in ("returned", "cancelled") else ""
    return {
        "id": order.id,
        "day": words.short_day(order.placed) if order.placed else "–",
        "amount": words.money(order.amount, order.currency),
        "state": state,
        "tag": tag,
    }


def points_section(record: CustomerRecord, words: Words) -> dict[str, Any]:
    """The balance of points, and what lapses next."""
    lots = open_lots(record.points)
    soonest = min(lots, key=lambda lot: lot.expires, default=None)
    balance = points_balance(record.points)
    return {
        "count": balance,
        "balance": words.number(balance),
        "lapse": words("customer.lapse", n=soonest.points, day=words.short_day(soonest.expires)) if soonest else "",
    }


def coupons_section(record: CustomerRecord, words: Words, now: Millis) -> list[dict[str, str]]:
    """Coupons of the customer, redeemed ones among them."""
    return [
        {
            "code": one.code,
            "note": words("customer.redeemed")
            if one.redeemed
            else words(
                "customer.coupon",
                value=words.percent(one.percent / 100)
                if one.percent
                else words.money(one.amount, record.purchases.currency),
                day=words.short_day(one.expires),
            ),
        }
        for one in record.coupons
        if one.expires > now or one.redeemed
    ]
