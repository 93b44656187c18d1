"""Every shipped message and every public page, as a checker of HTML reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.links.looks import Looks, page
from benchmarks.message_sheets import LOCALES, mails, with_benefits
from tests.interop.node import node_modules, run


def pages(folder: Path) -> None:
    """Public pages of every kind and language."""
    defaults = with_benefits().defaults
    for locale in LOCALES:
        looks = Looks(locale)
        shown = {
            "survey": {"dimension": "delivery", "others": ("product",)},
            "reopen": {},
            "renew": {},
            "confirm": {"button": looks.words["unsubscribe_yes"]},
            "undo": {"button": looks.words["undo"]},
            "preferences": {"allowed": {("email", "service")}},
            "coupon": {"worth": "15 %", "code": "SPRING", "until_label": "Until", "until": "Sunday"},
            "": {"notes": [looks.words["unknown_note"]], "contact": defaults.brand.contact_url},
        }
        for kind, values in shown.items():
            told = page(defaults, looks, looks.words["unknown"], kind=kind, **values)
            (folder / f"page-{kind or 'words'}-{locale}.html").write_bytes(bytes(told.body))


@pytest.mark.timeout(300)
def test_a_checker_of_html_finds_nothing_in_any_message_or_page(tmp_path: Path) -> None:
    node_modules()
    book = with_benefits()
    for rule in book.rules:
        for name, html in mails(book, rule).items():
            (tmp_path / f"{name}.html").write_text(html, encoding="utf-8")
    pages(tmp_path)
    assert len(list(tmp_path.iterdir())) > 60

    found = run("validate.mjs", str(tmp_path)).splitlines()

    assert found == [], f"{len(found)} findings"
