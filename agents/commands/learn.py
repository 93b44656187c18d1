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
    asyncio.run(_learn(begin("learn")))


async def _learn(settings: Settings) -> None:
    metrics = MetricsRecorder()
    learner = new_learner(settings)
    on_signals(learner.stop)

    def look() -> None:
        metrics.learned(learner.newest, active=learner.active)
        metrics.refused(learner.refused)

    where, about = (settings.http_host, settings.http_port), "tend learn: merges what all lanes have learned"
    async with serve(metrics.registry, *where, learner.not_ready, look, about) as address:
        log.info("Metrics at %s/metrics", address)
        await learner.run()
