"""What ``tend worker`` and ``tend learn`` share: they begin alike, and end when they are asked to."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from agents.ground import wall_clock
from infra.settings import Settings, load_settings, unknown_variables
from schemas.times import Millis

log = logging.getLogger(__name__)


def begin() -> Settings:
    """The settings; from here on the log is written as they say."""
    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for unknown in unknown_variables():
        log.warning("%s", unknown)
    return settings


def service_clock(settings: Settings) -> Callable[[], Millis] | None:
    """The wall clock in service; none in a replay, where event time acts."""
    return wall_clock if settings.clock == "wall" else None


def on_signals(stop: Callable[[], None]) -> None:
    """Have SIGTERM and SIGINT end the service in good order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
