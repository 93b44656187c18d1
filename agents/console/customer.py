"""Customer: who is this, what happened, what do we owe?"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from babel import Locale, UnknownLocaleError
from starlette.responses import HTMLResponse, Response

from agents.access import ContactPurpose, contact_of
from agents.console import charts
from agents.console.coming import due
from agents.console.life import Life, TimelineEntry
from agents.console.timeline import counted, filtered, past
from agents.console.web import View, environment, frame
from agents.console.words import Words
from agents.rollups.model import WorkItem, decode_message, decode_row
from schemas.almanac import Almanac
from schemas.churn import Explanation
from schemas.outcome import decode_decision
from schemas.readings import DIMENSIONS, last_year, points_balance
from schemas.record import CustomerRecord, Order, OrderBook
from schemas.times import DAY, Millis, to_datetime
from streams.churn import explanations, score

_PAGE: Final = 40
_ORDERS: Final = 5
_DUE: Final = 8
_WEEKS: Final = 12
_CHANNELS: Final = ("email", "sms", "push", "call")
_QUIET_TIMES: Final = 2
"""So many times the usual gap without an order is worth a word."""
_WORTH_A_WORD: Final = 0.04
"""A smaller move of the risk is not told."""
_decode_score = msgspec.msgpack.Decoder(tuple[Millis, float]).decode
_decode_move = msgspec.msgpack.Decoder(tuple[Millis, str, str]).decode


async def life_of(view: View, customer: str) -> tuple[Life, OrderBook]:
    """All that is known of a customer. Raises TendError where there is no such customer."""
    backend, partition = view.backend, view.backend.partition(customer)
    record, orders = await backend.queries.customer(customer)

    async def rows(name: str) -> list[bytes]:
        return await backend.rollups.rows(partition, name, customer)

    work = await backend.rollups.all_work()
    life = Life(
        record,
        events=[decode_row(body) for body in await rows("life")],
        visits=[decode_row(body) for body in await rows("visits")],
        decisions=[decode_decision(body) for body in await rows("care")],
        messages=[decode_message(body) for body in await rows("said")],
        work=[one for one in work if one.customer == customer],
        moves=[_decode_move(body) for body in await rows("moves")],
    )
    return life, orders


async def customer_page(view: View) -> Response:
    """The page."""
    values = await customer_values(view)
    return await view.page("customer.html", **values)


async def customer_parts(view: View) -> dict[str, str]:
    """What changes by itself."""
    values = {**await frame(view), **await customer_values(view)}
    parts = ("said", "strip", "due", "past", "side")
    return {
        "frame": environment().get_template("_bar.html").render(section="customers", **values),
        **{part: environment().get_template(f"customer/{part}.html").render(**values) for part in parts},
    }


async def customer_values(view: View) -> dict[str, Any]:
    """All that the page shows."""
    customer = str(view.request.path_params["customer"])
    life, orders = await life_of(view, customer)
    words, now, record = view.words, view.now, life.record
    coming = due(life, await view.backend.rulebook(), words, now)
    entries = past(life, words, now)
    chosen = view.query.get("show", "")
    before = int(view.query.get("before", "0") or 0)
    rest = [entry for entry in filtered(entries, chosen) if not before or entry.at < before]
    open_work = [one for one in life.work if not one.closed and one.kind == "complaint"]
    contact = await contact_of(record, actor=view.session.actor, purpose=ContactPurpose.LOOK, audit=view.backend.audit)
    return {
        "customer": customer,
        "record": record,
        "contact": contact,
        "erased": bool(record.erased),
        "language": _language(record, words),
        "says": sentence(record, life.work, words, now),
        "owes": _owes(open_work, words, now),
        "strip": _strip(record, life, words, now),
        "consent": _consents(record),
        "chosen": chosen,
        "counts": counted(entries, coming),
        "coming": coming[:_DUE] if chosen in ("", "due") else [],
        "more_due": max(len(coming) - _DUE, 0),
        "days": _by_day(rest[:_PAGE], words, now) if chosen != "due" else [],
        "older": rest[_PAGE - 1].at if len(rest) > _PAGE else 0,
        "left": max(len(rest) - _PAGE, 0),
        "complaints": [_complaint(one, words, now) for one in open_work],
        "risk": await _risk(view, record),
        "orders": [_order(one, words, now) for one in reversed(orders.orders[-_ORDERS:])],
        "order_count": record.purchases.count,
        "points": _points(record, words),
        "coupons": _coupons(record, words, now),
        "satisfaction": _satisfaction(record),
    }


async def timeline_part(view: View) -> Response:
    """The past alone, for a filter or for what is older."""
    values = {**await frame(view), **await customer_values(view)}
    older = "customer/older.html" if view.query.get("before") else "customer/lists.html"
    return HTMLResponse(environment().get_template(older).render(**values))


async def contact_part(view: View) -> Response:
    """The contact in the open; it is written down who looked before it is shown."""
    customer = str(view.request.path_params["customer"])
    record, _ = await view.backend.queries.customer(customer)
    told = await contact_of(record, actor=view.session.actor, purpose=ContactPurpose.ANSWER, audit=view.backend.audit)
    return HTMLResponse(environment().get_template("customer/contact.html").render(contact=told, **await frame(view)))


# ------------------------------------------------------------ the sentence


def sentence(record: CustomerRecord, work: list[WorkItem], words: Words, now: Millis) -> str:
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
        return words("customer.last_order", span=words.span(max(now - record.purchases.last, 0)))
    if days > _QUIET_TIMES * usual and days >= 3:
        return words("customer.quiet", n=days, usual=words("spans.days", n=usual))
    return words("customer.in_rhythm", usual=words("spans.days", n=usual))


def usual_days(record: CustomerRecord) -> int | None:
    """The customer's usual gap between orders: the median of those remembered, in days; None where too few."""
    gaps = sorted(record.purchase_features.gaps)
    if len(gaps) < 3:
        return None
    return max(round(gaps[len(gaps) // 2] / 96), 1)  # quarters of an hour


def _owes(work: list[WorkItem], words: Words, now: Millis) -> str:
    deadlines = [one.due for one in work if one.due]
    if not deadlines:
        return ""
    first = min(deadlines)
    if first < now:
        return words("customer.overdue", span=words.span(now - first))
    return words("customer.owe", by=words.by(first, now))


def _language(record: CustomerRecord, words: Words) -> str:
    parts = []
    if record.profile.locale:
        try:
            spoken = Locale.parse(record.profile.locale, sep="-").get_display_name(words.language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            spoken = None
        parts.append(spoken or record.profile.locale)
    if record.profile.zone:
        parts.append(record.profile.zone.rpartition("/")[2].replace("_", " "))
    return " · ".join(parts)


# ------------------------------------------------------------ figures


def _strip(record: CustomerRecord, life: Life, words: Words, now: Millis) -> dict[str, str]:
    orders, spent = last_year(record.purchases, now)
    usual = usual_days(record)
    note = [words("customer.orders", n=orders)]
    if usual is not None:
        note.append(words("customer.every", n=usual))
    value = words.named("values", record.segment.value) if record.segment.value else ""
    since = words("customer.since", day=words.day(record.segment.since, now)) if record.segment.since else ""
    means = [one for one in _satisfaction(record) if one["mean"] is not None]
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


def _satisfaction(record: CustomerRecord) -> list[dict[str, Any]]:
    told = record.satisfaction
    found = []
    for place, name in enumerate(DIMENSIONS):
        count = told.counts[place] if place < len(told.counts) else 0
        mean = told.sums[place] / count if count else None
        found.append({"name": name, "mean": mean, "count": count, "dots": charts.dots(mean)})
    return found


def _consents(record: CustomerRecord) -> dict[str, list[tuple[str, str]]]:
    """By purpose, for each channel: ``allowed``, ``withdrawn`` or ``never``."""
    last = {(one.channel, one.purpose): one.granted for one in record.consents}
    states = {True: "allowed", False: "withdrawn", None: "never"}
    return {
        purpose: [(channel, states[last.get((channel, purpose))]) for channel in _CHANNELS]
        for purpose in ("service", "marketing")
    }


async def _risk(view: View, record: CustomerRecord) -> dict[str, Any]:
    words, now = view.words, view.now
    bodies = await view.backend.rollups.rows(view.backend.partition(record.id), "scores", record.id)
    scores = sorted(_decode_score(body) for body in bodies)
    start = now - _WEEKS * 7 * DAY
    points = [((at - start) / (now - start or 1), value) for at, value in scores if at >= start]
    if record.churn and points:
        points.append((1.0, record.churn[0]))
    earlier = [value for at, value in scores if now - 21 * DAY <= at <= now - 3 * DAY]
    label = words("customer.risk_label", now=words.percent(record.churn[0])) if record.churn else ""
    return {
        "probability": record.churn[0] if record.churn else None,
        "was": words.percent(earlier[0])
        if earlier and record.churn and abs(earlier[0] - record.churn[0]) > 0.04
        else "",
        "chart": charts.steps(points, label) if len(points) > 2 else "",
        "causes": [
            {"words": words.named("causes", one.code), "share": one.share, "bar": charts.share_bar(one.share)}
            for one in causes_of(record, view.backend.almanacs.newest, now)
        ],
    }


def causes_of(record: CustomerRecord, almanac: Almanac | None, now: Millis) -> list[Explanation]:
    """What speaks for leaving, the strongest first; none where the model knows nothing yet."""
    if almanac is None or not record.churn or not almanac.lessons:
        return []
    horizon = almanac.churn.horizons[0].horizon
    scored = score(almanac.churn, record.purchase_features, now, horizon)
    return explanations(almanac.churn, scored, horizon)[:3]


# ------------------------------------------------------------ beside


def _complaint(work: WorkItem, words: Words, now: Millis) -> dict[str, Any]:
    late = bool(work.due and work.due < now)
    left = words.span(work.due - now) if work.due else ""
    return {
        "work": work,
        "late": late,
        "due": words("customer.due_late" if late else "customer.due_in", when=words.when(work.due, now), span=left)
        if work.due
        else words("customer.no_deadline"),
        "kind": words.named("categories", work.category or "other"),
        "urgency": words.named("urgencies", work.urgency) if work.urgency else "",
    }


def _order(order: Order, words: Words, now: Millis) -> dict[str, str]:
    late = order.late or bool(order.promised and order.promised < now and order.status in ("placed", "dispatched"))
    if late:
        days = max(((order.delivered or now) - order.promised) // DAY, 0) if order.promised else 0
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


def _points(record: CustomerRecord, words: Words) -> dict[str, str]:
    lots = record.points.lots
    soonest = min(lots, key=lambda lot: lot.expires, default=None)
    return {
        "balance": words.number(points_balance(record.points)),
        "lapse": words("customer.lapse", n=soonest.points, day=words.short_day(soonest.expires)) if soonest else "",
    }


def _coupons(record: CustomerRecord, words: Words, now: Millis) -> list[dict[str, str]]:
    return [
        {
            "code": one.code,
            "note": words("customer.redeemed")
            if one.redeemed
            else words(
                "customer.coupon",
                value=f"{one.percent} %" if one.percent else words.money(one.amount, record.purchases.currency),
                day=words.short_day(one.expires),
            ),
        }
        for one in record.coupons
        if one.expires > now or one.redeemed
    ]


def _by_day(entries: list[TimelineEntry], words: Words, now: Millis) -> list[tuple[str, list[TimelineEntry]]]:
    days: list[tuple[str, list[TimelineEntry]]] = []
    for entry in entries:
        heading = words.heading(entry.at, now)
        if to_datetime(entry.at).year != to_datetime(now).year:
            heading = words.long_day(entry.at)
        if not days or days[-1][0] != heading:
            days.append((heading, []))
        days[-1][1].append(entry)
    return days
