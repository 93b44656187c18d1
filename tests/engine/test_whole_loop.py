"""The whole loop: something happens at a shop, a mail arrives, its reader is not content, somebody puts it right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from agents.clock import wall_clock
from agents.console.words import catalogue
from agents.gateway.webhooks import signature
from schemas.times import HOUR, MINUTE, to_rfc3339
from tests.engine.browser import chromium_or_skip, signed_in
from tests.engine.doors import SHOPIFY, WOOCOMMERCE, Doors

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


STEPS = (
    "Ordered for $64.50", "arrived", "Answered a survey", "Complained: delivery", "mei answered",
    "settled", "Unsubscribed from E-mail", "looked at 1 thing",
    "not sent",
)  # fmt: skip


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    chromium_or_skip()
    with Doors(tmp_path_factory.mktemp("doors")).open() as opened:
        yield opened


@pytest.fixture(scope="module")
def console(doors: Doors) -> str:
    doors.site.installation.settings = doors.site.settings.model_copy(update={"console_port": 0})
    return doors.site.installation.start_console()


def ago(millis: int) -> str:
    return to_rfc3339(wall_clock() - millis)


def event(kind: str, customer: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": uuid4().hex, "customer": customer, "time": ago(MINUTE), **fields}


def hook(doors: Doors, path: str, topic: tuple[str, str], signed: tuple[str, str], body: dict[str, Any]) -> None:
    raw = orjson.dumps(body)
    headers = {topic[0]: topic[1], signed[0]: signature(signed[1], raw).decode(), "content-type": "application/json"}
    answer = httpx.post(f"{doors.address}/webhooks/{path}", content=raw, headers=headers, timeout=60)
    assert answer.status_code == 200
    assert answer.json().get("refused") is None, answer.text


def by_events(doors: Doors, customer: str, email: str) -> None:
    """An order by the store's own events."""
    doors.tell(
        event("customer.registered", customer, name="Anna Berg", email=email, locale="en-US", time=ago(3 * HOUR)),
        event("consent.granted", customer, channel="email", purpose="marketing", time=ago(3 * HOUR)),
        event("order.placed", customer, order_id=f"o-{customer}", amount=6_450, currency="USD", time=ago(2 * HOUR)),
        event("order.delivered", customer, order_id=f"o-{customer}"),
    )


def by_shopify(doors: Doors, customer: str, email: str) -> None:
    """An order and a parcel by Shopify's webhooks."""
    said = {"state": "subscribed", "consent_updated_at": ago(3 * HOUR)}
    person = {"id": int(customer), "email": email, "first_name": "Anna", "last_name": "Berg"}
    order = {
        "id": 59_000, "name": f"o-{customer}", "currency": "USD", "total_price": "64.50", "current_total_price": None,
        "processed_at": ago(2 * HOUR), "created_at": ago(2 * HOUR), "updated_at": ago(2 * HOUR), "test": False,
        "customer_locale": "en-US", "customer": {**person, "email_marketing_consent": said}, "line_items": [],
    }  # fmt: skip
    parcel = {
        "id": 9, "order_id": 59_000, "status": "success", "created_at": ago(HOUR), "updated_at": ago(MINUTE),
        "shipment_status": "delivered",
    }  # fmt: skip
    # The parcel comes first, as it happens.
    for topic, body in (("fulfillments/update", parcel), ("orders/create", order), ("orders/paid", order)):
        signed = ("x-shopify-hmac-sha256", SHOPIFY)
        hook(doors, "shopify", ("x-shopify-topic", topic), signed, body)


def by_woocommerce(doors: Doors, customer: str, email: str) -> None:
    """An order through its states by WooCommerce's webhooks, which tell of no consent."""
    doors.tell(event("consent.granted", customer, channel="email", purpose="marketing", time=ago(3 * HOUR)))
    for minutes, status in ((120, "pending"), (119, "processing"), (1, "delivered")):
        order = {
            "id": 77, "number": f"o-{customer}", "status": status, "currency": "USD", "total": "64.50",
            "customer_id": int(customer), "date_created_gmt": ago(120 * MINUTE)[:19],
            "date_modified_gmt": ago(minutes * MINUTE)[:19],
            "billing": {"first_name": "Anna", "last_name": "Berg", "email": email}, "line_items": [], "refunds": [],
        }  # fmt: skip
        signed = ("x-wc-webhook-signature", WOOCOMMERCE)
        hook(doors, "woocommerce", ("x-wc-webhook-topic", "order.updated"), signed, order)


@pytest.mark.parametrize(
    ("begin", "customer"),
    [(by_events, "loop-1"), (by_shopify, "7100000000001"), (by_woocommerce, "304")],
    ids=["events", "shopify", "woocommerce"],
)
def test_from_an_order_to_a_complaint_put_right_and_a_wish_respected(
    doors: Doors, console: str, begin: Callable[[Doors, str, str], None], customer: str
) -> None:
    email = f"anna{customer}@mail.test"
    begin(doors, customer, email)
    survey = doors.mail("How was the delivery", email)

    with signed_in(console) as mei, ThreadPoolExecutor(1) as beside:

        def waits(what: Callable[[], Any]) -> Any:
            return beside.submit(what).result()  # Playwright's loop runs in this thread

        reader = mei.page.context.browser.new_context().new_page()  # type: ignore[union-attr]  # it has one
        reader.goto(doors.link(survey, "?a=1"))
        reader.fill("textarea", "It arrived, but the box was open.")
        reader.click("button:has-text('Send')")
        reader.wait_for_selector("text=Your answer has arrived")
        acknowledged = waits(lambda: doors.mail("We look into what you told us", email))
        page = acknowledged.get_body(("html",))
        told = re.search(r"has the number (s-[0-9a-f]{10})", "" if page is None else str(page.get_content()))
        assert told is not None
        number = told[1]

        resolve = "a:has-text('Resolve complaint')"
        mei.go_until(f"/customers/{customer}", lambda: mei.page.locator(resolve).count() > 0)
        mei.click(resolve)
        mei.page.wait_for_selector("text=the box was open")
        mei.page.fill("#text", "We are sorry. A new copy leaves today.")
        mei.click("button:has-text('Close and answer')")
        mei.page.wait_for_selector("[data-came]")
        waits(lambda: doors.mail(number, email))
        follow_up = waits(lambda: doors.mail("settled", email))
        assert follow_up["List-Unsubscribe"] is None, "service offers no way out of service"

        way_out = str(survey["List-Unsubscribe"]).strip("<>")
        assert httpx.post(way_out, data={"List-Unsubscribe": "One-Click"}, timeout=60).status_code == 200
        waits(lambda: doors.site.until(lambda: _withdrawn(doors, customer), "the consent is withdrawn"))
        doors.tell(event("product.viewed", customer, sku="b-1", time=ago(0)))
        refused = waits(lambda: doors.site.until(lambda: _refused(doors, customer), "the next offer is refused"))
        assert refused["reason"] == "no_consent"

        sent = [catalogue("en")[f"messages.{rule}"] for rule in ("delivery_survey", "complaint_follow_up")]
        steps = (*STEPS, *sent, catalogue("en")["reasons.no_consent"])

        def missing() -> list[str]:
            shown = mei.page.inner_text("body").casefold()
            return [step for step in steps if step.casefold() not in shown]

        mei.go_until(f"/customers/{customer}", lambda: not missing())
        assert missing() == [], "these do not stand on the customer's page"
    assert httpx.get(way_out, timeout=60).status_code == 200
    doors.tell(event("erasure.requested", customer, time=ago(0)))
    doors.site.until(lambda: httpx.get(way_out, timeout=60).status_code == 404, "links of the erased lead nowhere")
    assert [one for one in doors.office.mails if str(one["To"]) == email and "Something" in str(one["Subject"])] == []


def test_a_history_that_moves_in_by_the_live_door_is_recorded_and_nobody_is_thanked_for_it(doors: Doors) -> None:
    """woocommerce/migrator-cli PR #6: customers of years ago got mails about orders that were only imported."""
    signed = ("x-shopify-hmac-sha256", SHOPIFY)
    said = {"state": "subscribed", "consent_updated_at": "2024-01-01T12:00:00Z"}
    for number in range(20):
        order = {
            "id": 60_000 + number, "name": f"old-{number}", "currency": "USD", "total_price": "10.00",
            "processed_at": f"2024-02-{number + 1:02}T12:00:00Z", "created_at": ago(0), "updated_at": ago(0),
            "fulfillment_status": "fulfilled", "tags": "imported", "test": False, "line_items": [],
            "customer": {"id": 7_200 + number % 10, "email": f"old{number % 10}@mail.test",
                         "email_marketing_consent": said},
        }  # fmt: skip
        hook(doors, "shopify", ("x-shopify-topic", "orders/create"), signed, order)
    by_events(doors, "live-1", "live@mail.test")
    doors.mail("How was the delivery", "live@mail.test")

    def recorded() -> bool:
        records = [doors.site.record(f"{7_200 + number}") for number in range(10)]
        return all(record is not None and record.purchases.count == 2 for record in records)

    doors.site.until(recorded, "the whole history is recorded")
    for number in range(10):
        assert doors.site.rules_acted(f"{7_200 + number}") == set()
        refused = {one["rule"]: one.get("reason") for one in doors.site.decisions(f"{7_200 + number}")}
        assert refused.get("first_order_thanks") == "expired"


def _withdrawn(doors: Doors, customer: str) -> bool:
    record = doors.site.record(customer)
    return record is not None and any(one.purpose == "marketing" and not one.granted for one in record.consents)


def _refused(doors: Doors, customer: str) -> dict[str, Any] | None:
    return next((one for one in doors.site.decisions(customer) if one["rule"] == "offer_after_a_visit"), None)
