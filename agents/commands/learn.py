"""``tend learn``: the learner."""

from __future__ import annotations

import asyncio
import logging

from agents.bootstrap import new_learner
from agents.commands.serving import begin, on_signals
from agents.metrics_recorder import MetricsRecorder
from infra.http import serve
from infra.settings import Settings

log = logging.getLogger(__name__)


def learn() -> None:
    """Run the learner: of all that run, one at a time is active.

    Example: TEND_HTTP_PORT=9465 tend learn
    """
    asyncio.run(_learn(begin()))


async def _learn(settings: Settings) -> None:
    metrics = MetricsRecorder()
    learner = new_learner(settings)
    on_signals(learner.stop)

    def look() -> None:
        metrics.learned(learner.newest, active=learner.active)
        metrics.refused(learner.refused)

    async with serve(metrics.registry, settings.http_host, settings.http_port, learner.not_ready, look) as address:
        log.info("Metrics at %s/metrics", address)
        await learner.run()
