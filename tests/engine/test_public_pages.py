"""Public pages in Chromium, in every state and language, on a phone and at a desk, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from rules.loading import shipped
from tests.agents.links.states import states
from tests.engine.browser import Person, chromium_or_skip

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
LOCALES = ("en-US", "de-DE", "zh-CN")
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
FORMS = ("survey", "reopen", "unsubscribe", "unsubscribed", "preferences", "coupon", "ended", "away")
"""One state of each kind: the others have the same parts."""
SMALL = """() => [...document.querySelectorAll('button, .btn, .tick, .scale label, select')]
    .filter(one => one.getBoundingClientRect().height < 44).map(one => one.outerHTML.slice(0, 60))"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_or_skip(), args=["--no-sandbox"])
        yield browser.new_page(java_script_enabled=True)
        browser.close()


@pytest.mark.parametrize("locale", LOCALES)
def test_every_state_fits_a_phone_and_can_be_touched(page: Page, locale: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a dictionary of these two
    for name, html in states(shipped().defaults, locale):
        page.set_content(html)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        assert page.evaluate(SMALL) == [], name
        assert page.locator("h1").count() == 1, name


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (DESK, "dark")], ids=["phone", "desk"])
@pytest.mark.parametrize("locale", LOCALES)
def test_axe_finds_no_barrier(page: Page, locale: str, size: dict[str, int], scheme: str) -> None:
    page.set_viewport_size(size)  # type: ignore[arg-type]  # a dictionary of these two
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # light or dark
    person = Person(page, "")
    shown = dict(states(shipped().defaults, locale))
    for name in FORMS:
        page.set_content(shown[name])

        assert person.barriers() == [], name
