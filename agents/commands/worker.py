"""``tend worker``: the lanes. It imports nothing of the learner, which would double the time until it is ready."""

from __future__ import annotations

import asyncio
import logging

from agents.bootstrap import new_worker, service_clock
from agents.commands.serving import begin, on_signals
from agents.metrics_recorder import MetricsRecorder
from infra.event_loop import run
from infra.http import serve
from infra.settings import Settings
from infra.watchdog import watch_loop

log = logging.getLogger(__name__)


def worker() -> None:
    """Run the lanes of the partitions that the group gives this process.

    Example: TEND_BROKERS=kafka:9092 TEND_REDIS_URL=redis://redis:6379/0 tend worker
    """
    run(_worker(begin("worker")))


async def _worker(settings: Settings) -> None:
    metrics = MetricsRecorder(service_clock(settings))
    engaged = new_worker(settings, metrics)
    on_signals(engaged.stop)

    def look() -> None:
        metrics.look(engaged.lanes, engaged.almanacs.newest)
        metrics.refused(engaged.refused)

    where, about = (settings.http_host, settings.http_port), "tend worker: runs the lanes of its partitions"
    async with serve(metrics.registry, *where, engaged.not_ready, look, about) as address:
        log.info("Metrics at %s/metrics", address)
        watchdog = asyncio.create_task(watch_loop())
        try:
            await engaged.run()
        finally:
            watchdog.cancel()
