"""A person at the console: Chromium, driven by Playwright, on the console of a site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

_AWAY = 503
_PATIENCE = 90
CHROMIUM = os.environ.get("TEND_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def chromium_or_skip() -> str:
    """Where Chromium is; without it the test is skipped, and fails where all checks must run."""
    if CHROMIUM and Path(CHROMIUM).exists():
        return CHROMIUM
    if os.environ.get("CI") == "true":
        pytest.fail("Chromium is missing: apt-get install chromium, or name it in TEND_TEST_CHROMIUM")
    pytest.skip("Chromium is missing")


class Person:
    """Somebody who has signed in; clicks are counted."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address, self.clicks = page, address, 0
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def go(self, path: str) -> None:
        """Open a page by its address."""
        for _ in range(_PATIENCE):
            answer = self.page.goto(f"{self.address}{path}", wait_until="load")
            if answer is None or answer.status != _AWAY:
                return
            self.page.wait_for_timeout(1_000)  # on a busy machine the store may not answer in time

    def go_until(self, path: str, shows: Callable[[], bool]) -> None:
        """Open a page by its address, again until it shows something: what it is made of may come a moment later."""
        for _ in range(_PATIENCE):
            self.go(path)
            if shows():
                return
            self.page.wait_for_timeout(1_000)

    def click(self, what: str) -> None:
        """Click what a selector finds."""
        self.clicks += 1
        self.page.locator(what).first.click()

    def barriers(self) -> list[str]:
        """What axe-core calls serious or critical on the page at hand."""
        found: dict[str, Any] = Axe().run(self.page).response
        return [
            f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0].get('failureSummary', '')}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]


@contextmanager
def signed_in(door: str, **context: Any) -> Iterator[Person]:
    """A person in a fresh browser, at the page Now."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_or_skip(), args=["--no-sandbox"])
        try:
            page = browser.new_context(**{"locale": "en", **context}).new_page()
            page.set_default_timeout(_PATIENCE * 1_000)
            person = Person(page, door.split("/sign-in")[0])
            page.goto(door)
            page.fill("#name", "mei")
            page.click("button")
            page.wait_for_url(f"{person.address}/")
            page.wait_for_load_state()
            yield person
        finally:
            browser.close()
