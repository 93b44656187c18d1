"""The deadlines around now, drawn as a ruler."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from agents.console.web import View
from agents.console.words import Words
from agents.rollups.model import WorkItem
from schemas.times import HOUR, Millis

_WIDTH: Final = 1392
_PIN_ROOM: Final = 110
"""Units between two marks that leave room for a word."""


def ruler(todo: Sequence[WorkItem], chosen: WorkItem | None, view: View) -> Markup:
    """The deadlines around now as marks on a line: initials, + for nobody, squares for calls, overdue on its tint."""
    words, now = view.words, view.now
    start, end = now - 2 * HOUR - now % HOUR, now + 7 * HOUR - now % HOUR

    def x(moment: Millis) -> float:
        return _WIDTH * (moment - start) / (end - start)

    earlier = sum(1 for one in todo if one.due and one.due < start)
    near = [one for one in todo if one.due and start <= one.due <= end]
    parts = [f'<rect x="0" y="6" width="{x(now):.0f}" height="28" fill="var(--fail-t)"/>']
    if earlier:
        parts.append(f'<text x="8" y="24" class="pin-late">← {escape(words("desk.earlier", n=earlier))}</text>')
    for hour in range(start, end + 1, HOUR):
        anchor = "start" if hour == start else "end" if hour + HOUR > end else "middle"
        parts.append(f'<line x1="{x(hour):.1f}" x2="{x(hour):.1f}" y1="34" y2="39" stroke="var(--edge)"/>')
        parts.append(f'<text x="{x(hour):.1f}" y="51" text-anchor="{anchor}">{words.time(hour)}</text>')
    parts.append(f'<line x1="0" x2="{_WIDTH}" y1="34.5" y2="34.5" stroke="var(--edge)"/>')
    places = [x(one.due) for one in near]
    for n, one in enumerate(near):
        room = (places[n + 1] if n + 1 < len(places) else _WIDTH) - places[n]
        parts.append(
            _pin(one, places[n], one is chosen, view) + (_pin_words(one, places[n], words) if room >= _PIN_ROOM else "")
        )
    parts.append(f'<line x1="{x(now):.1f}" x2="{x(now):.1f}" y1="2" y2="40" stroke="var(--ink)" stroke-width="2"/>')
    parts.append(f'<text x="{x(now) + 6:.1f}" y="11" class="nowt">{words.time(now)}</text>')
    label = words("desk.ruler", n=len(near)) + (f", {words('desk.earlier', n=earlier)}" if earlier else "")
    return Markup(
        f'<svg viewBox="0 0 {_WIDTH} 54" width="100%" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _pin_words(work: WorkItem, x: float, words: Words) -> str:
    """What it is about, beside its mark, where the next one leaves room."""
    about = (
        words.named("categories", work.category or "other")
        if work.kind == "complaint"
        else words("due.call" if work.kind == "call" else "desk.task")
    )
    return f'<text x="{x + 17:.1f}" y="25" class="pin-about">{escape(about)}</text>'


def _pin(work: WorkItem, x: float, chosen: bool, view: View) -> str:
    late, mine = work.due < view.now, work.owner == view.session.name
    fill = "var(--ink)" if mine else "var(--sunken)" if work.owner else "var(--ground)"
    stroke = "var(--fail-m)" if late else "var(--ink)" if mine else "var(--edge)"
    dashes = "" if work.owner else ' stroke-dasharray="2.5 2.2"'
    letters = escape(work.owner[:2].upper() or "+")
    ink = "pin-on" if mine else "pin"
    ring = (
        f'<rect x="{x - 13.5:.1f}" y="7.5" width="27" height="27" rx="13.5" fill="none" stroke="var(--ink)" '
        'stroke-width="1.5"/>'
        if chosen
        else ""
    )
    return (
        f'<rect x="{x - 10:.1f}" y="11" width="20" height="20" rx="{10 if work.kind == "complaint" else 4}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{2 if late else 1.2}"{dashes}/>'
        f'<text x="{x:.1f}" y="25" text-anchor="middle" class="{ink}">{letters}</text>{ring}'
    )
