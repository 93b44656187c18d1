"""Three times as much as a worker can take: it takes what it can, in memory that is bounded, and then the rest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from agents.bootstrap import open_store
from agents.clock import wall_clock
from schemas.codec import decode_record
from schemas.topics import BROWSE, LANE_TOPICS
from tests.backends import OwnBroker, delete_topics
from tests.engine.site import Site

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

CUSTOMERS = 20_000
"""So many that nobody looks at more within a second than a record can tell from duplicates."""
WARM = 5_000
TIMES = 3
PORTION = 500
BACKLOG = 40 << 20
"""Bytes that are left unread at the end of the overload: more than the worker may hold."""
PADDING = b" " * 3_000
"""Large records, so that a backlog in memory would show."""
FETCH_BYTES = 131_072
OBJECTS = 4
"""Bytes of memory that a byte of a fetched record takes: as it came, as a raw record, and as an event."""
SLACK = 16 << 20
"""What the allocator keeps, and libraries buffer, beside what the settings bound."""


@pytest.fixture
def site(own_kafka: OwnBroker, tmp_path: Path) -> Iterator[Site]:
    """A site in service with one worker."""
    delete_topics(own_kafka.address)
    with Site(tmp_path, broker=own_kafka, fetch_bytes=FETCH_BYTES) as running:
        running.until_ready()
        yield running


def views(site: Site) -> Iterator[int]:
    """Customers look at products without end, each time it is asked for one more."""
    number = 0
    while True:
        who = f"c-{number % CUSTOMERS}"
        body = site.event("product.viewed", who, sku=f"{number:064d}", category="x" * 64)
        site.producer.send(BROWSE, site.partition(who), who.encode(), body + PADDING, wall_clock(), ())
        number += 1
        yield number


def seen(site: Site) -> int:
    """The views that the records tell of."""

    async def ask() -> int:
        async with open_store(site.settings) as store:
            return sum(
                [
                    decode_record(record).browsing.views
                    for partition in range(site.settings.partitions)
                    async for _, record, _ in store.scan(partition)
                ]
            )

    return asyncio.run(ask())


def metric(site: Site, name: str) -> float:
    """A metric, summed over its labels."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (.+)$", site.metrics(), re.MULTILINE))


def peak(site: Site) -> int:
    """The most bytes of memory that the worker has held since the last ``forget_peak``."""
    told = Path(f"/proc/{site.worker.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", told)[0]) * 1_024


def forget_peak(site: Site) -> None:
    """The highest memory so far is what it holds now."""
    Path(f"/proc/{site.worker.pid}/clear_refs").write_text("5")


def handled(site: Site) -> int:
    """Events applied so far."""
    return int(metric(site, "tend_events_total"))


def test_memory_is_bounded_nothing_is_lost_and_the_backlog_goes_down(site: Site) -> None:
    more = views(site)
    warm = next(islice(more, WARM - 1, None))
    site.producer.flush()
    site.until(lambda: handled(site) >= warm, "all is handled")

    forget_peak(site)
    before = peak(site)
    sent = overload(site, more)
    backlog = sent - handled(site)
    site.until(lambda: handled(site) >= sent, "the backlog goes down")

    settings = site.settings
    bound = settings.partitions * len(LANE_TOPICS) * settings.fetch_bytes * OBJECTS + SLACK
    held = peak(site) - before
    print(f"sent {sent}, backlog {backlog}, grew by {held >> 20} MB")  # noqa: T201 - shown with -s
    # While it was counted some more was handled.
    assert held <= bound < BACKLOG * 0.9 <= backlog * len(PADDING)
    assert metric(site, "tend_duplicates_total") == 0
    assert seen(site) == sent
    site.complain("c-1")
    site.until(lambda: site.rules_acted("c-1"), "the customer is cared for")
    site.until_ready()


def overload(site: Site, more: Iterator[int]) -> int:
    """Send three times as much as is handled, until much lies unread; how many were sent in all since the beginning."""
    first, before = next(more), handled(site)
    sent = first
    while (sent - handled(site)) * len(PADDING) < BACKLOG:
        wanted = first + PORTION + TIMES * (handled(site) - before)
        sent = next(islice(more, max(0, wanted - sent - 1), None))
        site.producer.flush()
    return sent
