"""Customer: who is this, what happened, what do we owe?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Final

import msgspec
from starlette.responses import HTMLResponse, Response

from agents.access import ContactPurpose, contact_of
from agents.console import charts
from agents.console.coming import due
from agents.console.customer_sections import (
    complaint_section,
    consents_section,
    coupons_section,
    figures,
    language_section,
    lines_of,
    order_section,
    owed_sentence,
    points_section,
    satisfaction_section,
    sentence,
)
from agents.console.life import Life, TimelineEntry
from agents.console.timeline import counted, filtered, past
from agents.console.web import View, environment, frame, parts_of
from agents.console.words import Words
from agents.rollups.model import decode_message, decode_row, encode
from schemas.almanac import Almanac
from schemas.churn import Explanation
from schemas.order_book import OrderBook
from schemas.outcome import decode_decision
from schemas.readings import may_profile
from schemas.record import CustomerRecord
from schemas.times import DAY, MINUTE, Millis, to_datetime
from streams.churn import explanations, score

_PAGE: Final = 40
_ORDERS: Final = 5
_DUE: Final = 8
_WEEKS: Final = 12
_WORTH_A_WORD: Final = 0.04
"""A smaller move of the risk is not told."""
_WORTH_A_CAUSE: Final = 0.05
"""Below it nobody need ask what speaks for leaving."""
_decode_score = msgspec.msgpack.Decoder(tuple[Millis, float]).decode
_decode_move = msgspec.msgpack.Decoder(tuple[Millis, str, str]).decode


async def life_of(view: View, customer: str) -> tuple[Life, OrderBook]:
    """All that is known of a customer. Raises TendError where there is no such customer."""
    backend, partition = view.backend, view.backend.partition(customer)
    record, orders = await backend.queries.customer(customer)

    rows = await backend.rollups.lists(partition, customer)
    work = await backend.all_work()
    life = Life(
        record,
        events=[decode_row(body) for body in rows["life"]],
        visits=[decode_row(body) for body in rows["visits"]],
        decisions=[decode_decision(body) for body in rows["care"]],
        messages=[decode_message(body) for body in rows["said"]],
        work=[one for one in work if one.customer == customer],
        moves=[_decode_move(body) for body in rows["moves"]],
        scores=sorted(_decode_score(body) for body in rows["scores"]),
    )
    return life, orders


async def customer_page(view: View) -> Response:
    """The page."""
    values = await customer_values(view)
    return await view.page("customer.html", **values)


async def customer_mark(view: View) -> Hashable:
    """What the page is made from, in short; with the minute, as spans of time stand in it."""
    backend, customer = view.backend, str(view.request.path_params["customer"])
    partition, around = backend.partition(customer), await frame(view)
    kept = await backend.store.customer(partition, customer)
    lists = await backend.rollups.lists(partition, customer)
    work = [encode(one) for one in await backend.all_work() if one.customer == customer]
    of_customer = hash((*kept, *(tuple(one) for one in lists.values()), *work))
    return view.now // MINUTE, around["overdue"], around["letters"], of_customer


async def customer_parts(view: View) -> dict[str, str]:
    """What changes by itself."""
    parts = ("said", "strip", "due", "past", "side")
    return await parts_of(view, "customer", parts, await customer_values(view), section="customers")


async def customer_values(view: View) -> dict[str, Any]:
    """All that the page shows."""
    customer = str(view.request.path_params["customer"])
    life, orders = await life_of(view, customer)
    words, now, record = view.words, view.now, life.record
    coming = due(life, await view.backend.rulebook(), words, now)
    open_work = [one for one in life.work if not one.closed and one.kind == "complaint"]
    contact = await contact_of(record, actor=view.session.actor, purpose=ContactPurpose.LOOK, audit=view.backend.audit)
    return {
        "customer": customer,
        "record": record,
        "contact": contact,
        "erased": bool(record.erased),
        "language": language_section(record, words, now),
        "merged": [words("customer.became", id=one.id, day=words.day(one.at, now)) for one in record.merged],
        "says": sentence(record, words, now),
        "owes": owed_sentence(open_work, words, now),
        "strip": figures(record, life, words, now),
        "consent": consents_section(record),
        "may_profile": may_profile(record.consents),
        **_timeline(view, past(life, words, now), coming),
        "complaints": [complaint_section(one, life.work, words, now) for one in open_work],
        "risk": _risk(view, record, life.scores),
        "orders": [
            order_section(one, words, now) | {"lines": lines_of(one.id, one.currency, life.events, words)}
            for one in reversed(orders.orders[-_ORDERS:])
        ],
        "order_count": record.purchases.count,
        "points": points_section(record, words),
        "coupons": coupons_section(record, words, now),
        "satisfaction": satisfaction_section(record),
    }


def _timeline(view: View, entries: list[TimelineEntry], coming: list[TimelineEntry]) -> dict[str, Any]:
    chosen, before = view.query.get("show", ""), int(view.query.get("before", "0") or 0)
    rest = [entry for entry in filtered(entries, chosen) if not before or entry.at < before]
    shown = _whole_moments(rest)
    return {
        "chosen": chosen,
        "counts": counted(entries, coming),
        "coming": coming[:_DUE] if chosen in ("", "due") else [],
        "more_due": max(len(coming) - _DUE, 0),
        "days": _by_day(rest[:shown], view.words, view.now) if chosen != "due" else [],
        "older": rest[shown - 1].at if len(rest) > shown else 0,
        "left": max(len(rest) - shown, 0),
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


def _whole_moments(entries: list[TimelineEntry]) -> int:
    """How many rows the page shows: never some of one moment alone, as the next page goes on before it."""
    shown = min(_PAGE, len(entries))
    while 0 < shown < len(entries) and entries[shown].at == entries[shown - 1].at:
        shown += 1
    return shown


# ------------------------------------------------------------ figures


def _risk(view: View, record: CustomerRecord, scores: Sequence[tuple[Millis, float]]) -> dict[str, Any]:
    words, now = view.words, view.now
    start = now - _WEEKS * 7 * DAY
    points = [((at - start) / (now - start or 1), value) for at, value in scores if at >= start]
    if record.churn and points:
        points.append((1.0, record.churn[0]))
    earlier = [value for at, value in scores if now - 21 * DAY <= at <= now - 3 * DAY]
    label = (
        words("customer.risk_label", risk=words("churn.risk"), now=words.percent(record.churn[0]))
        if record.churn
        else ""
    )
    return {
        "probability": record.churn[0] if record.churn else None,
        "was": words.percent(earlier[0])
        if earlier and record.churn and abs(earlier[0] - record.churn[0]) > _WORTH_A_WORD
        else "",
        "chart": charts.steps(points, words, label) if len(points) > 2 else "",
        "causes": [
            {"words": words.named("causes", one.code), "share": one.share, "bar": charts.share_bar(one.share)}
            for one in causes_of(record, view.backend.almanacs.newest, now)
            if record.churn[0] >= _WORTH_A_CAUSE
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
