"""One run of the demo, from empty servers to the summary."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import orjson
from rich.console import Console as Screen

from agents.demo.folder import own_folder
from agents.demo.follower import Follower
from agents.demo.own import pace_of
from agents.demo.rulebook import write_rulebook
from agents.demo.summary import Summary, show, summarise
from agents.installation import Installation
from agents.replay.event import ReplayEvent
from agents.replay.file import EventFile
from agents.replay.replay import EventHistory, Progress, Replay
from agents.replay.steering import Afterwards, Steering
from agents.screen import say, say_json
from agents.signing import signing_of
from agents.simulate.journey import Journey
from infra.embedded.broker import EmbeddedBroker
from infra.embedded.store import EmbeddedStore
from infra.kafka.producers import BulkProducer
from infra.settings import Settings, load_settings
from schemas.times import DAY, Millis, to_rfc3339
from schemas.watermarks import Watermark

PARTITIONS = 4
BROKERS_VARIABLE = "TEND_BROKERS"
TEACH_ONLY: Millis = 28 * DAY
"""The first days only teach: else every regular customer would be welcomed as a new one."""


_WHAT = "Real orders of {households} households (The Complete Journey); visits, parcels, complaints and consents around"
_RARELY = (
    "These are many customers for a long time: so that this takes minutes, each who does nothing is looked at every "
    "{days} days instead of every {usual} (TEND_LOOK_DAYS); in service it stays {usual}."
)
_LOOK_SECONDS = 1.0


class Plan(NamedTuple):
    """What the demo replays."""

    days: int
    households: int | None = None
    seed: int = 1
    own: Callable[[Path], EventFile] | None = None
    """Makes a shop's own history in the demo's folder; None is the shipped year."""
    assume_consent: bool = False


class CountedHistory:
    """A history that counts its events by type on their way."""

    def __init__(self, journey: EventHistory) -> None:
        self._journey = journey
        self.name = journey.name
        self.start = journey.start
        self.end = journey.end
        self.types: Counter[str] = Counter()

    def events(self) -> Iterator[ReplayEvent]:
        """The journey's events."""
        for told in self._journey.events():
            self.types[told.type] += 1
            yield told


def run(plan: Plan, *, leave: bool, as_json: bool) -> None:
    """Everything, and at the end either leave or stay until Ctrl-C."""
    # Whoever reads JSON from the output is not disturbed by what is meant for people.
    screen = Screen(stderr=as_json)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what was started is stopped
    people = not (leave or as_json)
    with _prepared(plan) as (directory, journey), _installed(screen, directory, journey, plan) as installation:
        if people:
            say(f"console  {installation.start_console()}")
        screen.print(f"broker {installation.settings.brokers}, logs in {installation.directory}")
        steering = Steering(installation.settings) if people else None
        summary, last = _replayed(installation, journey, plan, screen, steering)
        if as_json:
            say_json(msgspec.to_builtins(summary), indent=True)
            return
        show(summary, screen)
        if plan.own is not None:
            _tell_reach(summary, screen, assumed=plan.assume_consent)
        _tell_addresses(installation, summary, screen)
        if not leave and sys.stdin.isatty():
            _stay(screen, Afterwards(installation.settings, last))


@contextmanager
def _prepared(plan: Plan) -> Iterator[tuple[Path, EventHistory]]:
    """The demo's folder and the history to replay. A shop's files are read before any server starts."""
    with own_folder(load_settings().data_dir) as directory:
        if plan.own is None:
            yield directory, Journey(days=plan.days, households=plan.households, seed=plan.seed, whole=True)
        else:
            yield directory, plan.own(directory)


@contextmanager
def _installed(screen: Screen, directory: Path, journey: EventHistory, plan: Plan) -> Iterator[Installation]:
    given = load_settings()
    with ExitStack() as running:
        screen.print("starting broker, store, learner and worker …")
        brokers = _given_brokers(given) or running.enter_context(EmbeddedBroker(directory)).address
        store = running.enter_context(EmbeddedStore(directory))
        own = plan.own is not None
        rulebook = given.rulebook if own or given.rulebook else write_rulebook(directory / "rules")
        chosen: dict[str, Any] = {"rulebook": str(rulebook.absolute())} if rulebook else {}
        if own:
            chosen |= pace_of(journey, given)
        if "look_days" in chosen:
            screen.print(_RARELY.format(days=chosen["look_days"], usual=given.look_days), soft_wrap=True)
        installation = Installation(_settings(brokers, store, directory, chosen), directory)
        installation.make_new_topics()
        running.callback(installation.stop)
        installation.learner.start()
        installation.add_worker()
        yield installation


def _given_brokers(given: Settings) -> str:
    """The brokers that the environment names; a file of settings may be that of the last demo, which is gone."""
    return given.brokers if BROKERS_VARIABLE in os.environ else ""


def _settings(brokers: str, store: EmbeddedStore, directory: Path, more: dict[str, Any]) -> Settings:
    """The demo's own settings, also written to a file that other commands can be pointed at."""
    chosen = {
        "brokers": brokers,
        "redis_url": f"redis://{store.address}/0",
        "partitions": PARTITIONS,
        "clock": "event",
        "data_dir": str(directory),
        **more,
    }
    lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in chosen.items()]
    (directory / "tend.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_settings(chosen)


def _replayed(
    installation: Installation, journey: EventHistory, plan: Plan, screen: Screen, steering: Steering | None
) -> tuple[Summary, Watermark]:
    teaching = min(TEACH_ONLY, (journey.end - journey.start) // 2)
    _tell_plan(screen, journey, plan, installation.settings.rulebook, teaching)
    source, act_from = CountedHistory(journey), journey.start + teaching
    began = time.monotonic()
    progress = _sent(installation, source, act_from, screen, steering)
    seconds = time.monotonic() - began
    if steering is not None:
        steering.end()
    last = Watermark(
        number=progress.number,
        time=progress.time,
        ends={},
        position={"events": progress.read},
        replay=source.name,
        act_from=act_from,
    )
    return asyncio.run(summarise(installation.settings, dict(source.types), seconds)), last


def _tell_plan(screen: Screen, journey: EventHistory, plan: Plan, rulebook: Path | None, teaching: Millis) -> None:
    if plan.own is None:
        households = f"{plan.households:,}" if plan.households else "all"
        screen.print(f"{_WHAT.format(households=households)} them are simulated.", soft_wrap=True)
    if rulebook is not None:
        screen.print(f"rules    {_near(rulebook)}", soft_wrap=True)
    begins, ends = to_rfc3339(journey.start)[:10], to_rfc3339(journey.end)[:10]
    screen.print(f"from {begins} to {ends}; the first {teaching // DAY} days only teach")


def _sent(
    installation: Installation, source: EventHistory, act_from: Millis, screen: Screen, steering: Steering | None
) -> Progress:
    """Send the whole history, and wait until the worker is through with it: how far that was."""
    replay = Replay(
        source,
        [BulkProducer(installation.connection)],
        PARTITIONS,
        watermarks=signing_of(installation.settings),
        act_from=act_from,
    )
    progress: Progress | None = None
    looked = time.monotonic()
    with Follower(screen, source.start, source.end) as follower:
        for progress in replay.run():
            follower.sent(progress)
            if steering is not None:
                steering.keep(progress.time)
            if time.monotonic() - looked > _LOOK_SECONDS:
                looked = time.monotonic()
                follower.reached(installation.reached())
        assert progress is not None, "a plan has at least its first watermark"
        installation.until_replayed(progress.read, source.end, follower.reached)
    return progress


def _tell_reach(summary: Summary, screen: Screen, *, assumed: bool) -> None:
    """Why rules reached those whom they reached, and nobody else."""
    screen.print(
        f"{summary.addressed:,} of {summary.customers:,} customers have an e-mail address or a phone number; "
        f"{summary.allowing:,} allow marketing."
    )
    if assumed:
        screen.print(
            "Consent was assumed (--assume-consent): nobody gave it. It is marked simulated, of source "
            "demo:assumed-consent, and what follows from it here is a look only: none of it may be sent to anybody."
        )
    elif summary.allowing < summary.customers:
        screen.print(
            "The others get service messages and desks' tickets at most. Addresses and consent come with "
            "--customers FILE, such as a shop's customers export; --assume-consent shows what would be sent."
        )


def _tell_addresses(installation: Installation, summary: Summary, screen: Screen) -> None:
    config = installation.directory / "tend.toml"
    worker, learner = installation.workers[0], installation.learner
    tend, customer = _command(), shlex.quote(summary.example)
    hints = [
        f"metrics  http://{worker.address}/metrics (worker), http://{learner.address}/metrics (learner)",
        "look around from another terminal, in this folder:",
        f"  export TEND_CONFIG={shlex.quote(str(config.absolute()))}",
        f"  {tend} customer {customer}",
        *([f"  {tend} why {summary.example_action} --customer {customer}"] if summary.example_action else []),
        f"  {tend} actions tail",
        f"  {tend} dead-letters list",
    ]
    screen.print("\n" + "\n".join(hints), soft_wrap=True, markup=False)


def _command() -> str:
    """How a shell in this folder calls the program that runs here."""
    found, here = shutil.which("tend"), Path(sys.argv[0])
    return "tend" if found and here.name == "tend" and here.samefile(found) else shlex.quote(str(_near(here)))


def _near(path: Path) -> Path:
    """The path as seen from this folder, where it lies below."""
    whole = path.absolute()
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole


def _stay(screen: Screen, afterwards: Afterwards) -> None:
    screen.print("\nStays until Ctrl-C; what is changed in the console is let in.")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1.0):
        afterwards.look()
