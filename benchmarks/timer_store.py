"""A store of customers with timers, and an installation that can take it over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from agents.clock import wall_clock
from agents.installation import Installation
from benchmarks.population import LANES, settle, under_new_ids
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.settings import load_settings
from infra.store import CustomerImage, RedisStore
from schemas.times import DAY, MINUTE, SECOND, Millis

LATER: Millis = 30 * MINUTE
"""The rest begin to come due when all is measured."""
START_SECONDS = 20.0
"""For the worker to take the lanes over."""
CALM_SECONDS = 60.0
"""Between the timers that come one by one and the crowd: the broker warms, and then there is something to compare."""
_OTHERS = 20_000


class Plan(NamedTuple):
    """When what comes due, and who."""

    opens: Millis
    closes: Millis
    crowd: Millis
    single: int
    """Timers between ``opens`` and ``closes``."""
    others: list[str]
    """Customers whose timers come later."""


@contextmanager
def own_store(directory: Path) -> Iterator[str]:
    """The address of an embedded store, which does not rewrite its file: filling it is no part of the measurement."""
    with EmbeddedStore(directory / "store", "everysec", extra={"auto-aof-rewrite-percentage": "0"}) as store:
        yield store.url


async def fill(
    url: str,
    known: list[CustomerImage],
    armed: int,
    due: int,
    single: int,
    seconds: float,
    start: float = START_SECONDS,
) -> Plan:
    """A store with all of them; those who come due soon are written last."""
    rest, began = armed - due - single, time.perf_counter()
    first, step = wall_clock() + LATER, DAY / max(rest, 1)
    async with RedisStore(url) as store:
        await store.wipe()
        await settle(store, under_new_ids(known, 0, rest, lambda number: first + int(number * step)))
        each = (time.perf_counter() - began) / rest
        opens = wall_clock() + int((start + (due + single) * each * 1.5) * SECOND)
        closes = opens + int(seconds * SECOND)
        crowd = closes + int(CALM_SECONDS * SECOND)
        await settle(store, under_new_ids(known, rest, due, lambda _: crowd))
        every = (closes - opens) / max(single, 1)
        start = rest + due
        await settle(store, under_new_ids(known, start, single, lambda number: opens + int((number - start) * every)))
    print(f"{armed:,} customers in {time.perf_counter() - began:.0f} s", flush=True)
    return Plan(opens, closes, crowd, single, [f"c-{number:08}" for number in range(min(rest, _OTHERS))])


@contextmanager
def installed(url: str, directory: Path) -> Iterator[Installation]:
    """A broker and a learner; no worker yet."""
    with EmbeddedBroker(directory / "broker", optimised=True) as broker:
        settings = load_settings(
            {"brokers": broker.address, "redis_url": url, "partitions": LANES, "clock": "wall", "data_dir": directory}
        )
        installation = Installation(settings, directory)
        installation.make_topics()
        try:
            installation.learner.start()
            yield installation
        finally:
            installation.stop()
