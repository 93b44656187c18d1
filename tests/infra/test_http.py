"""The small server beside a service tells metrics, life and readiness apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from infra.http import MOST_CONNECTIONS, serve
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


async def test_who_asks_for_some_figures_gets_these_alone(address: str) -> None:
    status, text = await get(f"{address}/metrics?name[]=tend_unknown_receipts_total")

    assert status == 200
    assert [line for line in text.splitlines() if not line.startswith("#")] == ["tend_unknown_receipts_total 2.0"]


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


async def test_whoever_holds_connections_open_keeps_nobody_from_asking(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    before = open_descriptors()
    idle = [await asyncio.open_connection(host, int(port)) for _ in range(3 * MOST_CONNECTIONS)]
    for _, writer in idle[::2]:
        writer.write(b"GET /metrics HTTP/1.1\r\nX-Slow: ")  # and never an end

    assert (await get(f"{address}/metrics"))[0] == 200
    # Ours are among those of this process.
    assert open_descriptors() - before - len(idle) <= MOST_CONNECTIONS + 5
    assert await idle[0][0].read() == b""

    for _, writer in idle:
        writer.close()


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
