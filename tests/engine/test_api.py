"""The API on a store in service: what its document promises, and what it does."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from pydantic import SecretStr
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from agents.ground import wall_clock
from schemas.times import DAY
from tests.engine.site import Site

pytestmark = pytest.mark.timeout(300)

KEY = "a-key-of-24-characters-xx"
HEADERS = {"X-API-Key": KEY}
EXAMPLES = 6


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    """Where the API of the site listens."""
    site.installation.settings = site.settings.model_copy(
        update={"api_keys": SecretStr(f"test={KEY}"), "console_port": 0}
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TEND_API_KEYS", f"test={KEY}")
        door = urlsplit(site.installation.start_console())
        yield f"http://{door.netloc}/api"


def test_whatever_the_document_allows_is_answered_as_the_document_says(address: str) -> None:
    document = schemathesis.openapi.from_url(f"{address}/openapi.json")
    # A cursor is nothing but what the page before gave: any other text is refused, though the document calls it text.
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]

    assert len(operations) > 10
    for operation in operations:

        @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        @given(case=operation.as_strategy())
        def answered_as_said(case: Any) -> None:
            case.call_and_validate(headers=HEADERS, timeout=20, excluded_checks=[positive_data_acceptance])

        answered_as_said()


def test_nothing_is_told_without_a_key(address: str) -> None:
    answer = httpx.get(f"{address}/health")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_change_is_an_event_with_its_actor_and_is_seen_to_come_back(address: str, site: Site) -> None:
    site.register("api-1")
    site.until(lambda: site.record("api-1"), "the customer is known")

    told = {"channel": "email", "purpose": "marketing", "granted": False}
    answer = httpx.post(f"{address}/customers/api-1/consent", json=told, headers=HEADERS, timeout=20)

    assert answer.status_code == 202

    def came_back() -> bool:
        rows = httpx.get(f"{address}/customers/api-1/timeline", headers=HEADERS, timeout=20).json()["items"]
        return any(row["id"] == answer.json()["id"] and row["actor"] == "staff:test" for row in rows)

    assert site.until(came_back, "the event is in the timeline")


def test_a_coupon_is_redeemed_once_whoever_asks_at_the_same_moment(address: str, site: Site) -> None:
    eight_days_ago = wall_clock() - 8 * DAY
    site.register("api-2", at=eight_days_ago - DAY)
    site.until(lambda: (record := site.record("api-2")) and len(record.consents) == 2, "the customer may be written to")
    # Delivered first: the order's own timer is due at once, and looks at what became of it.
    site.tell("order.delivered", "api-2", eight_days_ago + DAY, order_id="o-1")
    site.tell("order.placed", "api-2", eight_days_ago, order_id="o-1", amount=5_000, currency="EUR")
    site.until(lambda: "second_order_coupon" in site.rules_acted("api-2"), "a coupon for a second order is given")
    code = next(one["coupon"]["code"] for one in site.actions("api-2") if one["rule"] == "second_order_coupon")

    def is_known() -> bool:
        return bool(httpx.get(f"{address}/coupons/{code}", headers=HEADERS, timeout=20).json()["valid"])

    site.until(is_known, "the till knows the coupon")

    def till(number: int) -> int:
        told = {"customer": "api-2", "order_id": f"o-till-{number}"}
        return httpx.post(f"{address}/coupons/{code}/redeem", json=told, headers=HEADERS, timeout=30).status_code

    with concurrent.futures.ThreadPoolExecutor(8) as tills:
        answers = sorted(tills.map(till, range(8)))

    assert answers == [202, *[409] * 7]
    looked_up = httpx.get(f"{address}/coupons/{code}", headers=HEADERS, timeout=20).json()
    assert (looked_up["valid"], looked_up["why"]) == (False, "redeemed")
