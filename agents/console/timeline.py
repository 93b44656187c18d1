"""A customer's timeline: what is due, what the customer did, what we did, and what we did not do, in one list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from agents.console.because import because
from agents.console.decisions import glyph, icon_of, message_title, outcome_of, reason_in_words
from agents.console.happenings import happenings, visits
from agents.console.life import Life, TimelineEntry
from agents.console.words import Words
from agents.rollups.model import SentMessage, TimelineRow
from schemas.outcome import Decision, Verdict
from schemas.times import Millis

FILTERS: Final = ("customer", "acted", "held", "not_sent", "due")


def past(life: Life, words: Words, now: Millis) -> list[TimelineEntry]:
    """Everything that has happened, the newest first."""
    entries = [
        *visits(life.visits, words),
        *happenings(life, words),
        *_decisions(life, words, now),
        *(_move(move, words) for move in life.moves),
    ]
    return _folded(sorted(entries, key=lambda one: -one.at), words)


def _move(move: tuple[Millis, str, str], words: Words) -> TimelineEntry:
    at, before, after = move
    title = words("timeline.moved", before=words.named("stages", before), after=words.named("stages", after))
    return TimelineEntry(at, "moved", "move", title)


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
        sub=_said(message, last, outcome, words),
        why=_why(last, first, outcome, words, now),
        icon=icon_of(last),
        receipts=_answers(answers, words, now),
        facts=[(name, _fact(value, words)) for name, value in sorted(last.facts.items())],
        rule=last.rule,
        rulebook=last.rulebook,
        action_id=last.action_id,
        key=f"{last.rule} {last.reason}" if outcome == "not_sent" else "",
    )


def _said(message: SentMessage | None, last: Decision, outcome: str, words: Words) -> str:
    if message is not None:
        return words("lists.quoted", text=message.text)
    return because(last.rule, last.detail, words) if outcome == "acted" else ""


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
