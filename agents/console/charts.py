"""Charts as SVG, made on the server. Colours are tokens of the style sheet; nothing is styled inline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from agents.console.words import Words

_WIDTH: Final = 930
_AXIS: Final = 936
_SQUARE: Final = 150


def spark(values: Sequence[float]) -> Markup:
    """A line of the last values, with a dot at the newest."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = 72 / (len(values) - 1)
    flat = high == low
    points = [(n * step, 10.5 if flat else 18 - 15 * (value - low) / span) for n, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return Markup(
        f'<svg width="76" height="20" viewBox="0 0 76 20" aria-hidden="true"><polyline points="{line}" fill="none" '
        'stroke="var(--ink2)" stroke-width="1.25"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="var(--ink2)"/></svg>'
    )


def nice_step(highest: float, lines: int = 3) -> int:
    """A round distance between the lines of an axis, so that about this many fit."""
    if highest <= 0:
        return 1
    raw = highest / lines
    size = 1
    while size * 10 <= raw:
        size *= 10
    return next(int(step * size) for step in (1, 2, 5, 10) if step * size >= raw) or 1


class Column:
    """One bar of a chart over time."""

    def __init__(self, label: str, title: str, href: str = "") -> None:
        self.label, self.title, self.href = label, title, href
        self.up: list[tuple[str, int]] = []
        self.down: list[tuple[str, int]] = []


def stacked(columns: Sequence[Column], words: Words, label: str) -> Markup:
    """Bars of one hue, since kinds add up."""
    height = 150
    highest = max((sum(n for _, n in one.up) for one in columns), default=0)
    scale = (height - 8) / (highest or 1)
    parts = [_open(height + 1, label), _labels_at_weeks(columns, height)]
    step = nice_step(highest)
    parts += [_grid(height - line * scale, words.number(line)) for line in range(step, int(highest) + 1, step)]
    for n, column in enumerate(columns):
        parts.append(_bar(columns, n, _stack(column.up, height, -scale, columns, n)))
    parts.append(f'<line x1="0" x2="{_WIDTH}" y1="{height}.5" y2="{height}.5" stroke="var(--edge)"/></svg>')
    return Markup("".join(parts))


def mirrored(columns: Sequence[Column], words: Words, label: str) -> Markup:
    """Acted upwards, what was not done downwards, on one scale."""
    height = 184
    up = max((sum(n for _, n in one.up) for one in columns), default=0)
    down = max((sum(n for _, n in one.down) for one in columns), default=0)
    scale = (height - 12) / ((up + down) or 1)
    zero = 6 + up * scale
    parts = [_open(206, label), _labels_at_weeks(columns, height), *_mirrored_axis(up, down, zero, scale, words)]
    for n, column in enumerate(columns):
        bars = _stack(column.up, zero, -scale, columns, n) + _stack(column.down, zero + 1, scale, columns, n)
        parts.append(_bar(columns, n, bars))
    parts.append(f'<line x1="0" x2="{_WIDTH}" y1="{zero:.1f}" y2="{zero:.1f}" stroke="var(--ink)"/>')
    for n, column in enumerate(columns):
        if column.label:
            parts.append(f'<text x="{_x(columns, n):.1f}" y="201">{escape(column.label)}</text>')
    return Markup("".join([*parts, "</svg>"]))


def _mirrored_axis(up: int, down: int, zero: float, scale: float, words: Words) -> list[str]:
    step = nice_step(up + down, 4)
    above = nice_step(up, 1) if 0 < up < step else step  # so that what was done has a line of its own
    parts = [f'<text x="{_AXIS}" y="{zero + 4:.1f}" class="zero">0</text>']
    parts += [_grid(zero - line * scale, words.number(line)) for line in range(above, up + 1, above)]
    parts += [_grid(zero + line * scale, words.number(line)) for line in range(step, down + 1, step)]
    return parts


def _open(height: int, label: str) -> str:
    # A group, not an image: its bars can be followed.
    return f'<svg viewBox="0 0 976 {height}" width="100%" role="group" aria-label="{escape(label)}">'


def _x(columns: Sequence[Column], n: int) -> float:
    return 2 + n * (_WIDTH / max(len(columns), 1))


def _labels_at_weeks(columns: Sequence[Column], height: int) -> str:
    lines = [
        f'<line x1="{_x(columns, n) - 2:.1f}" x2="{_x(columns, n) - 2:.1f}" y1="0" y2="{height}" stroke="var(--line)"/>'
        for n, column in enumerate(columns)
        if column.label
    ]
    return "".join(lines)


def _grid(y: float, label: str) -> str:
    return (
        f'<line x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>'
        f'<text x="{_AXIS}" y="{y + 4:.1f}">{escape(label)}</text>'
    )


def _bar(columns: Sequence[Column], n: int, inner: str) -> str:
    column = columns[n]
    body = f"<title>{escape(column.title)}</title>{inner}"
    return f'<a href="{escape(column.href)}">{body}</a>' if column.href else f"<g>{body}</g>"


def _stack(parts: Sequence[tuple[str, int]], start: float, scale: float, columns: Sequence[Column], n: int) -> str:
    """Pieces on top of one another; an upward stack has a negative scale."""
    width = max(_WIDTH / max(len(columns), 1) - 4, 1)
    drawn, at = [], start
    for paint, count in parts:
        size = count * scale
        if abs(size) >= 0.25:
            top, length = min(at, at + size), max(abs(size) - 0.7, 0.4)
            drawn.append(_piece(paint, _x(columns, n), top, width, length))
        at += size
    return "".join(drawn)


def _piece(paint: str, x: float, y: float, width: float, height: float) -> str:
    if paint == "hatch":
        return (
            f'<rect x="{x + 0.5:.1f}" y="{y:.1f}" width="{width - 1:.1f}" height="{height:.1f}" fill="url(#hat)" '
            f'stroke="var(--supp-m)" stroke-width="1"/>'
        )
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="var(--{paint})"/>'


def proposals(acted: int, held: int, not_sent: int, failed: int, label: str) -> Markup:
    """One bar of all that a rule proposed."""
    total = acted + held + not_sent
    if not total:
        return Markup('<svg width="132" height="16" aria-hidden="true"></svg>')
    parts, x = [], 0.0
    delivered = max(acted - failed, 0)
    for paint, count in (("acted-m", delivered), ("held-m", held), ("hatch", not_sent), ("fail-m", failed)):
        width = 132 * count / max(total, 1)
        if count:
            parts.append(_piece(paint, x, 4, max(width - 0.6, 1.2), 8))
        x += width
    return Markup(f'<svg width="132" height="16" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>')


def share_bar(share: float) -> Markup:
    """A share as a bar of ink."""
    return Markup(
        '<svg width="84" height="8" aria-hidden="true"><rect width="84" height="8" fill="var(--sunken)"/>'
        f'<rect width="{84 * max(0.0, min(share, 1.0)):.1f}" height="8" fill="var(--ink)"/></svg>'
    )


def dots(mean: float | None) -> Markup:
    """A mean of 1 to 5 as a dot on a line of five."""
    small = "".join(f'<circle cx="{x}" cy="8" r="2" fill="var(--edge)"/>' for x in (6, 33, 60, 87, 114))
    dot = "" if mean is None else f'<circle cx="{6 + 27 * (mean - 1):.1f}" cy="8" r="5" fill="var(--ink)"/>'
    return Markup(
        '<svg viewBox="0 0 120 16" width="120" height="16" aria-hidden="true">'
        '<line x1="6" x2="114" y1="8" y2="8" stroke="var(--line)"/>'
        f"{small}{dot}</svg>"
    )


def calibration(tenths: Sequence[tuple[float, float, float]], words: Words, label: str) -> Markup:
    """What was said against what was seen, as dots on the diagonal.

    Args:
        tenths: predicted, observed, and how many outcomes are behind them.
    """
    most = max((weight for _, _, weight in tenths), default=0.0) or 1.0
    side = _SQUARE
    grid = "".join(
        f'<line x1="0" x2="{side}" y1="{side * (1 - at):.0f}" y2="{side * (1 - at):.0f}" stroke="var(--line)"/>'
        f'<text x="{side + 6}" y="{side * (1 - at) + 4:.0f}">{words.percent(at)}</text>'
        for at in (0.0, 0.5, 1.0)
    )
    drawn = "".join(
        f"<g><title>{words.percent(said)} → {words.percent(seen)}</title>"
        f'<circle cx="{side * said:.1f}" cy="{side * (1 - seen):.1f}" r="{2.5 + 4.5 * (weight / most) ** 0.5:.1f}" '
        'fill="var(--ink)" fill-opacity=".8"/></g>'
        for said, seen, weight in tenths
        if weight > 0
    )
    return Markup(
        f'<svg viewBox="-8 -8 {side + 54} {side + 16}" width="{side + 54}" height="{side + 16}" role="img" '
        f'aria-label="{escape(label)}">{grid}<line x1="0" x2="{side}" y1="{side}" y2="0" stroke="var(--edge)" '
        f'stroke-dasharray="3 3"/>{drawn}</svg>'
    )


def steps(points: Sequence[tuple[float, float]], words: Words, label: str) -> Markup:
    """A step line of scores between 0 and 1, since they change at ticks; points are (share of the time, score)."""
    if not points:
        return Markup("")
    high = max(max(score for _, score in points), 0.3)
    top = 0.6 if high <= 0.7 else 1.0
    lines = "".join(
        f'<line x1="0" x2="278" y1="{_step_y(at, top):.1f}" y2="{_step_y(at, top):.1f}" stroke="var(--line)"/>'
        f'<text x="282" y="{_step_y(at, top) + 4:.1f}">{words.percent(at)}</text>'
        for at in ((0.3, 0.6) if top < 1 else (0.5, 1.0))
    )
    path = f"M{1 + 270 * points[0][0]:.1f} {_step_y(points[0][1], top):.1f}"
    path += "".join(f"H{1 + 270 * x:.1f}V{_step_y(score, top):.1f}" for x, score in points[1:]) + "H271"
    return Markup(
        f'<svg viewBox="0 0 312 74" width="312" height="74" role="img" aria-label="{escape(label)}">{lines}'
        f'<path d="{path}" fill="none" stroke="var(--ink)" stroke-width="1.5"/>'
        f'<circle cx="271" cy="{_step_y(points[-1][1], top):.1f}" r="3" fill="var(--ink)"/>'
        '<line x1="0" x2="278" y1="71" y2="71" stroke="var(--edge)"/></svg>'
    )


def _step_y(score: float, top: float) -> float:
    return 70 - 60 * min(score / top, 1.1)


def funnel(rows: Sequence[tuple[int, str]], whole: int) -> list[tuple[Markup, int, str]]:
    """Left-aligned bars, each with its number and word."""
    return [
        (
            Markup(
                '<svg viewBox="0 0 360 12" preserveAspectRatio="none" width="360" height="12" aria-hidden="true">'
                f'<rect width="{360 * count / (whole or 1):.1f}" height="12" fill="var(--acted-m)"/></svg>'
            ),
            count,
            word,
        )
        for count, word in rows
    ]


def sieve(proposed: int, losses: Sequence[tuple[str, int]], left: Sequence[int]) -> Markup:
    """Bars that lose a part for each reason, then what was left and what came of it.

    Args:
        losses: (``held`` or ``not_sent``, how many), in the order of the words beside it.
        left: acted, delivered, opened, redeemed.
    """
    row, y = 24, 0
    width = 102.0 if proposed else 0.5
    unit = width / (proposed or 1)
    parts = [f'<rect x="0" y="{y}" width="{width}" height="14" fill="var(--ink)"/>']
    at = width
    for kind, count in losses:
        y += row
        size = count * unit
        at -= size
        parts.append(
            _piece("hatch" if kind == "not_sent" else "held-m", max(at, 0), y, max(size, 1.2), 14)
            + f'<line x1="{max(at, 0):.1f}" x2="{max(at, 0):.1f}" y1="{y + 15}" y2="{y + row}" stroke="var(--edge)" '
            'stroke-dasharray="2 2"/>'
        )
    for count in left:
        y += row
        parts.append(f'<rect x="0" y="{y}" width="{max(count * unit, 0.5):.1f}" height="14" fill="var(--acted-m)"/>')
    return Markup(f'<svg width="104" height="{y + row}" aria-hidden="true">{"".join(parts)}</svg>')
