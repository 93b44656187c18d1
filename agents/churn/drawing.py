"""The reliability curve and quality over time, as one SVG picture."""

from __future__ import annotations

from collections.abc import Sequence

from agents.churn.evaluate import Report
from schemas.times import to_rfc3339

SIZE, MARGIN, GAP = 300, 50, 70
INK, MODEL, TRUTH, GRID = "#333", "#0b62a4", "#c2410c", "#ddd"
Corner = tuple[float, float]


def draw(report: Report) -> str:
    """Left: predicted against observed, dots by number of points. Right: log loss and AUC per four weeks."""
    width, height = 3 * SIZE + 2 * GAP + 2 * MARGIN, SIZE + 2 * MARGIN
    boxes = [(MARGIN + i * (SIZE + GAP), MARGIN) for i in range(3)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_reliability(report, boxes[0]),
        *_over_time(report, boxes[1], "log loss", [month.figures.log_loss for month in report.months]),
        *_over_time(report, boxes[2], "AUC", [month.figures.auc or 0.5 for month in report.months]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _reliability(report: Report, box: Corner) -> list[str]:
    most = max((b.points for b in report.reliability), default=1)
    parts = [*_frame(box, f"Reliability, H = {report.horizon} days", "predicted", "observed"), *_ticks(box, 0.0, 1.0)]
    parts.append(_line([_at(box, 0.0, 0.0), _at(box, 1.0, 1.0)], GRID))
    parts.append(_line([_at(box, b.predicted, b.observed) for b in report.reliability], MODEL))
    for b in report.reliability:
        x, y = _at(box, b.predicted, b.observed)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + 6 * (b.points / most) ** 0.5:.1f}" fill="{MODEL}"/>')
    return parts


def _over_time(report: Report, box: Corner, title: str, values: Sequence[float]) -> list[str]:
    if not values:
        return _frame(box, title, "no outcome known yet", "")
    low, high = min(values), max(values)
    low, high = low - 0.1 * (high - low) - 1e-3, high + 0.1 * (high - low) + 1e-3
    places = [(i + 0.5) / len(values) for i in range(len(values))]
    since, until = (to_rfc3339(report.months[i].since)[:10] for i in (0, -1))
    points = [_at(box, x, (value - low) / (high - low)) for x, value in zip(places, values, strict=True)]
    dots = [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{TRUTH}"/>' for x, y in points]
    return [
        *_frame(box, f"{title} per four weeks", f"{since} to {until}", ""),
        *_ticks(box, low, high),
        _line(points, TRUTH),
        *dots,
    ]


def _frame(box: Corner, title: str, below: str, beside: str) -> list[str]:
    x, y = box
    return [
        f'<rect x="{x}" y="{y}" width="{SIZE}" height="{SIZE}" fill="none" stroke="{INK}"/>',
        f'<text x="{x}" y="{y - 10}" font-size="13" fill="{INK}">{title}</text>',
        f'<text x="{x + SIZE / 2}" y="{y + SIZE + 30}" text-anchor="middle" fill="{INK}">{below}</text>',
        f'<text x="{x + 6}" y="{y + 14}" fill="{INK}">{beside}</text>',
    ]


def _ticks(box: Corner, low: float, high: float) -> list[str]:
    x, y = box
    parts = []
    for i in range(6):
        value, height = low + (high - low) * i / 5, y + SIZE - SIZE * i / 5
        parts.append(f'<line x1="{x}" x2="{x + SIZE}" y1="{height}" y2="{height}" stroke="{GRID}"/>')
        parts.append(f'<text x="{x - 5}" y="{height + 4}" text-anchor="end" fill="{INK}">{value:.3g}</text>')
    return parts


def _line(points: Sequence[Corner], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _at(box: Corner, x: float, y: float) -> Corner:
    return box[0] + x * SIZE, box[1] + SIZE - y * SIZE
