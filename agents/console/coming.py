"""What is due for a customer: timers, held actions, and work for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from agents.console.decisions import message_title
from agents.console.life import Life, TimelineEntry
from agents.console.words import Words
from agents.rollups.model import WorkItem
from rules.calendar import spread
from rules.rulebook import Rulebook
from schemas.readings import points_balance
from schemas.record import CustomerRecord, Timer, TimerKind
from schemas.times import HOUR, Millis

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
_URGENT: Final = 24 * HOUR


def due(life: Life, rulebook: Rulebook, words: Words, now: Millis) -> list[TimelineEntry]:
    """What will happen or is owed, the nearest first."""
    work = {one.id: one for one in life.work if not one.closed}
    timers = (_with_festival(timer, life.record, rulebook) for timer in life.record.timers)
    entries = [entry for timer in timers if (entry := _timer(timer, life, work, words, now)) is not None]
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


def _with_festival(timer: Timer, record: CustomerRecord, rulebook: Rulebook) -> Timer:
    """The timer of the next festival, with which one it is."""
    if TimerKind(timer.kind) is not TimerKind.FESTIVAL or timer.ref:
        return timer
    delay = spread(record.id, "festival", rulebook.defaults.place.spread_millis)
    found = rulebook.festivals.at(rulebook.festivals.keeper(record.profile), timer.due - delay)
    return replace(timer, ref=found[0].id) if found else timer


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
    sub = words("due.in", span=words.span_in(timer.due - now)) if timer.due > now else ""
    if kind is TimerKind.COMPLAINT_DEADLINE and timer.ref in work:
        sub = _owned(work[timer.ref], words, now)
    elif kind is TimerKind.POINTS_EXPIRY:
        sub = words("due.points", n=points_balance(life.record.points))
    return TimelineEntry(timer.due, "due", "due", title, sub=sub, icon=_TIMER_ICON.get(kind, "mail"), urgent=urgent)


def _owned(work: WorkItem, words: Words, now: Millis) -> str:
    if work.due >= now:
        left = words("due.in", span=words.span_in(work.due - now))
    else:
        left = words("due.ago", span=words.span(work.due - now))
    return words("due.owned", left=left, owner=work.owner) if work.owner else words("due.unowned", left=left)
