"""Desk: what next, and by when?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from agents.access import ContactPurpose, contact_of
from agents.console.backend import USUAL_CAPACITY
from agents.console.because import because
from agents.console.customer import life_of
from agents.console.customer_sections import language_section, lines_of, order_section, sentence
from agents.console.decisions import message_title
from agents.console.desk_ruler import ruler
from agents.console.drafts import drafts_for
from agents.console.life import Life
from agents.console.timeline import past
from agents.console.web import View, parts_of
from agents.console.words import Words
from agents.rollups.complaint_work import work_key
from agents.rollups.model import TimelineRow, WorkItem
from agents.rollups.rows import LINES
from schemas.errors import TendError
from schemas.order_book import OrderBook
from schemas.readings import DIMENSIONS, last_year
from schemas.record import CustomerRecord
from schemas.times import DAY, HOUR, Millis

_SOON: Final = HOUR
_MOST: Final = 60
RESOLUTIONS: Final = ("sent_again", "refunded", "explained", "not_justified")


async def desk_page(view: View) -> Response:
    """The page."""
    return await view.page("desk.html", **await desk_values(view))


async def desk_parts(view: View) -> dict[str, str]:
    """What changes by itself: the sentence, the ruler and the queue. The work at hand stands still."""
    return await parts_of(view, "desk", ("opening", "queue"), (await _queue(view))[0])


async def desk_values(view: View) -> dict[str, Any]:
    """All that the page shows."""
    values, chosen = await _queue(view)
    return values | (await _work(chosen, view) if chosen else {"work": None})


async def _queue(view: View) -> tuple[dict[str, Any], WorkItem | None]:
    """What there is to do, and which of it is at hand."""
    words, now = view.words, view.now
    every = await view.backend.all_work()
    todo = sorted((one for one in every if not one.closed), key=lambda one: (one.due or now + 30 * DAY, one.id))
    chosen = _chosen(todo, view)
    tiers = await view.backend.rollups.tiers(one.customer for one in todo[:_MOST])
    values: dict[str, Any] = {
        "says": opening(todo, every, words, now),
        "ruler": ruler(todo, chosen, view),
        "loads": _loads(todo, view),
        "groups": _groups(todo[:_MOST], tiers, words, now),
        "more": max(len(todo) - _MOST, 0),
        "chosen": chosen,
        "key": work_key(chosen.customer, chosen.id) if chosen else "",
        "resolutions": RESOLUTIONS,
        "people": sorted({*view.backend.people, view.session.name} - {chosen.owner if chosen else ""}),
    }
    return values, chosen


def _chosen(todo: Sequence[WorkItem], view: View) -> WorkItem | None:
    wanted, customer = view.query.get("work"), view.query.get("customer")
    for one in todo:
        if one.id == wanted and customer in (None, "", one.customer):
            return one
    return todo[0] if todo and not wanted else None


def opening(todo: Sequence[WorkItem], every: Sequence[WorkItem], words: Words, now: Millis) -> str:
    """The sentence: what is late, what is dangerous, what nobody has."""
    if not todo:
        closed = max((one.closed for one in every), default=0)
        return words("desk.empty_since", when=words.by_moment(closed, now)) if closed > 1 else words("desk.empty")
    late = sum(1 for one in todo if one.due and one.due < now)
    safety = sum(1 for one in todo if one.category == "safety")
    alone = sum(1 for one in todo if not one.owner)
    parts = [words("desk.late", n=late) if late else words("desk.none_late")]
    if safety:
        parts.append(words("desk.safety", n=safety))
    parts.append(words("desk.alone", n=alone) if alone else words("desk.none_alone"))
    return words("lists.comma").join(parts) + words("desk.stop")


def _groups(todo: Sequence[WorkItem], tiers: Mapping[str, str], words: Words, now: Millis) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in todo:
        row = {**_row(one, words, now), "tier": tiers.get(one.customer, "")}
        groups.setdefault(_group_of(one, words, now), []).append(row)
    return [{"name": words(f"desk.{name}"), "rows": rows} for name, rows in groups.items()]


def _group_of(work: WorkItem, words: Words, now: Millis) -> str:
    if not work.due:
        return "later"
    if work.due < now:
        return "overdue"
    days = (words.local(work.due).date() - words.local(now).date()).days
    return {0: "today", 1: "tomorrow"}.get(days, "later")


def _row(work: WorkItem, words: Words, now: Millis) -> dict[str, Any]:
    left = work.due - now if work.due else None
    state = "" if left is None else "fail" if left < 0 else "held" if left < _SOON else ""
    note = [words.named("categories", work.category or "other")] if work.kind == "complaint" else []
    if work.urgency and work.urgency != "normal":
        note.append(words.named("urgencies", work.urgency))
    return {
        "work": work,
        "left": words.clock_span(left) if left is not None else "–",
        "state": state,
        "title": title_of(work, words),
        "note": words("lists.comma").join(note) or task_text(work, words) or words("desk.task"),
        "escalated": words("desk.escalated", when=words.stamp(work.escalated, now)) if work.escalated else "",
    }


def task_text(work: WorkItem, words: Words) -> str:
    """What a task or a call is about; a complaint has the customer's own words."""
    return work.text if work.kind == "complaint" else because(work.rule, work.text, words)


def title_of(work: WorkItem, words: Words) -> str:
    """What it is about, in a few words: the customer's own where there are some."""
    if work.kind != "complaint":
        why = words.named("rules", work.rule)
        return words("desk.call", why=why) if work.kind == "call" else why
    first = work.text.split(".")[0].strip()
    if first:
        return first if len(first) <= 60 else first[:57].rstrip() + "…"
    return words("desk.untold", category=words.named("categories", work.category or "other"))


def _loads(todo: Sequence[WorkItem], view: View) -> list[dict[str, Any]]:
    people = {view.session.name: USUAL_CAPACITY, **view.backend.people}
    for one in todo:
        if one.owner:
            people.setdefault(one.owner, USUAL_CAPACITY)
    loads = []
    for name, capacity in people.items():
        mine = [one for one in todo if one.owner == name]
        late = sum(1 for one in mine if one.due and one.due < view.now)
        loads.append({"name": name, "open": len(mine), "late": late, "capacity": max(capacity, len(mine))})
    return loads[:6]


# ------------------------------------------------------------ the work at hand


async def _work(work: WorkItem, view: View) -> dict[str, Any]:
    words, now = view.words, view.now
    try:
        life, orders = await life_of(view, work.customer)
    except TendError:  # the lane has not met this customer yet
        return {
            "work": work,
            "context": None,
            "title": title_of(work, words),
            "text": task_text(work, words),
            "meta": [work.id],
            "due": "",
            "order": None,
            "drafts": [],
            "language": "",
        }
    record, defaults = life.record, (await view.backend.rulebook()).defaults
    return {
        "work": work,
        "title": title_of(work, words),
        "text": task_text(work, words),
        "due": _due(work, words, now),
        "meta": _meta(work, words, now, view),
        "order": _order(work, orders, life.events, words, now),
        "follows": _follows(record.held, work, words, view, defaults.complaints.follow_up_hours),
        "drafts": drafts_for(work, defaults, words) if work.kind == "complaint" else [],
        "language": language_section(record, words).split(" · ")[0],
        "context": await _context(life, work.customer, view),
    }


async def _context(life: Life, customer: str, view: View) -> dict[str, Any]:
    """Who the customer is: what whoever answers should know."""
    record, words, now = life.record, view.words, view.now
    contact = await contact_of(record, actor=view.session.actor, purpose=ContactPurpose.LOOK, audit=view.backend.audit)
    entries = past(life, words, now)
    spent = last_year(record.purchases, now)[1]
    return {
        "name": contact.name or customer,
        "record": record,
        "says": sentence(record, words, now),
        "worth": words.money(spent, record.purchases.currency),
        "risk": words.percent(record.churn[0]) if record.churn else "–",
        "satisfaction": _satisfaction(record, words),
        "call": words(f"desk.call_{_may_be_called(record)}"),
        "before": sum(1 for one in life.work if one.kind == "complaint" and one.closed),
        "promised": [one for one in entries if one.kind == "acted"][:3],
        "kept": [one for one in entries if one.kind in ("held", "not_sent")][:4],
    }


def _satisfaction(record: CustomerRecord, words: Words) -> str:
    means = [
        (total / count, name)
        for name, count, total in zip(DIMENSIONS, record.satisfaction.counts, record.satisfaction.sums, strict=False)
        if count
    ]
    if not means:
        return "–"
    mean, weakest = min(means)
    return words("desk.weakest", mean=words.number(mean, 1), dimension=words.named("dimensions", weakest))


def _may_be_called(record: CustomerRecord) -> str:
    for one in record.consents:
        if (one.channel, one.purpose) == ("call", "service"):
            return "allowed" if one.granted else "withdrawn"
    return "never"


def _due(work: WorkItem, words: Words, now: Millis) -> str:
    if not work.due:
        return words("customer.no_deadline")
    late, when = work.due < now, words.when(work.due, now)
    if late:
        return words("customer.due_late", when=when, span=words.span(work.due - now))
    return words("customer.due_in", when=when, span=words.span_in(work.due - now))


def _meta(work: WorkItem, words: Words, now: Millis, view: View) -> list[str]:
    parts = [work.id] if work.kind == "complaint" else []  # others have ids that nobody but programs knows
    if work.category:
        parts.append(words.named("categories", work.category))
    if work.urgency:
        parts.append(words.named("urgencies", work.urgency))
    if work.opened:
        parts.append(words("desk.opened", when=words.by_moment(work.opened, now)))
    if work.owner:
        who = words("desk.you") if work.owner == view.session.name else work.owner
        parts.append(words("desk.taken_by", who=who, when=words.by_moment(work.taken, now)))
    return parts


def _order(
    work: WorkItem, orders: OrderBook, events: Sequence[TimelineRow], words: Words, now: Millis
) -> dict[str, Any] | None:
    order = next((one for one in orders.orders if one.id == work.order), None)
    if order is None:
        return None
    placed = next((row for row in events if row.kind == "order.placed" and row.data.get("order_id") == order.id), None)
    return {
        **order_section(order, words, now),
        "day": words.short_day(order.placed) if order.placed else "",
        "promised": words.short_day(order.promised) if order.promised else "–",
        "lines": lines_of(order.id, order.currency, events, words),
        "more": max(_items(placed) - LINES, 0),
    }


def _items(placed: TimelineRow | None) -> int:
    count = placed.data.get("items") if placed is not None else 0
    return count if isinstance(count, int) else 0


def _follows(held: Sequence[Any], work: WorkItem, words: Words, view: View, hours: int) -> list[tuple[str, str]]:
    """What will follow when it is closed: (mark, words)."""
    follows = [("staff", words("desk.then_event"))]
    waiting = [message_title(one.rule, words) for one in held if one.reason == "open_complaint"]
    if waiting:
        follows.append(("held", words("desk.then_held", n=len(waiting), what=words.listed(waiting))))
    if work.kind == "complaint":
        follows.append(("due", words("desk.then_ask", when=words.by_moment(view.now + hours * HOUR, view.now))))
    return follows
