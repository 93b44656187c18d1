"""A whole installation run by one program: workers and learner as child processes, beside given servers.

The demo is one; the tests that kill, join and compare are others.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import SecretStr

from agents.bootstrap import open_store
from agents.catalogue import topic_specs
from agents.console.session import first_token
from agents.signing import signing_of
from agents.worker.lane_states import lane_states
from infra.embedded.process import HOST, ServerProcess, free_port
from infra.kafka.connection import KafkaConnection
from infra.kafka.publishing.published_position import read_position
from infra.kafka.topics import Topics
from infra.settings import Settings
from schemas.errors import TendError
from schemas.lane import LaneState
from schemas.times import Millis, to_rfc3339

_SECONDS_TO_START = 120.0


class Service(ServerProcess):
    """A worker or a learner as a child process."""

    def __init__(self, command: str, settings: Settings, directory: Path, name: str) -> None:
        self.http = free_port()
        super().__init__(
            name=f"The {name}",
            command=[sys.executable, "-m", "agents.cli", command],
            port=self.http,
            log=directory / f"{name}.log",
            answers=_listens,
            environment={
                **environment_of(settings),
                "TEND_HTTP_PORT": str(self.http),
            },
            start_seconds=_SECONDS_TO_START,
            end_with=signal.SIGKILL,  # a crash harms nothing, and who waits for a broker that is gone as well stays
        )

    def check(self) -> None:
        """Raises TendError, with the tail of its log, where the service has ended by itself."""
        if self.pid is None:
            raise TendError(f"{self.name} has ended.\n{self._how_it_was_started()}")


class WebService(ServerProcess):
    """A service with pages or an API as a child process; it inherits its keys."""

    def __init__(self, name: str, command: str, port: int, settings: Settings, directory: Path) -> None:
        super().__init__(
            name=f"The {name}",
            command=[sys.executable, "-m", "agents.cli", command],
            port=port,
            log=directory / f"{command}.log",
            answers=_listens,
            environment=environment_of(settings),
            start_seconds=_SECONDS_TO_START,
        )


class Console(WebService):
    """The console as a child process."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__("console", "console", settings.console_port, settings, directory)
        self._token = first_token(settings)

    @property
    def door(self) -> str:
        """The address with the token that lets somebody in."""
        return f"http://{self.address}/sign-in?token={self._token}"


class Api(WebService):
    """The API alone as a child process."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__("API", "api", settings.api_port, settings, directory)


class Installation:
    """Topics, workers and a learner on the servers that the settings name."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self.settings = settings
        self.directory = directory
        self.connection = KafkaConnection.of(settings)
        self._signing = signing_of(settings)
        self.workers: list[Service] = []
        self.learner = Service("learn", settings, directory, "learner")
        self.console: Console | None = None
        self.api: Api | None = None

    def start_console(self) -> str:
        """Start the console beside the workers, and return the address that lets somebody in."""
        port = self.settings.console_port
        wanted = {
            "console_port": port if port and _is_free(port) else free_port(),
            "console_metrics": tuple(one.address for one in [*self.workers, self.learner]),
        }
        self.console = Console(self.settings.model_copy(update=wanted), self.directory)
        self.console.start()
        return self.console.door

    def start_api(self) -> str:
        """Start the API beside the workers, and return where it listens."""
        self.api = Api(self.settings.model_copy(update={"api_port": free_port()}), self.directory)
        self.api.start()
        return f"http://{self.api.address}"

    def make_topics(self) -> None:
        """Make all topics that are missing."""
        Topics(self.connection).create(topic_specs(self.settings), self.settings.replication)

    def make_new_topics(self) -> None:
        """Make all topics.

        Raises:
            TendError: there are some already, with what lies in them.
        """
        topics, specs = Topics(self.connection), topic_specs(self.settings)
        if existing := topics.existing([spec.name for spec in specs]):
            raise TendError(
                f"The broker at {self.settings.brokers} has topics of tend already, such as {existing[0]}, and a "
                "replay into them would mix with what they hold. Name another broker, or delete them."
            )
        topics.create(specs, self.settings.replication)

    def add_worker(self) -> Service:
        """Start one more worker and return it."""
        worker = Service("worker", self.settings, self.directory, f"worker-{len(self.workers)}")
        worker.start()
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """Let all services end cleanly: the batch in hand is finished and published."""
        for page in filter(None, (self.console, self.api)):
            page.stop()
        for worker in self.workers:
            worker.stop()
        self.learner.stop()

    def check(self) -> None:
        """Raises TendError where a service has ended by itself."""
        for service in [self.learner, *self.workers]:
            service.check()

    def until_replayed(
        self, events: int, end: Millis, told: Callable[[Millis], None] = lambda _: None, patience: float = 600.0
    ) -> None:
        """Wait until every lane has handled the replay up to its last watermark, and published all of it.

        Args:
            events: events that the replay has read.
            end: the time of its last watermark.
            told: called now and then with the time that the slowest lane has reached.
            patience: seconds without any progress after which it gives up.

        Raises:
            TendError: a service has ended, or nothing moves any more.
        """
        self._until(lambda states: _replayed(states, events, end), told, patience)
        told(end)

    def _until(
        self, done: Callable[[list[LaneState | None]], bool], told: Callable[[Millis], None], patience: float
    ) -> None:
        moved, last = time.monotonic(), -1
        while True:
            states = asyncio.run(self.states())
            if done(states) and self._published(states):
                return
            reached = sum(state.time + state.sequence for state in states if state)
            if reached != last:
                moved, last = time.monotonic(), reached
            told(_slowest(states))
            self.check()
            if time.monotonic() - moved > patience:
                raise TendError(
                    f"Nothing has moved for {patience:.0f} s; look into the logs in {self.directory}\n"
                    + "\n".join(self.where_lanes_stand())
                )
            time.sleep(0.1)

    def until_caught_up(self, topics: Sequence[str], patience: float = 600.0) -> None:
        """Wait until every lane has handled and published all that lies in these topics (a replay without watermarks).

        Raises:
            TendError: a service has ended, or nothing moves any more.
        """
        ends = Topics(self.connection).end_offsets(topics)

        def done(states: list[LaneState | None]) -> bool:
            return all(
                state is not None and all(state.offsets.get(topic, 0) >= ends[topic][p] for topic in topics)
                for p, state in enumerate(states)
            )

        self._until(done, lambda _: None, patience)

    def reached(self) -> Millis:
        """The time that the slowest lane has come to; 0 before all have begun."""
        return _slowest(asyncio.run(self.states()))

    async def states(self) -> list[LaneState | None]:
        """The state of each lane as the store holds it."""
        store = open_store(self.settings)
        try:
            return await lane_states(store, self.settings.partitions)
        finally:
            await store.close()

    def where_lanes_stand(self) -> list[str]:
        """What each lane has come to, in words."""
        states = asyncio.run(self.states())
        return [self._where_it_stands(partition, state) for partition, state in enumerate(states)]

    def _where_it_stands(self, partition: int, state: LaneState | None) -> str:
        if state is None:
            return f"lane {partition} has not begun"
        out = read_position(self.connection, partition, self._signing)
        return (
            f"lane {partition} at {to_rfc3339(state.time)}, epoch {state.epoch} with the almanac of {state.almanac}, "
            f"published {out} of {state.sequence}"
        )

    def _published(self, states: list[LaneState | None]) -> bool:
        return all(
            state is not None and read_position(self.connection, partition, self._signing) >= state.sequence
            for partition, state in enumerate(states)
        )


def _slowest(states: list[LaneState | None]) -> Millis:
    return min((state.time if state else 0 for state in states), default=0)


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as variables, for a child process. Secrets stay out: the child inherits them."""
    plain = settings.model_dump(mode="json", exclude_none=True)
    secret = {name for name, value in settings if isinstance(value, SecretStr)}
    return {f"TEND_{name.upper()}": _text(value) for name, value in plain.items() if name not in secret}


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _replayed(states: list[LaneState | None], events: int, end: Millis) -> bool:
    return all(
        state is not None and state.time >= end and state.position.get("events") == events and not state.interval_done
        for state in states
    )


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex((HOST, port)) != 0


def _listens(port: int) -> bool:
    with socket.create_connection((HOST, port), timeout=1):
        return True
