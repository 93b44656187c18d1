"""The API on a store in service: what its document promises, and what it does."""

from __future__ import annotations

import asyncio
import concurrent.futures
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from agents.bootstrap import open_tables
from agents.clock import wall_clock
from agents.rollups.keys import CLAIMS, key
from schemas.times import DAY
from tests.engine.site import Site

pytestmark = pytest.mark.timeout(300)

KEY = "a-key-of-24-characters-xx"
HEADERS = {"X-API-Key": KEY}
CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def address(site: Site) -> Iterator[str]:
    """Where `tend api` listens, beside the site's worker."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TEND_API_KEYS", f"test={KEY}")
        yield f"{site.installation.start_api()}/api"


@pytest.mark.timeout(900)  # a busy machine answers some thousand requests slowly
def test_whatever_the_document_allows_is_answered_as_the_document_says(address: str, tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "--no-color", "run"]

    said = subprocess.run(
        [*asked, f"{address}/openapi.json", "-H", f"X-API-Key: {KEY}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert said.returncode == 0, said.stdout + said.stderr
    assert "Tested: 30" in said.stdout


def test_the_root_says_what_this_is(address: str) -> None:
    told = httpx.get(address.removesuffix("api")).json()

    assert told["name"] == "tend api"
    assert httpx.get(f"{address.removesuffix('/api')}{told['openapi']}").status_code == 200


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


def test_a_customer_is_found_by_what_they_have_told(address: str, site: Site) -> None:
    site.tell("customer.registered", "api-4", email="found@example.org")

    def found() -> list[str]:
        told = {"sought": "found@example.org"}
        answer = httpx.post(f"{address}/search", json=told, headers=HEADERS, timeout=20)
        return [str(one) for one in answer.json()["customers"]]

    assert site.until(found, "the rollups have them") == ["api-4"]


def test_a_change_that_is_asked_for_again_under_its_key_is_one_change(address: str, site: Site) -> None:
    site.register("api-3")
    site.until(lambda: site.record("api-3"), "the customer is known")
    told = {"complaint_id": "k-once", "category": "delivery"}
    once = HEADERS | {"Idempotency-Key": "order-77-complaint"}

    first, again = (
        httpx.post(f"{address}/customers/api-3/complaints", json=told, headers=once, timeout=20) for _ in range(2)
    )
    other = httpx.post(
        f"{address}/customers/api-3/complaints", json=told | {"category": "product"}, headers=once, timeout=20
    )

    assert (first.status_code, again.json(), again.headers["location"]) == (
        202,
        first.json(),
        first.headers["location"],
    )
    assert other.status_code == 422
    follow = f"{address.removesuffix('/api')}{first.headers['location']}"

    def came_back() -> bool:
        answer = httpx.get(follow, headers=HEADERS, timeout=20)
        return answer.status_code == 200 and answer.json()["actor"] == "staff:test"

    assert site.until(came_back, "the event is back")


def _is_redeemed(site: Site, customer: str, code: str) -> bool:
    record = site.record(customer)
    return record is not None and any(one.redeemed for one in record.coupons if one.code == code)


async def _forget_claims(site: Site, customer: str) -> None:
    tables = open_tables(site.settings)
    await cast("Any", tables.client).delete(key(site.partition(customer), CLAIMS, customer))
    await tables.close()


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

    winner = next(n for n in range(8) if till(n) == 202)
    site.until(lambda: _is_redeemed(site, "api-2", code), "the record knows it")
    assert till(winner) == 202  # the same answer to the same order
    asyncio.run(_forget_claims(site, "api-2"))
    assert till(9) == 409  # also where only the record knows, as after a lost store
