"""The contact sheet: every message of the shipped rules as it looks, drawn by Chromium: ``make sheets``.

A row for each language, four pictures in it: light, dark, without its style sheet, and 360 px wide as on a phone. For
each rule one small file below ``docs/messages/``; the mails themselves go to a folder for a checker of HTML.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from PIL import Image

from agents.messages.layout import mail
from agents.messages.samples import PICTURE, MessageSample, links, sample
from rules.loading import shipped
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.times import Millis, to_millis

LOCALES: Final = ("en-US", "de-DE", "zh-CN")
AT: Final[Millis] = to_millis(datetime(2026, 11, 12, 15, tzinfo=UTC))
_WIDTHS: Final = (("light", 600), ("dark", 600), ("plain", 600), ("phone", 360))
_HEIGHT: Final = 1_000
_KEPT_STYLE: Final = re.compile(r"<style data-css-inline.*?</style>", re.DOTALL)
_COVER: Final = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="224"><rect width="160" height="224" fill="#2F4858"/>'
    '<path d="M0 150q40-26 80 0t80 0v74H0z" fill="#86BBD8"/><circle cx="112" cy="58" r="22" fill="#F2EFE6"/></svg>'
)
"""What stands for the picture of a product."""
_SCHEME: Final = "@media (prefers-color-scheme:dark)"


def with_benefits() -> Rulebook:
    """The shipped rulebook with tiers that bring something, so that every message has something to say."""
    told = {"en": "free shipping.", "de": "Lieferung ohne Versandkosten.", "zh": "免运费。"}
    scores = {"bronze": 0, "silver": 8, "gold": 11, "platinum": 14}
    tiers = [{"name": name, "score": score, "benefits": told} for name, score in scores.items()]
    return shipped(json.dumps({"defaults": {"tiers": tiers}}))


def mails(book: Rulebook, rule: Rule) -> dict[str, str]:
    """Name of a file to the mail in it: for each language, and for each state that the rule has words for."""
    found: dict[str, str] = {}
    for locale in LOCALES:
        for state in _states(rule):
            shown = MessageSample(locale, AT, **state)
            action = sample(book, rule, shown, channel="email" if "email" in rule.plans[0].terms.channels else None)
            if action.message is None:
                continue
            told = mail(action.message, shown.name, links(book.defaults.brand.base_url))
            name = "-".join([rule.id, *state.values(), locale])
            found[name] = told.html
    return found


def _states(rule: Rule) -> list[dict[str, str]]:
    if rule.id == "late_delivery_apology":
        return [{"status": "dispatched"}, {"status": "delivered"}]
    if rule.on[0] == "festival":
        return [{"festival": one} for one in ("new_year", "mid_autumn")]
    return [{"status": "delivered"}] if rule.on[0] in ("survey.due", "second_order.due") else [{}]


def draw(html: dict[str, str], picture: Path, chromium: str = "chromium") -> None:
    """Draw mails into one picture, a row each: light, dark, without style sheet, on a phone."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        rows = []
        for name, text in html.items():
            frames = []
            for look, width in _WIDTHS:
                file = folder / f"{name}-{look}.html"
                file.write_text(_looking(text, look), encoding="utf-8")
                frames.append(
                    f'<iframe src="{file.name}" width="{width}" height="{_HEIGHT}" title="{name}, {look}"></iframe>'
                )
            rows.append(f"<h2>{name}</h2><div>{''.join(frames)}</div>")
        page = folder / "sheet.html"
        page.write_text(_page(rows), encoding="utf-8")
        _screenshot(chromium, page, picture, len(rows))


def _looking(html: str, look: str) -> str:
    html = html.replace(PICTURE, _COVER)
    if look == "plain":
        return _KEPT_STYLE.sub("", html)
    scheme = "@media all" if look == "dark" else "@media not all"
    return html.replace(_SCHEME, scheme)


def _page(rows: list[str]) -> str:
    style = (
        "body{margin:16px;background:#8a8f96;font:14px sans-serif}h2{margin:12px 0 6px;font-size:15px}"
        "div{display:flex;gap:12px}iframe{border:0;background:#fff}"
    )
    return f'<!doctype html><meta charset="utf-8"><title>Messages</title><style>{style}</style>{"".join(rows)}'


def _screenshot(chromium: str, page: Path, picture: Path, rows: int) -> None:
    width = sum(width for _, width in _WIDTHS) + 12 * 3 + 32
    size = f"--window-size={width},{rows * (_HEIGHT + 40) + 32}"
    profile = f"--user-data-dir={page.parent / 'chromium'}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=0.5"]
    subprocess.run(
        [
            chromium,
            *flags,
            f"--screenshot={picture}",
            size,
            profile,
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(picture) as drawn:
        drawn.convert("RGB").quantize(48).save(picture, optimize=True)


def main(target: Path, sources: Path | None) -> None:
    """Draw all sheets into ``target``; with ``sources`` keep the mails there too, for a checker."""
    book = with_benefits()
    target.mkdir(parents=True, exist_ok=True)
    for rule in book.rules:
        if rule.plans[0].terms.kind in ("ticket", "callback"):
            continue
        html = mails(book, rule)
        if sources is not None:
            sources.mkdir(parents=True, exist_ok=True)
            for name, text in html.items():
                (sources / f"{name}.html").write_text(text, encoding="utf-8")
        draw(html, target / f"{rule.id}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
