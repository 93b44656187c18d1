"""What ``tend worker`` and ``tend learn`` share: they begin alike, and end when they are asked to."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import threading
from collections.abc import Callable

from agents.signing import installation_key
from infra.logs import write_logs
from infra.settings import Settings, load_settings, unknown_variables

log = logging.getLogger(__name__)

GRACE_SECONDS = 20.0
"""For the batch in hand, its commit and the group; less than what containers are given to end (30 s)."""


def begin(service: str) -> Settings:
    """The settings; from here on the log is written as they say."""
    settings = load_settings()
    installation_key(settings)  # refused here, before anything is begun
    write_logs(settings.log_level, settings.log_format, service)
    for unknown in unknown_variables():
        log.warning("%s", unknown)
    return settings


def on_signals(stop: Callable[[], None], grace: float = GRACE_SECONDS) -> None:
    """Have SIGTERM and SIGINT end the service in good order, and at once where that takes more than ``grace`` seconds.

    What it waits for may never come, and ending at once loses and doubles nothing: it is what a crash does.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        insist = threading.Timer(grace, _end_at_once, [grace])
        insist.daemon = True
        insist.start()
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)


def _end_at_once(grace: float) -> None:
    log.error(
        "Asked to end %.0f s ago and still waiting; it ends now, with nothing lost. This is where it waits:", grace
    )
    faulthandler.dump_traceback()
    os._exit(os.EX_TEMPFAIL)
