"""The small server beside a service tells metrics, life and readiness apart."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from infra.http import serve
from infra.metrics import UNKNOWN_RECEIPTS
from infra.telemetry import Telemetry

REASONS: list[str] = []


@pytest.fixture
async def address() -> AsyncIterator[str]:
    registry = CollectorRegistry()
    Telemetry(registry).add(UNKNOWN_RECEIPTS, 2)
    REASONS.clear()
    async with serve(registry, "127.0.0.1", 0, lambda: REASONS) as address:
        yield address


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_metrics_are_in_the_text_format(address: str) -> None:
    status, text = await get(f"{address}/metrics")

    assert status == 200
    assert "tend_unknown_receipts_total 2.0" in text


async def test_a_service_that_is_not_ready_says_why_and_lives(address: str) -> None:
    REASONS.append("lane 3: waiting for Redis")

    assert await get(f"{address}/readyz") == (503, "lane 3: waiting for Redis\n")
    assert (await get(f"{address}/healthz"))[0] == 200

    REASONS.clear()
    assert (await get(f"{address}/readyz"))[0] == 200


async def test_the_root_says_what_this_is_and_what_there_is(address: str) -> None:
    status, text = await get(f"{address}/")

    assert status == 200
    assert all(page in text for page in ("/metrics", "/healthz", "/readyz"))
