"""An engine under test: a replay that is fed to it bit by bit, so that something can be done to it in between."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import uuid4

from agents.installation import Installation
from agents.replay.event import ReplayEvent
from agents.replay.plan import Interval
from agents.replay.replay import Perturb, Progress, Replay
from agents.signing import signing_of
from infra.embedded import EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from schemas.times import HOUR
from schemas.topics import DEAD_LETTERS
from tests import backends
from tests.backends import OwnBroker
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result
from tests.equality.world import World, assert_equal
from tests.faults.garbage import Garbage
from tests.faults.outcome import Outcome, reasons_for_parking
from tests.faults.probe import Safeguard
from tests.faults.probed_service import ProbedService
from tests.faults.reconciliation import check_ledger
from tests.faults.slow_wire import SlowWire
from tests.infra.broker_cluster import BrokerCluster
from tests.infra.store_cluster import StoreCluster
from tests.perturb import again, shuffled

EVERY = 30
"""Events between two watermarks: many small batches, so that there is always one to be hit in."""
SESSION_SECONDS = 2.0
PATIENCE_SECONDS = 150.0
LOOK_SECONDS = 0.05
"""Between two looks, each of which asks servers and takes milliseconds of their time."""
Found = TypeVar("Found")


class FedEngine:
    """Servers, workers and a learner, and what is done to them.

    Args:
        seed: from which all that happens is drawn.
        safeguard: the one that the workers do without.
        every: events between two watermarks.
        wired: whether workers reach broker and store through ``wires``, which may be spoiled.
        store: another one than a server of its own.
        chosen: further settings.
    """

    def __init__(
        self,
        kafka: OwnBroker | BrokerCluster,
        history: History,
        directory: Path,
        seed: int,
        safeguard: Safeguard | None = None,
        perturb: Perturb | None = None,
        workers: int = 2,
        *,
        every: int = EVERY,
        wired: bool = False,
        store: StoreCluster | None = None,
        **chosen: Any,
    ) -> None:
        self.seed, self.kafka, self.history, self.directory = seed, kafka, history, directory
        self.dice = random.Random(seed)
        self.store = EmbeddedStore(directory / "store", "everysec")
        self._serves_as_store = store or self.store
        self._chosen = {"redis_cluster": store is not None, **chosen}
        self.wires = _wires(kafka, self.store, seed) if wired else []
        """To the broker, and to the store."""
        self.garbage = Garbage(seed)
        self.done: Counter[str] = Counter()
        """What has happened, by name; of kills only those that count."""
        self._safeguard, self._first = safeguard, workers
        self._perturb, self._every = perturb, every
        self._static = seed % 2 == 0
        """Whether workers keep their name in the group when they are started again."""
        self.workers: list[ProbedService] = []
        self._made = 0
        self.patience = PATIENCE_SECONDS
        """Seconds after which what does not move at the end has failed."""

    def __enter__(self) -> Self:
        backends.delete_topics(self.kafka.address)
        self._serves_as_store.start()
        for wire in self.wires:
            wire.__enter__()
        self.settings = settings_of(
            brokers=self.kafka.address,
            redis_url=self._serves_as_store.url,
            group=f"trouble-{uuid4().hex[:8]}",
            data_dir=str(self.directory),
            session_seconds=SESSION_SECONDS,
            fetch_wait_ms=20,
            **self._chosen,
        )
        self.world = World(self.settings, self.directory, self.history)
        self.installation: Installation = self.world.installation
        self.installation.make_topics()
        self._progress = self._send()
        self.installation.learner.start()
        for _ in range(self._first):
            self.add_worker()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.kill()
        self.installation.learner.kill()
        for wire in self.wires:
            wire.__exit__()
        self._serves_as_store.kill()

    def add_worker(self) -> ProbedService:
        """One more worker joins."""
        self._made += 1
        chosen: dict[str, str] = {}
        if self._static:
            chosen["group_instance_id"] = f"worker-{self._made}"
        if self.wires:
            to_kafka, to_store = self.wires
            chosen |= {"brokers": to_kafka.address, "redis_url": f"redis://{to_store.address}/0"}
        settings = self.settings.model_copy(update=chosen)
        worker = ProbedService(settings, self.directory, self._made, self._safeguard)
        worker.begin()
        self.workers.append(worker)
        return worker

    def _send(self) -> Iterator[Progress]:
        later, mixed = again(HOUR), shuffled(self.seed)

        def perturb(interval: Interval) -> list[ReplayEvent]:
            sent = list(later(interval))
            return list(mixed(interval._replace(events=[*sent, *self.garbage.beside(sent)])))

        replay = Replay(
            self.history,
            [BulkProducer(KafkaConnection.of(self.settings))],
            self.settings.partitions,
            watermarks=signing_of(self.settings),
            act_from=self.history.act_from,
            every=self._every,
            perturb=self._perturb or perturb,
        )
        return replay.run()

    def feed(self, intervals: int = 3) -> bool:
        """Send a little more of the history; False once all of it is in."""
        for _ in range(intervals):
            progress = next(self._progress, None)
            if progress is None:
                return False
            self.world.read = progress.read
        return True

    def feed_all(self) -> None:
        """Send what is left."""
        while self.feed(50):
            pass

    def until_handled(self, what: str = "all that was fed is handled") -> None:
        """Wait until the lanes have handled all that was fed, as long as they come any further."""
        moved, last = time.monotonic(), -1
        while self.world.read > min(reached := self._reached()):
            if sum(reached) != last:
                moved, last = time.monotonic(), sum(reached)
            if time.monotonic() - moved > self.patience:
                raise self.stuck(what)
            self.supervise()
            time.sleep(LOOK_SECONDS)

    def until(self, look: Callable[[], Found | None], what: str, patience: float = PATIENCE_SECONDS) -> Found:
        """Look until it is so."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(LOOK_SECONDS)
        raise self.stuck(what)

    def stuck(self, what: str) -> TimeoutError:
        """What to raise where something does not come, with all that may tell why."""
        workers = [f"{one.name} {'is ready' if one.ready else f'is not ready, pid {one.pid}'}" for one in self.workers]
        parked = reasons_for_parking(self.directory)
        learner = f"the learner has pid {self.installation.learner.pid}"
        stands = "\n".join([*self.installation.where_lanes_stand(), *workers, learner, *parked, f"done: {self.done}"])
        return TimeoutError(f"seed {self.seed}: still not: {what}; logs in {self.directory}\n{stands}")

    def until_ready(self, worker: ProbedService) -> None:
        self.until(lambda: worker.ready, "a worker works")

    def one_that_works(self) -> ProbedService:
        def look() -> ProbedService | None:
            self.supervise()
            return next((one for one in self.dice.sample(self.workers, len(self.workers)) if one.ready), None)

        return self.until(look, "a worker works")

    def supervise(self) -> None:
        """Start again who has ended, as every service is: who finds the store away at its start ends."""
        for worker in self.workers:
            if worker.pid is None:
                self.done["ended by itself, and started again"] += 1
                worker.begin()
        if self.installation.learner.pid is None:
            self.done["learner that ended by itself, and was started again"] += 1
            self.installation.learner.start()

    def behind(self) -> bool:
        """Whether a lane has not handled all that was fed."""
        return min(self._reached()) < self.world.read

    def _reached(self) -> list[int]:
        """How many events of the history each lane has come past."""
        states = asyncio.run(self.installation.states())
        return [state.position.get("events", 0) if state else -1 for state in states]

    def until_done(self) -> None:
        """Feed what is left, keep everybody alive, and wait until all is handled and published."""
        self.feed_all()
        self.installation.until_replayed(
            self.world.read, self.history.end, told=lambda _: self.supervise(), patience=self.patience
        )
        self.world.until_learned()

    def outcome(self, expected: Result) -> Outcome:
        """What was lost, doubled and parked so far, and what differs."""
        differences = expected.differences(self.world.result())
        return Outcome.of(expected.actions, self.world.action_ids(), self.directory, len(differences))

    def check(self, expected: Result) -> None:
        """Nothing lost, nothing twice, and the same to the byte as the pure core's undisturbed run."""
        published = self.world.action_ids()
        found = self.world.result()
        assert_equal(found, expected, published)
        check_ledger(self.world.decisions(), published, found)
        assert sorted(self._letters()) == sorted(self.garbage.sent), "garbage is laid aside once"

    def _letters(self) -> list[bytes]:
        with PartitionLog(self.installation.connection) as log:
            return [
                raw.value or b""
                for partition in range(self.settings.partitions)
                for raw in log.read(DEAD_LETTERS, partition, 0)
            ]


def _wires(kafka: OwnBroker | BrokerCluster, store: EmbeddedStore, seed: int) -> list[SlowWire]:
    assert isinstance(kafka, OwnBroker), "one broker at the end of one wire"
    return [SlowWire(kafka.far_port, seed, kafka.wire_port), SlowWire(store.port, seed)]
