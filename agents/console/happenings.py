"""What a customer did, as rows of the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from agents.console.life import SIMPLE_RECEIPTS, Life, TimelineEntry
from agents.console.words import Words
from agents.rollups.model import TimelineRow
from schemas.times import MINUTE, to_millis

_VISIT_GAP: Final = 30 * MINUTE
_EVENT_ICON: Final = (
    ("order.", "cart"),
    ("complaint.", "alert"),
    ("customer.", "user"),
    ("consent.", "shield"),
    ("erasure.", "shield"),
    ("survey.", "check"),
    ("product.", "eye"),
    ("callback.", "call"),
    ("contact.", "call"),
    ("receipt.", "mail"),
)


def happenings(life: Life, words: Words) -> Iterable[TimelineEntry]:
    """Events as rows, but for receipts, which are shown with their message."""
    seen: set[str] = set()
    for row in life.events:
        if row.id in seen or row.kind in SIMPLE_RECEIPTS:
            continue
        seen.add(row.id)
        by_staff = row.actor.startswith("staff:") or row.kind.startswith("callback.")
        kind = "staff" if by_staff else "customer"
        yield TimelineEntry(
            row.at,
            kind,
            "staff" if by_staff else "customer",
            _event_title(row, words),
            sub=_event_note(row, words),
            icon=next((icon for prefix, icon in _EVENT_ICON if row.kind.startswith(prefix)), ""),
            event_id=row.id,
            order=str(row.data.get("order_id", "")),
        )


def _event_title(row: TimelineRow, words: Words) -> str:
    data = row.data
    key = f"events.{row.kind}.{data.get('purpose')}"
    key = key if words.has(key) else f"events.{row.kind}"
    if row.kind == "complaint.updated" and row.actor.startswith("staff:") and data.get("urgency"):
        key = "events.complaint.escalated"
    if not words.has(key):
        return row.kind.replace(".", ": ").replace("_", " ")
    currency = str(data.get("currency", ""))
    return words(
        key,
        n=_number(data.get("items")) or 1,
        amount=words.money(int(_number(data.get("amount"))), currency) if "amount" in data else "",
        order=str(data.get("order_id", "")),
        complaint=str(data.get("complaint_id", "")),
        category=words.named("categories", str(data.get("category", ""))),
        channel=words.named("channels", str(data.get("channel", ""))),
        purpose=words.named("purposes", str(data.get("purpose", ""))),
        who=row.actor.removeprefix("staff:"),
        owner=str(data.get("owner", "")),
        urgency=words.named("urgencies", str(data.get("urgency", ""))),
        outcome=words.named("call_outcomes", str(data.get("outcome", ""))),
        code=str(data.get("code", "")),
        points=words.number(_number(data.get("points"))),
        feedback=words.named("feedback", str(data.get("kind", ""))),
        name=str(data.get("name", "")).replace("_", " "),
        into=str(data.get("into", "")),
        was=str(data.get("was", "")),
        sku=str(data.get("sku", "")),
        rating=str(data.get("rating", "")),
        told=words.listed([words.named("fields", str(name)) for name in _texts(data.get("told"))]),
    )


def _event_note(row: TimelineRow, words: Words) -> str:
    data = row.data
    parts: list[str] = []
    if data.get("text"):
        parts.append(words("lists.quoted", text=data["text"]))
    if data.get("promised_at"):
        parts.append(words("timeline.promised", day=_day_of(str(data["promised_at"]), words)))
    scores = {name.partition(".")[2]: score for name, score in data.items() if name.startswith("scores.")}
    if scores:
        parts.append(
            words("lists.comma").join(f"{words.named('dimensions', name)} {score}" for name, score in scores.items())
        )
    if data.get("resolution"):
        parts.append(words.named("resolutions", str(data["resolution"])))
    parts += [str(data[name]) for name in ("reason", "note") if data.get(name)]
    return " · ".join(parts)


def _day_of(told: str, words: Words) -> str:
    return words.day(to_millis(datetime.fromisoformat(told)))


def visits(rows: Sequence[TimelineRow], words: Words) -> Iterable[TimelineEntry]:
    """Steps on the site as rows, one for each visit."""
    group: list[TimelineRow] = []
    for row in sorted(rows, key=lambda one: one.at):
        if group and row.at - group[-1].at > _VISIT_GAP:
            yield _visit(group, words)
            group = []
        group.append(row)
    if group:
        yield _visit(group, words)


def _visit(rows: Sequence[TimelineRow], words: Words) -> TimelineEntry:
    first, last = rows[0].at, rows[-1].at
    parts: list[str] = []
    views = sum(1 for row in rows if row.kind == "product.viewed")
    if views:
        parts.append(words("visit.viewed", n=views))
    added = [row for row in rows if row.kind == "cart.item_added"]
    if added:
        value = sum(int(_number(row.data.get("price"))) for row in added)
        parts.append(
            words("visit.added", n=len(added), value=words.money(value, str(added[0].data.get("currency", ""))))
        )
    for row in rows:
        if row.kind == "search.performed":
            key = "visit.searched" if row.data.get("results") else "visit.searched_nothing"
            parts.append(words(key, query=str(row.data.get("query", ""))))
        elif row.kind in ("checkout.started", "payment.failed", "coupon.refused"):
            parts.append(words(f"visit.{row.kind.replace('.', '_')}"))
    title = words("visit.title", span=words.span(max(last - first, MINUTE)))
    shown = words("lists.steps").join(list(dict.fromkeys(parts))[:6])
    return TimelineEntry(last, "customer", "customer", title, sub=shown, icon="cart" if added else "eye")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else []
