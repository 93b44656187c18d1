"""Pages with what was measured, where each measurement owns a section between two markers; and a picture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parents[1] / "docs" / "machinery.md"
PICTURE = PAGE.with_suffix(".svg")
_WIDTH, _LEFT, _BAR = 760, 210, 26


def put(section: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Replace what stands in this section of the page."""
    begin, end = f"<!-- {section}: measured -->", f"<!-- {section}: end -->"
    text = page.read_text(encoding="utf-8")
    found = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    whole = "\n".join([begin, "", *lines, "", end])
    page.write_text(found.sub(lambda _: whole, text), encoding="utf-8")


def spread(numbers: Sequence[float]) -> str:
    """Median, and range where there are several."""
    low, high = min(numbers), max(numbers)
    return f"{median(numbers):.2f}" + (f" ({low:.2f} to {high:.2f})" if len(numbers) > 1 else "")


def draw(path: Path, rates: Mapping[str, float]) -> None:
    """A bar for each."""
    height, most = _BAR * len(rates) + 30, max(rates.values())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        '<text x="10" y="18">Events a second on the reference job</text>',
    ]
    for number, (name, rate) in enumerate(rates.items()):
        y, length = 30 + _BAR * number, (_WIDTH - _LEFT - 80) * rate / most
        colour = "#0b62a4" if name.startswith("tend") else "#bbb"
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR - 8}" fill="{colour}"/>',
            f'<text x="{_LEFT + length + 6:.1f}" y="{y + 14}">{rate:,.0f}</text>',
        ]
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
