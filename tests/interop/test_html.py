"""Every shipped message and every public page, as a checker of HTML reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.message_sheets import LOCALES, mails, with_benefits
from tests.agents.links.states import states
from tests.interop.node import node_modules, run


def pages(folder: Path) -> None:
    """Public pages of every state and language."""
    for locale in LOCALES:
        for name, html in states(with_benefits().defaults, locale):
            (folder / f"page-{name}-{locale}.html").write_text(html, encoding="utf-8")


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
