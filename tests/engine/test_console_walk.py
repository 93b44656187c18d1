"""People at the console, in Chromium, on a store in service."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from agents.bootstrap import open_tables
from agents.rollups.complaint_work import work_key
from agents.rollups.reader import RollupReader
from tests.engine.browser import Person, chromium_or_skip, signed_in
from tests.engine.site import Site, zone_where_it_is_noon

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PAGES = ("/", "/care", "/customers", "/customers/walk-1", "/desk", "/rules", "/letters")


@pytest.fixture(scope="module")
def door(site: Site) -> str:
    """The console of the site, with a customer who has ordered, got a coupon's worth of care, and complained."""
    chromium_or_skip()
    site.installation.settings = site.settings.model_copy(update={"console_port": 0})
    door = site.installation.start_console()
    site.tell(
        "customer.registered", "walk-1", name="Edda Marlow", email="edda@example.org", locale="en-US",
        zone=zone_where_it_is_noon(),
    )  # fmt: skip
    for channel in ("email", "push"):
        site.tell("consent.granted", "walk-1", channel=channel, purpose="marketing")
    site.tell("order.placed", "walk-1", order_id="o-walk", amount=6_450, currency="USD")
    site.until(lambda: "first_order_thanks" in site.rules_acted("walk-1"), "the first order is thanked for")
    site.tell(
        "complaint.opened", "walk-1", complaint_id="k-walk", category="delivery", order_id="o-walk", text="It is late."
    )
    site.until(lambda: "complaint_routed" in site.rules_acted("walk-1"), "the complaint has its ticket")
    site.until(lambda: asyncio.run(has_its_deadline(site, "walk-1", "k-walk")), "the rollups have it all")
    return door


async def has_its_deadline(site: Site, customer: str, complaint: str) -> bool:
    """Whether the keeper, a process that starts beside the console, has come as far as the complaint's ticket."""
    async with open_tables(site.settings) as tables:
        rollups = RollupReader(tables.client, tables.address, site.settings.partitions)
        work = await rollups.one_work(site.partition(customer), work_key(customer, complaint))
        return work is not None and work.due > 0


def is_closed(site: Site) -> bool:
    """Whether the record has the complaint closed."""
    with ThreadPoolExecutor(1) as beside:  # Playwright's loop runs in this thread
        record = beside.submit(site.record, "walk-1").result()
    return record is not None and record.complaints.recent[0].closed > 0


@pytest.fixture
def mei(door: str) -> Iterator[Person]:
    """A person at the desk."""
    with signed_in(door) as person:
        yield person


def test_a_customer_is_found_understood_and_helped_and_the_event_is_seen_to_come_back(mei: Person, site: Site) -> None:
    mei.click("[data-search]")
    mei.page.fill("#sought", "edda@example.org")
    mei.click("#hits a")
    mei.page.wait_for_selector("text=The first order")
    assert "edda@example.org" not in mei.page.url

    mei.click("details summary:has-text('The first order')")
    assert mei.page.locator(".facts:visible").first.inner_text()

    mei.click("a:has-text('Resolve complaint')")
    mei.page.wait_for_selector("text=It is late.")
    mei.page.fill("#text", "We are sorry. It leaves again today.")
    mei.click("button:has-text('Close and answer')")
    mei.page.wait_for_selector("[data-came]")

    mei.go("/customers/walk-1")
    mei.page.wait_for_selector("text=Complaint k-walk settled")
    assert mei.clicks < 15
    site.until(lambda: is_closed(site), "the record has it closed")


def test_the_address_is_masked_until_somebody_asks_and_that_is_written_down(mei: Person, site: Site) -> None:
    mei.go("/customers/walk-1")
    assert "Marlow" not in mei.page.content()

    mei.click("button:has-text('Show contact')")
    mei.page.wait_for_selector("text=edda@example.org")

    trail = [record.value or b"" for record in site.broadcast("tend.audit")]
    assert any(b"contact.opened" in line and b"staff:mei" in line for line in trail)
    assert not any(b"edda@example.org" in line for line in trail)


def test_a_complaint_is_escalated_with_its_consequence_told_before_and_an_answer_begun_from_a_text(
    mei: Person, site: Site
) -> None:
    site.tell("complaint.opened", "walk-1", complaint_id="k-up", category="delivery", text="Still nothing.")
    site.until(lambda: any(a.get("complaint_id") == "k-up" for a in site.actions("walk-1")), "it has its ticket")
    mei.go("/desk")
    mei.click("a.q[href*='work=k-up']")  # the queue shows it once the rollups have it

    mei.click(".from button:has-text('apology')")
    mei.page.wait_for_function("document.querySelector('#text').value.includes('k-up')")
    mei.click("button:has-text('Answer, keep open')")
    mei.page.wait_for_selector("[role=alert]:has-text('[...]')")

    mei.click("button:has-text('Escalate')")
    mei.page.wait_for_selector("dialog[open] .levels >> text=due")
    mei.page.check("input[value=critical]")
    mei.click("dialog button.p")
    mei.page.wait_for_selector("[data-came]:has-text('escalated')")


def test_a_segment_is_counted_saved_and_forgotten_and_a_wrong_condition_is_explained(mei: Person) -> None:
    mei.go("/customers")
    mei.page.fill("#condition", "orders.count >= 1")
    mei.page.fill("#segment", "buyers")
    mei.click("main button.p")
    mei.page.wait_for_selector("#segments [role=status] ~ p a")
    assert "buyers" in mei.page.inner_text("#segments table")

    mei.page.fill("#condition", "orders.cuont >= 1")
    mei.click("main button.p")
    mei.page.wait_for_selector("[role=alert]:has-text('orders.count')")

    mei.click("#segments tr:has-text('buyers') button:has-text('Forget')")
    mei.page.wait_for_url("**/customers#segments")
    assert "buyers" not in mei.page.inner_text("#segments")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_a_page_keeps_anybody_out(door: str, scheme: str) -> None:
    with signed_in(door, color_scheme=scheme) as person:
        for path in PAGES:
            person.go(path)
            person.page.wait_for_timeout(1_200)  # what it streams has come once

            assert person.barriers() == [], path
            assert [line for line in person.said if "Content Security" in line or "Error" in line] == [], path


def test_a_phone_shows_every_page_without_scrolling_sideways(door: str) -> None:
    with signed_in(door, viewport={"width": 320, "height": 700}) as person:
        for path in PAGES:
            person.go(path)
            person.page.wait_for_timeout(500)

            assert person.page.evaluate("document.documentElement.scrollWidth") <= 320, path


@pytest.mark.parametrize("language", ["de", "zh-CN"])
def test_every_page_speaks_the_readers_language(door: str, language: str) -> None:
    with signed_in(door, locale=language) as person:
        for path in PAGES:
            person.go(path)
            assert person.page.locator("html").get_attribute("lang") == language


def test_what_does_not_come_from_a_page_of_the_session_changes_nothing(mei: Person) -> None:
    answer = mei.page.request.post(
        f"{mei.address}/customers/walk-1/consent", form={"turn": "withdraw", "channel": "email", "purpose": "marketing"}
    )

    assert answer.status == 403


def test_nobody_sees_anything_without_signing_in(door: str, mei: Person) -> None:
    mei.page.context.clear_cookies()

    mei.go("/customers/walk-1")

    assert "/sign-in" in mei.page.url
