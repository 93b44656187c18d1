"""``tend worker`` and ``tend learn``: the services."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from agents.ground import almanac_key, beginning, wall_clock
from agents.learn import Learner
from agents.watch import Metrics
from agents.worker import Worker
from infra.http import serve
from infra.settings import Settings, load_settings


def worker() -> None:
    """Run the lanes of the partitions that the group gives this process.

    Example: TEND_BROKERS=kafka:9092 TEND_REDIS_URL=redis://redis:6379/0 tend worker
    """
    asyncio.run(_worker(_begin()))


def learn() -> None:
    """Run the learner: of all that run, one at a time is active.

    Example: TEND_HTTP_PORT=9465 tend learn
    """
    asyncio.run(_learn(_begin()))


def _begin() -> Settings:
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return settings


async def _worker(settings: Settings) -> None:
    metrics = Metrics()
    engaged = Worker(settings, metrics)
    _on_signals(engaged.stop)
    async with serve(metrics.registry, settings.http_host, settings.http_port, engaged.not_ready) as address:
        logging.info("Metrics at %s/metrics", address)
        metrics.follow(engaged)
        await engaged.run()


async def _learn(settings: Settings) -> None:
    metrics = Metrics()
    clock = wall_clock if settings.clock == "wall" else None
    learner = Learner(settings, beginning(settings), almanac_key(settings), clock)
    _on_signals(learner.stop)

    def not_ready() -> list[str]:
        return [learner.why] if learner.why else []

    async with serve(metrics.registry, settings.http_host, settings.http_port, not_ready) as address:
        logging.info("Metrics at %s/metrics", address)
        await learner.run()


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
