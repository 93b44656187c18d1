"""Two shocks in a made-up store: how soon they are noticed, and recovered from; drawn to docs/churn-shocks.svg."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import msgspec

from schemas.times import DAY, Millis
from streams.churn import initial_state
from streams.churn.monitoring import entropy, loss_of
from streams.churn.progressive import PastOrder, ProgressiveEvaluation

PICTURE = Path(__file__).parents[2] / "docs" / "churn-shocks.svg"
START: Millis = 17_167 * DAY
CUSTOMERS, DAYS, SHOCK, HORIZON = 400, 330, 180, 14
SHOCKS = {"rhythm": "everybody's rhythm doubles", "competitor": "a competitor takes a third"}
WEEKS = DAYS // 7
Corner = tuple[float, float]


class Told(msgspec.Struct):
    """What a run showed."""

    name: str
    excess: list[tuple[int, float]]
    """Per week of asking: its day, and the mean log loss above what the predictions themselves expect."""
    noticed: list[int]
    """Days at whose end a drift was noticed."""
    wary: list[int]
    """Days without trust after the first month of trust."""


def store(shock: str) -> list[PastOrder]:
    """Customers with rhythms of three days to three weeks, who leave rarely until the shock."""
    dice = random.Random(7)
    orders: list[PastOrder] = []
    for i in range(CUSTOMERS):
        rhythm, moment = dice.uniform(3.0, 21.0), dice.uniform(0.0, 40.0)
        loyal = shock != "competitor" or dice.random() > 1.0 / 3.0
        while moment < DAYS and (loyal or moment < SHOCK):
            orders.append(PastOrder(f"c{i}", START + round(moment * DAY), 3_000))
            if dice.random() < 0.01:
                break
            slower = 2.0 if shock == "rhythm" and moment > SHOCK else 1.0
            moment += dice.gammavariate(2.0, rhythm * slower / 2.0)
    return sorted(orders, key=lambda order: (order.at, order.customer))


def run(shock: str) -> Told:
    """The model on such a store, day by day."""
    orders = store(shock)
    rehearsal = ProgressiveEvaluation(initial_state([HORIZON]), HORIZON, START)
    following: dict[str, list[Millis]] = {}
    for order in orders:
        following.setdefault(order.customer, []).append(order.at)
    sums: dict[int, list[float]] = {}
    noticed, wary, drifts, day = [], [], 0, -1
    for point in rehearsal.run(orders):
        soon = any(point.at < at <= point.at + HORIZON * DAY for at in following[point.customer])
        z = point.score.log_odds
        known = point.at + HORIZON * DAY <= START + DAYS * DAY
        if known:
            row = sums.setdefault((point.at - START) // (7 * DAY), [0.0, 0.0])
            row[0] += 1.0
            row[1] += loss_of(z, 0.0 if soon else 1.0) - entropy(z)
        if (point.at - START) // DAY != day:
            day = (point.at - START) // DAY
            state = rehearsal.state.horizons[0]
            if state.drifts > drifts:
                noticed.append(day)
            drifts = state.drifts
            if day > 90 and not state.trusted:
                wary.append(day)
    return Told(SHOCKS[shock], [(week * 7, s / n) for week, (n, s) in sorted(sums.items())], noticed, wary)


def draw(runs: list[Told]) -> str:
    """One panel for each shock."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {260 * len(runs)}" font-family="sans-serif" '
        'font-size="11">',
        f'<rect width="760" height="{260 * len(runs)}" fill="white"/>',
    ]
    for i, told in enumerate(runs):
        parts += _panel(told, 260 * i + 40)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(told: Told, top: float) -> list[str]:
    low, high = min(e for _, e in told.excess), max(e for _, e in told.excess)
    points = " ".join(f"{_x(day):.1f},{top + 170 * (1 - (e - low) / (high - low)):.1f}" for day, e in told.excess)
    parts = [f'<text x="50" y="{top - 12}" font-size="13">Excess log loss by week of asking: {told.name}</text>']
    parts += [f'<rect x="{_x(day):.1f}" y="{top}" width="2.1" height="170" fill="#fde68a"/>' for day in told.wary]
    parts += _mark(SHOCK, top, "#c2410c", "shock")
    parts += _mark(SHOCK + HORIZON, top, "#999", "its first labels")
    for day in told.noticed:
        parts += _mark(day, top, "#0b62a4", "noticed")
    parts.append(f'<polyline points="{points}" fill="none" stroke="#333" stroke-width="2"/>')
    parts.append(f'<text x="50" y="{top + 200}">day 0 to {DAYS}; yellow: not trusted</text>')
    parts.append(f'<text x="5" y="{top + 8}">{high:.2f}</text><text x="5" y="{top + 170}">{low:.2f}</text>')
    return parts


def _mark(day: int, top: float, colour: str, words: str) -> list[str]:
    x = _x(day)
    return [
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + 170}" stroke="{colour}" stroke-dasharray="4"/>',
        f'<text x="{x + 3:.1f}" y="{top + 182}" fill="{colour}">{words}</text>',
    ]


def _x(day: int) -> float:
    return 50.0 + 700.0 * day / DAYS


def main() -> int:
    """The command; returns its exit status."""
    runs = [run(shock) for shock in SHOCKS]
    for told in runs:
        sys.stdout.write(f"{told.name}: shock on day {SHOCK}, noticed on {told.noticed}, not trusted on {told.wary}\n")
    PICTURE.write_text(draw(runs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
