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
from infra.settings import Settings, load_settings, unknown_variables
from schemas.times import Millis

log = logging.getLogger(__name__)


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
    for unknown in unknown_variables():
        log.warning("%s", unknown)
    return settings


async def _worker(settings: Settings) -> None:
    metrics = Metrics(_service_clock(settings))
    engaged = Worker(settings, metrics)
    _on_signals(engaged.stop)

    def look() -> None:
        metrics.look(engaged.lanes, engaged.almanacs.newest)

    async with serve(metrics.registry, settings.http_host, settings.http_port, engaged.not_ready, look) as address:
        log.info("Metrics at %s/metrics", address)
        await engaged.run()


async def _learn(settings: Settings) -> None:
    metrics = Metrics()
    learner = Learner(settings, beginning(settings), almanac_key(settings), _service_clock(settings))
    _on_signals(learner.stop)

    def look() -> None:
        metrics.learned(learner.newest, active=learner.active)

    async with serve(metrics.registry, settings.http_host, settings.http_port, learner.not_ready, look) as address:
        log.info("Metrics at %s/metrics", address)
        await learner.run()


def _service_clock(settings: Settings) -> Callable[[], Millis] | None:
    """The wall clock in service; none in a replay, where event time acts."""
    return wall_clock if settings.clock == "wall" else None


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
