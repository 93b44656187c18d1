"""``tend products``: let the lists of customers know what has changed in the shop's catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from agents.access import Actor, Admitted, access_keys, admit
from agents.clock import wall_clock
from agents.product_feed import ProductFeed, news_for, read_feed
from agents.server_check import reachable_settings
from agents.store_queries import StoreQueries
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer, SafeRecord
from infra.settings import Settings

_ACTOR = Actor("system", "products")
_SOURCE = "feed:products"
_TOGETHER = 500
"""Events that are under way at once."""


class ProductsTold(msgspec.Struct):
    """What came of a feed."""

    products: int
    customers: int = 0
    """Whose lists were looked at."""
    events: int = 0


def products(
    feed: Annotated[Path, typer.Argument(metavar="FEED.jsonl", help="Products, one JSON object a line.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and tell nobody.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
) -> None:
    """Compare the shop's catalogue with what customers noted, and tell each list what is back, sold out or priced anew.

    A line has sku, and what is known of: title, category, price (in minor units) with currency, stock, url, image, and
    time (RFC 3339; now, where it has none). The whole catalogue may be told each night: what a list knows already is
    not told again.

    Example: tend products catalogue.jsonl
    """
    settings = reachable_settings()
    told = asyncio.run(_tell(settings, read_feed(feed, wall_clock()), dry_run=dry_run))
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
        return
    done = "would be told" if dry_run else "told"
    typer.echo(
        f"products: {told.products:,}; customers with a list: {told.customers:,}; events {done}: {told.events:,}"
    )


async def _tell(settings: Settings, feed: ProductFeed, *, dry_run: bool) -> ProductsTold:
    told, waiting = ProductsTold(len(feed)), list[Admitted]()
    producer = None if dry_run else AcknowledgedProducer(KafkaConnection.of(settings))
    try:
        async for admitted in _news(settings, feed, told):
            waiting.append(admitted)
            if len(waiting) >= _TOGETHER:
                await _send(producer, waiting)
        await _send(producer, waiting)
    finally:
        if producer is not None:
            await producer.close()
    return told


async def _news(settings: Settings, feed: ProductFeed, told: ProductsTold) -> AsyncIterator[Admitted]:
    queries, keys = StoreQueries(settings), access_keys(settings)
    try:
        async for record, _ in queries.all():
            told.customers += bool(record.wishes)
            for news in news_for(record, feed):
                told.events += 1
                yield admit(news, actor=_ACTOR, source=_SOURCE, keys=keys, partitions=settings.partitions)
    finally:
        await queries.close()


async def _send(producer: AcknowledgedProducer | None, waiting: list[Admitted]) -> None:
    """Return when all of them are safe."""
    if producer is not None:
        await producer.send_all([SafeRecord(one.topic, one.partition, one.key, one.body) for one in waiting])
    waiting.clear()
