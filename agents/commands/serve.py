"""``tend serve``: a whole installation on this machine."""

from __future__ import annotations

import shlex
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console as Screen

from agents.embedded import Embedded, embedded
from infra.settings import load_settings
from schemas.errors import TendError

_LOOK_SECONDS = 1.0


def serve(
    here: Annotated[
        bool, typer.Option("--embedded", help="Broker, store, learner and worker, all on this machine.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(help="Folder that keeps everything; `serve` in TEND_DATA_DIR by default.")
    ] = None,
) -> None:
    """Run a whole installation on this machine until Ctrl-C, and keep it over restarts and kills.

    Events come in by its Kafka topics or by `tend replay --events FILE`; other terminals are pointed at it by
    TEND_CONFIG, as it says when it is ready. What was acknowledged is there again at the next start.

    Example: tend serve --embedded --data shop
    """
    if not here:
        raise TendError(
            "In service, broker and store are run apart, with `tend worker` and `tend learn` beside them "
            "(docs/service.md). For one machine: tend serve --embedded"
        )
    screen = Screen(highlight=False, soft_wrap=True)
    screen.print("starting broker, store, learner and worker …")
    with embedded(data or load_settings().data_dir / "serve") as running:
        _tell(running, screen)
        _stay(running, screen)
        screen.print("ending: what is in hand is finished first")


def _tell(running: Embedded, screen: Screen) -> None:
    settings, worker = running.settings, running.installation.workers[0]
    screen.print(f"ready: broker {settings.brokers}, store {settings.redis_url}, everything kept in {running.folder}")
    screen.print(f"metrics: http://{worker.address}/metrics")
    screen.print("from another terminal:")
    screen.print(f"  export TEND_CONFIG={shlex.quote(str(running.config.absolute()))}")
    screen.print("  tend import look FILE")
    screen.print("  tend actions tail --follow")
    screen.print("Ctrl-C ends it.")


def _stay(running: Embedded, screen: Screen) -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(_LOOK_SECONDS):
        running.mend(screen.print)
