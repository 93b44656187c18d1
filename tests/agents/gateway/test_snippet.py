"""The browser snippet in Chromium: on a page of another origin, and only once the visitor has said yes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.events import EventDoor
from agents.gateway.keys import read_keys
from agents.gateway.snippet import snippet, snippet_text
from agents.gateway.throttle import Throttle
from schemas.events import decode_event
from tests.agents.gateway.doors import intake_of
from tests.engine.browser import chromium_or_skip

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
KEY = "a-key-everybody-reads"


class Shop:
    """A page of a store by one name, and the gateway by another."""

    def __init__(self) -> None:
        self.safe: list[Admitted] = []
        door = EventDoor(intake_of(self._write), read_keys(f"web!:{KEY}"), Throttle(1e3, 1e3, lambda: 0.0))
        routes = [
            Route("/v1/events", door.answer, methods=["POST", "OPTIONS"]),
            Route("/tend.js", snippet),
            Route("/page", self._page),
        ]
        self.server = uvicorn.Server(
            uvicorn.Config(Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error", lifespan="off")
        )

    async def _write(self, admitted: Admitted) -> None:
        self.safe.append(admitted)

    async def _page(self, request: Request) -> HTMLResponse:
        asked = "".join(f' data-{name}="{value}"' for name, value in request.query_params.items())
        script = f'<script src="http://127.0.0.1:{self.port}/tend.js" data-key="{KEY}"{asked} defer></script>'
        early = "<script>window.tend=window.tend||function(){(tend.q=tend.q||[]).push(arguments)}</script>"
        return HTMLResponse(f"<!doctype html><title>Shop</title>{early}{script}<p>A book</p>")

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    def came(self, count: int) -> list[dict[str, Any]]:
        """What has come, once there is so much of it."""
        ends = time.monotonic() + 120
        while len(self.safe) < count and time.monotonic() < ends:
            time.sleep(0.02)
        return [decode_event(one.body).model_dump(exclude_none=True) for one in self.safe]


@pytest.fixture
def shop() -> Iterator[Shop]:
    opened = Shop()
    thread = threading.Thread(target=opened.server.run, daemon=True)
    thread.start()
    while not opened.server.started:
        time.sleep(0.01)
    yield opened
    opened.server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    where = chromium_or_skip()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    yield opened
    context.close()


def test_before_a_yes_nothing_is_sent_and_nothing_kept(shop: Shop, page: Page) -> None:
    page.goto(f"http://localhost:{shop.port}/page?sku=b-1")
    page.evaluate("tend('product.viewed', {sku: 'b-2'})")
    page.wait_for_load_state("networkidle")

    assert shop.safe == []
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def test_after_a_yes_visits_and_carts_come_from_one_device(shop: Shop, page: Page) -> None:
    page.goto(f"http://localhost:{shop.port}/page")
    page.evaluate("tend('consent', true)")
    page.goto(f"http://localhost:{shop.port}/page?sku=b-1")
    line = "{cart_id: 'k-1', sku: 'b-1', price: 1290, currency: 'EUR'}"
    page.evaluate(f"tend('cart.item_added', {line})")

    viewed, added = sorted(shop.came(2), key=lambda one: str(one["type"]), reverse=True)
    assert (viewed["type"], viewed["sku"], added["type"], added["price"]) == (
        "product.viewed", "b-1", "cart.item_added", 1_290
    )  # fmt: skip
    assert viewed["customer"] == added["customer"]
    assert viewed["customer"].startswith("d-")
    assert (viewed["actor"], viewed["source"]) == ("customer", "gateway:web")


def test_who_has_signed_in_is_the_customer_and_what_was_called_early_is_kept(shop: Shop, page: Page) -> None:
    page.add_init_script("window.tend=function(){(tend.q=tend.q||[]).push(arguments)};tend('consent',true)")
    page.goto(f"http://localhost:{shop.port}/page?sku=b-1&customer=c-7")

    assert shop.came(1)[0]["customer"] == "c-7"


def test_a_no_and_a_browser_that_says_no_are_kept_to(shop: Shop, page: Page) -> None:
    page.goto(f"http://localhost:{shop.port}/page")
    page.evaluate("tend('consent', true); tend('consent', false); tend('product.viewed', {sku: 'b-1'})")
    assert page.evaluate("localStorage.length") == 0

    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(f"http://localhost:{shop.port}/page")
    page.evaluate("tend('consent', true); tend('product.viewed', {sku: 'b-1'})")
    page.wait_for_load_state("networkidle")

    assert shop.safe == []


def test_what_a_page_sends_while_it_is_left_arrives(shop: Shop, page: Page) -> None:
    page.goto(f"http://localhost:{shop.port}/page")
    page.evaluate("tend('consent', true); addEventListener('pagehide', () => tend('product.viewed', {sku: 'b-9'}))")
    page.goto("about:blank")

    assert shop.came(1)[0]["sku"] == "b-9"


def test_it_costs_a_page_a_few_hundred_bytes() -> None:
    assert len(snippet_text().encode()) < 900
