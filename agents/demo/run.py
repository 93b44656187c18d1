"""One run of the demo, from empty servers to the summary."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import orjson
import typer
from rich.console import Console as Screen

from agents.demo.folder import own_folder
from agents.demo.follower import Follower
from agents.demo.summary import Summary, show, summarise
from agents.installation import Installation
from agents.replay.replay import Progress, Replay
from agents.replay.told import Told
from agents.simulate.journey import Journey
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.store import EmbeddedStore
from infra.kafka.producer import BulkProducer
from infra.settings import Settings, load_settings
from schemas.times import DAY, Millis

PARTITIONS = 4
TEACH_ONLY: Millis = 28 * DAY
"""The first days only teach: else every regular customer would be welcomed as a new one."""


class Plan(NamedTuple):
    """What is replayed."""

    days: int
    households: int | None = None
    seed: int = 1


class Counted:
    """A journey that counts its events by type on their way."""

    def __init__(self, journey: Journey) -> None:
        self._journey = journey
        self.name = journey.name
        self.start = journey.start
        self.end = journey.end
        self.types: Counter[str] = Counter()

    def events(self) -> Iterator[Told]:
        """The journey's events."""
        for told in self._journey.events():
            self.types[told.type] += 1
            yield told


def run(plan: Plan, *, leave: bool, as_json: bool) -> None:
    """Everything, and at the end either leave or stay until Ctrl-C."""
    # Whoever reads JSON from the output is not disturbed by what is meant for people.
    screen = Screen(stderr=as_json)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what was started is stopped
    with _installed(screen) as installation:
        summary = _replayed(installation, plan, screen)
        if as_json:
            typer.echo(orjson.dumps(msgspec.to_builtins(summary), option=orjson.OPT_INDENT_2).decode())
            return
        show(summary, screen)
        _tell_addresses(installation, screen)
        if not leave and sys.stdin.isatty():
            _stay(screen)


@contextmanager
def _installed(screen: Screen) -> Iterator[Installation]:
    given = load_settings()
    with ExitStack() as running:
        directory = running.enter_context(own_folder(given.data_dir))
        brokers = _given_brokers(given) or running.enter_context(EmbeddedBroker(directory)).address
        store = running.enter_context(EmbeddedStore(directory))
        installation = Installation(_settings(brokers, store, directory), directory)
        screen.print(f"broker {brokers}, store {store.address}, logs in {directory}")
        installation.make_new_topics()
        running.callback(installation.stop)
        installation.learner.start()
        installation.add_worker()
        yield installation


def _given_brokers(given: Settings) -> str:
    """The brokers that the environment or the file of settings names; the default is none."""
    return given.brokers if "brokers" in given.model_fields_set else ""


def _settings(brokers: str, store: EmbeddedStore, directory: Path) -> Settings:
    """The demo's own settings, also written to a file that other commands can be pointed at."""
    chosen = {
        "brokers": brokers,
        "redis_url": f"redis://{store.address}/0",
        "partitions": PARTITIONS,
        "clock": "event",
        "data_dir": str(directory),
    }
    lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in chosen.items()]
    (directory / "tend.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_settings(chosen)


def _replayed(installation: Installation, plan: Plan, screen: Screen) -> Summary:
    journey = Journey(days=plan.days, households=plan.households, seed=plan.seed)
    source = Counted(journey)
    replay = Replay(source, [BulkProducer(installation.connection)], PARTITIONS, act_from=journey.start + TEACH_ONLY)
    began = time.monotonic()
    progress: Progress | None = None
    with Follower(screen, journey.start, journey.end) as follower:
        for progress in replay.run():
            follower.sent(progress)
        assert progress is not None, "a plan has at least its first watermark"
        installation.until_replayed(progress.read, journey.end, follower.reached)
    seconds = time.monotonic() - began
    return asyncio.run(summarise(installation.settings, dict(source.types), seconds))


def _tell_addresses(installation: Installation, screen: Screen) -> None:
    config = installation.directory / "tend.toml"
    worker, learner = installation.workers[0], installation.learner
    screen.print(f"\nmetrics  http://{worker.address}/metrics  (worker)   http://{learner.address}/metrics  (learner)")
    screen.print(f"look around from another terminal:  export TEND_CONFIG={config}")
    screen.print("  tend customer h-00900      tend actions tail      tend why ACTION_ID      tend dead-letters list")


def _stay(screen: Screen) -> None:
    screen.print("\nStays until Ctrl-C.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1.0):
        pass
