"""A customer's timeline: what is due, what the customer did, what we did, and what we did not do, in one list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from agents.console.decisions import glyph, icon_of, message_title, outcome_of, reason_in_words
from agents.console.words import Words
from agents.rollups.model import SentMessage, TimelineRow, WorkItem
from rules.rulebook import Rulebook
from schemas.outcome import Decision, Verdict
from schemas.readings import points_balance
from schemas.record import CustomerRecord, Timer, TimerKind
from schemas.times import HOUR, MINUTE, Millis, to_millis

FILTERS: Final = ("customer", "acted", "held", "not_sent", "due")
_VISIT_GAP: Final = 30 * MINUTE
_HIDDEN_TIMERS: Final = frozenset({TimerKind.TICK, TimerKind.MATURITY})
_TIMER_ICON: Final = {
    TimerKind.CART: "cart",
    TimerKind.DELIVERY: "box",
    TimerKind.SURVEY: "mail",
    TimerKind.COMPLAINT_DEADLINE: "ticket",
    TimerKind.COMPLAINT_FOLLOW_UP: "mail",
    TimerKind.BIRTHDAY: "gift",
    TimerKind.FESTIVAL: "gift",
}
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
_SIMPLE_RECEIPTS: Final = (
    "receipt.accepted",
    "receipt.delivered",
    "receipt.opened",
    "receipt.clicked",
    "receipt.failed",
)
_URGENT: Final = 24 * HOUR
_CURRENCY: Final = "currency"


class TimelineEntry(msgspec.Struct):
    """One row of the timeline."""

    at: Millis
    kind: str
    """``customer``, ``acted``, ``held``, ``not_sent``, ``failed``, ``due``, ``moved`` or ``staff``."""
    glyph: str
    title: str
    sub: str = ""
    why: str = ""
    icon: str = ""
    receipts: str = ""
    facts: list[tuple[str, str]] = []
    rule: str = ""
    rulebook: str = ""
    action_id: str = ""
    event_id: str = ""
    urgent: bool = False
    order: str = ""
    key: str = ""
    """Rows of one key that follow one another fold."""
    times: int = 1


class Life(msgspec.Struct):
    """What is known of a customer's life, each list the newest first."""

    record: CustomerRecord
    events: list[TimelineRow]
    visits: list[TimelineRow]
    decisions: list[Decision]
    messages: list[SentMessage]
    work: list[WorkItem]
    moves: list[tuple[Millis, str, str]] = []


def past(life: Life, words: Words, now: Millis) -> list[TimelineEntry]:
    """Everything that has happened, the newest first."""
    entries = [
        *_visits(life.visits, words),
        *_events(life, words),
        *_decisions(life, words, now),
        *(_move(move, words) for move in life.moves),
    ]
    return _folded(sorted(entries, key=lambda one: -one.at), words)


def _move(move: tuple[Millis, str, str], words: Words) -> TimelineEntry:
    at, before, after = move
    title = words("timeline.moved", before=words.named("stages", before), after=words.named("stages", after))
    return TimelineEntry(at, "moved", "move", title)


# ------------------------------------------------------------ what the customer did


def _events(life: Life, words: Words) -> Iterable[TimelineEntry]:
    seen: set[str] = set()
    for row in life.events:
        if row.id in seen or row.kind in _SIMPLE_RECEIPTS:
            continue
        seen.add(row.id)
        by_staff = row.actor.startswith("staff:") or row.kind == "callback.completed"
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
    key = f"events.{row.kind}"
    if not words.has(key):
        return row.kind.replace(".", ": ").replace("_", " ")
    currency = str(data.get(_CURRENCY, ""))
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
        outcome=words.named("call_outcomes", str(data.get("outcome", ""))),
        code=str(data.get("code", "")),
        rating=str(data.get("rating", "")),
        told=words.listed([words.named("fields", str(name)) for name in _texts(data.get("told"))]),
    )


def _event_note(row: TimelineRow, words: Words) -> str:
    data = row.data
    parts: list[str] = []
    if data.get("text"):
        parts.append(f"“{data['text']}”")
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


def _visits(rows: Sequence[TimelineRow], words: Words) -> Iterable[TimelineEntry]:
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
            words("visit.added", n=len(added), value=words.money(value, str(added[0].data.get(_CURRENCY, ""))))
        )
    for row in rows:
        if row.kind == "search.performed":
            key = "visit.searched" if row.data.get("results") else "visit.searched_nothing"
            parts.append(words(key, query=str(row.data.get("query", ""))))
        elif row.kind in ("checkout.started", "payment.failed", "coupon.refused"):
            parts.append(words(f"visit.{row.kind.replace('.', '_')}"))
    title = words("visit.title", span=words.span(max(last - first, MINUTE)))
    shown = list(dict.fromkeys(parts))[:6]
    return TimelineEntry(last, "customer", "customer", title, sub="; ".join(shown), icon="cart" if added else "eye")


# ------------------------------------------------------------ what we did, and did not


def _decisions(life: Life, words: Words, now: Millis) -> Iterable[TimelineEntry]:
    said = {message.action_id: message for message in life.messages}
    answers = _receipts(life.events)
    by_action: dict[str, list[Decision]] = {}
    for decision in sorted(life.decisions, key=lambda one: one.acting):
        by_action.setdefault(decision.action_id, []).append(decision)
    for action, story in by_action.items():
        yield _decision(story, said.get(action), answers.get(action, []), words, now)


def _decision(
    story: Sequence[Decision], message: SentMessage | None, answers: Sequence[TimelineRow], words: Words, now: Millis
) -> TimelineEntry:
    last, first = story[-1], story[0]
    outcome = outcome_of(last)
    failed = any(row.kind == "receipt.failed" for row in answers)
    kind = "failed" if failed else outcome
    title = message_title(last.rule, words)
    if outcome != "acted":
        title = words(f"timeline.title_{outcome}", what=title)
    return TimelineEntry(
        last.acting,
        kind,
        "fail" if failed else glyph(outcome),
        title,
        sub=f"“{message.text}”" if message is not None else (last.detail if outcome == "acted" else ""),
        why=_why(last, first, outcome, words, now),
        icon=icon_of(last),
        receipts=_answers(answers, words, now),
        facts=[(name, _fact(value, words)) for name, value in sorted(last.facts.items())],
        rule=last.rule,
        rulebook=last.rulebook,
        action_id=last.action_id,
        key=f"{last.rule} {last.reason}" if outcome == "not_sent" else "",
    )


def _why(last: Decision, first: Decision, outcome: str, words: Words, now: Millis) -> str:
    if outcome != "acted":
        reason = reason_in_words(last, words, now)
        return reason[:1].upper() + reason[1:]
    if last.verdict is Verdict.RELEASED and first is not last and first.reason is not None:
        reason = words.named("reasons", first.reason.value)
        return words("timeline.was_held", reason=reason, since=words.by_moment(first.acting, now))
    return ""


def _receipts(rows: Sequence[TimelineRow]) -> dict[str, list[TimelineRow]]:
    found: dict[str, list[TimelineRow]] = {}
    for row in reversed(rows):
        if row.kind.startswith("receipt.") and row.data.get("action_id"):
            found.setdefault(str(row.data["action_id"]), []).append(row)
    return found


def _answers(rows: Sequence[TimelineRow], words: Words, now: Millis) -> str:
    told = [words(f"receipts.{row.kind.partition('.')[2]}", when=words.when(row.at, now)) for row in rows]
    return words("lists.comma").join(dict.fromkeys(told))


def _fact(value: object, words: Words) -> str:
    if isinstance(value, bool):
        return words("facts.yes" if value else "facts.no")
    if isinstance(value, float):
        return words.number(round(value, 3))
    return words.number(value) if isinstance(value, int) and value < 10**9 else str(value)


def _folded(entries: Sequence[TimelineEntry], words: Words) -> list[TimelineEntry]:
    """Repeats of one reason that follow one another become one row."""
    kept: list[TimelineEntry] = []
    for entry in entries:
        if kept and entry.key and kept[-1].key == entry.key:
            kept[-1].times += 1
        else:
            kept.append(entry)
    for entry in kept:
        if entry.times > 1:
            entry.title = words("timeline.times", n=entry.times, what=entry.title)
    return kept


# ------------------------------------------------------------ what is due


def due(life: Life, rulebook: Rulebook, words: Words, now: Millis) -> list[TimelineEntry]:
    """What will happen or is owed, the nearest first."""
    work = {one.id: one for one in life.work if not one.closed}
    entries = [entry for timer in life.record.timers if (entry := _timer(timer, life, work, words, now)) is not None]
    entries += [
        TimelineEntry(
            one.release,
            "due",
            "due",
            words("due.decide_again", what=message_title(one.rule, words)),
            sub=words("due.lapses", when=words.by_moment(one.expires, now)),
            icon="ticket",
            rule=one.rule,
        )
        for one in life.record.held
    ]
    entries += [
        TimelineEntry(
            one.due,
            "due",
            "due",
            words("due.call"),
            sub=_owned(one, words, now),
            icon="call",
            urgent=one.due - now < _URGENT,
        )
        for one in work.values()
        if one.kind == "call"
    ]
    return sorted(entries, key=lambda one: one.at)


def _timer(timer: Timer, life: Life, work: Mapping[str, WorkItem], words: Words, now: Millis) -> TimelineEntry | None:
    kind = TimerKind(timer.kind)
    if kind in _HIDDEN_TIMERS or kind is TimerKind.RELEASE:
        return None
    name = kind.name.lower()
    title = words(f"due.{name}", ref=timer.ref) if words.has(f"due.{name}") else name.replace("_", " ")
    if not timer.ref and words.has(f"due.any_{name}"):
        title = words(f"due.any_{name}")
    elif kind is TimerKind.FESTIVAL:
        title = words.named("festivals", timer.ref)
    urgent = kind is TimerKind.COMPLAINT_DEADLINE and timer.due - now < _URGENT
    sub = words("due.in", span=words.span(timer.due - now)) if timer.due > now else ""
    if kind is TimerKind.COMPLAINT_DEADLINE and timer.ref in work:
        sub = _owned(work[timer.ref], words, now)
    elif kind is TimerKind.POINTS_EXPIRY:
        sub = words("due.points", n=points_balance(life.record.points))
    return TimelineEntry(timer.due, "due", "due", title, sub=sub, icon=_TIMER_ICON.get(kind, "mail"), urgent=urgent)


def _owned(work: WorkItem, words: Words, now: Millis) -> str:
    left = words("due.in" if work.due >= now else "due.ago", span=words.span(work.due - now))
    return words("due.owned", left=left, owner=work.owner) if work.owner else words("due.unowned", left=left)


def counted(entries: Sequence[TimelineEntry], coming: Sequence[TimelineEntry]) -> dict[str, int]:
    """How many rows each filter shows."""
    sums = dict.fromkeys(FILTERS, 0)
    for entry in entries:
        sums[_filter_of(entry)] = sums.get(_filter_of(entry), 0) + entry.times
    return sums | {"due": len(coming)}


def filtered(entries: Sequence[TimelineEntry], chosen: str) -> list[TimelineEntry]:
    """Only the rows of one filter; all where none is chosen."""
    return [entry for entry in entries if not chosen or _filter_of(entry) == chosen]


def _filter_of(entry: TimelineEntry) -> str:
    if entry.kind in ("moved", "staff"):
        return "customer"
    return "acted" if entry.kind == "failed" else entry.kind


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, list) else []
