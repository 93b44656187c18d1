"""An engine in trouble: a replay that is fed bit by bit while its parts are killed, frozen and cut."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self, TypeVar
from uuid import uuid4

from redis import Redis

from agents.ground import open_store
from agents.installation import Installation
from agents.replay.disturb import again, shuffled
from agents.replay.plan import Interval
from agents.replay.replay import Disturb, Progress, Replay
from agents.replay.told import Told
from infra.embedded import EmbeddedStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producer import BulkProducer
from schemas.times import HOUR
from schemas.topics import DEAD_LETTERS
from tests import backends
from tests.backends import LocalKafka
from tests.engine.site import frozen
from tests.equality.conftest import settings_of
from tests.equality.histories import History, Result
from tests.equality.world import World, assert_equal
from tests.faults.forgetting import forget, written
from tests.faults.garbage import Garbage
from tests.faults.on_trial import Tried
from tests.faults.reconciliation import check_ledger
from tests.faults.slow_wire import SlowWire
from tests.faults.trials import AT_ONCE, Safeguard, Step, order, take_back

EVERY = 30
"""Events between two marks: many small batches, so that there is always one to be hit in."""
SESSION_SECONDS = 2.0
MOST_WORKERS = 4
_PATIENCE_SECONDS = 90.0
_ZOMBIE_SECONDS = 8.0
_LOOK_SECONDS = 0.05
"""Between two looks, each of which asks servers and takes milliseconds of their time."""
_MOMENT_SECONDS = 1.0
Found = TypeVar("Found")


class Trouble:
    """Servers, workers and a learner, and what is done to them.

    Args:
        seed: from which all that happens is drawn.
        safeguard: the one that the workers do without.
        every: events between two marks.
        wired: whether workers reach broker and store through ``wires``, which may be spoiled.
    """

    def __init__(
        self,
        kafka: LocalKafka,
        history: History,
        directory: Path,
        seed: int,
        safeguard: Safeguard | None = None,
        disturb: Disturb | None = None,
        workers: int = 2,
        *,
        every: int = EVERY,
        wired: bool = False,
    ) -> None:
        self.seed, self.kafka, self.history, self.directory = seed, kafka, history, directory
        self.dice = random.Random(seed)
        self.store = EmbeddedStore(directory / "store", "everysec")
        self.wires = _wires(kafka, self.store, seed) if wired else []
        """To the broker, and to the store."""
        self.garbage = Garbage(seed)
        self.done: Counter[str] = Counter()
        """What has happened, by name; of kills only those that count."""
        self._safeguard, self._first = safeguard, workers
        self._disturb, self._every = disturb, every
        self._static = seed % 2 == 0
        """Whether workers keep their name in the group when they are started again."""
        self.workers: list[Tried] = []
        self._made = 0
        self.patience = _PATIENCE_SECONDS
        """Seconds after which what does not move has failed."""

    def __enter__(self) -> Self:
        backends.delete_topics(self.kafka.address)
        self.store.start()
        for wire in self.wires:
            wire.__enter__()
        self.settings = settings_of(
            brokers=self.kafka.address,
            redis_url=self.store.url,
            group=f"trouble-{uuid4().hex[:8]}",
            data_dir=str(self.directory),
            session_seconds=SESSION_SECONDS,
            fetch_wait_ms=20,
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
        self.store.kill()

    def add_worker(self) -> Tried:
        """One more worker joins."""
        self._made += 1
        chosen: dict[str, str] = {}
        if self._static:
            chosen["group_instance_id"] = f"worker-{self._made}"
        if self.wires:
            to_kafka, to_store = self.wires
            chosen |= {"brokers": to_kafka.address, "redis_url": f"redis://{to_store.address}/0"}
        settings = self.settings.model_copy(update=chosen)
        worker = Tried(settings, self.directory, self._made, self._safeguard)
        worker.begin()
        self.workers.append(worker)
        return worker

    # ------------------------------------------------------------ feeding

    def _send(self) -> Iterator[Progress]:
        later, mixed = again(HOUR), shuffled(self.seed)

        def disturb(interval: Interval) -> list[Told]:
            sent = list(later(interval))
            return list(mixed(interval._replace(events=[*sent, *self.garbage.beside(sent)])))

        replay = Replay(
            self.history,
            [BulkProducer(KafkaConnection.of(self.settings))],
            self.settings.partitions,
            act_from=self.history.act_from,
            every=self._every,
            disturb=self._disturb or disturb,
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

    def until_handled(self) -> None:
        """Wait until the lanes have handled all that was fed."""
        self.until(lambda: not self._behind(), "all that was fed is handled")

    def until(self, look: Callable[[], Found | None], what: str) -> Found:
        """Look until it is so."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(_LOOK_SECONDS)
        raise TimeoutError(f"seed {self.seed}: still not: {what}; logs in {self.directory}")

    # ------------------------------------------------------------ what is done to the engine

    def kill_at(self, step: Step) -> None:
        """A worker ends at this step, the n-th time it counts, and is started again."""
        worker = self._hit(step, self.dice.randint(1, 3), signal.SIGKILL)
        if worker:
            worker.kill()
            self.done[f"kill at {step}"] += 1
            worker.begin()

    def kill_any_time(self) -> None:
        """A worker is killed whatever it does."""
        for _ in range(4):
            worker = self._one_that_works()
            if not self._until_busy(worker):
                return
            worker.kill()
            counted = worker.counts
            worker.begin()
            if counted:
                self.done["kill at random"] += 1
                return

    def _until_busy(self, worker: Tried) -> bool:
        """Feed until the worker has something in hand; from there on any moment of the batch, or just after it."""
        if not self.feed():
            return False
        deadline = time.monotonic() + 2
        while not worker.counts and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(self.dice.uniform(0, 0.02))
        return True

    def _until_ready(self, worker: Tried) -> None:
        self.until(lambda: worker.ready, "a worker works")

    def kill_learner(self) -> None:
        """The learner is killed and started again."""
        self.feed()
        time.sleep(self.dice.uniform(0, 0.5))
        self.installation.learner.kill()
        self.installation.learner.start()
        self.done["kill of the learner"] += 1

    def freeze(self, step: Step | None = None, meanwhile: int = 3) -> None:
        """A worker hangs with something in hand, longer than its session; the others take over; then it wakes."""
        if len(self.workers) == 1:
            self.join()
        at = step or self.dice.choice([Step.HANDLE, Step.COMMIT, Step.PUBLISH])
        worker = self._hit(at, 1, signal.SIGSTOP)
        if worker is None or worker.pid is None:
            return
        self.feed(meanwhile)
        self.until(lambda: not self._behind(), "the others have taken over")
        os.kill(worker.pid, signal.SIGCONT)
        self._let_it_try(worker)
        self.done["frozen past its session"] += 1

    def wake_for_a_moment(self, meanwhile: int = 4) -> None:
        """A worker hangs before a commit, longer than its session; it wakes, and dies as soon as it has committed.

        So the others never hear of it, and do not begin anew from what it may have done to the store.
        """
        if len(self.workers) == 1:
            self.join()
        for one in self.workers:
            self._until_ready(one)
        self.feed(4)
        self.until_handled()
        worker = self._hit(Step.HANDLE, 2, signal.SIGSTOP)
        if worker is None or worker.pid is None:
            return
        self.feed(meanwhile)
        self.until(lambda: not self._behind(), "the others have taken over")
        order(worker.trial, Step.COMMIT, AT_ONCE, signal.SIGKILL)
        os.kill(worker.pid, signal.SIGCONT)
        deadline = time.monotonic() + _MOMENT_SECONDS
        while not worker.was_hit and time.monotonic() < deadline:
            time.sleep(0.001)
        worker.kill()
        self.feed(2)
        self.workers.remove(worker)
        self.done["woken past its session and killed"] += 1

    def _let_it_try(self, worker: Tried) -> None:
        """Give who wakes the time to do its harm: a connection that slept may take seconds."""
        deadline = time.monotonic() + _ZOMBIE_SECONDS
        while worker.counts and time.monotonic() < deadline:
            time.sleep(0.1)

    def _hit(self, step: Step, times: int, blow: signal.Signals) -> Tried | None:
        """Have a worker hit itself, and feed no more than it takes; None where the history was not enough."""
        worker = self._one_that_works()
        order(worker.trial, step, times, blow)
        self.feed(2)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not worker.was_hit:
            if time.monotonic() > deadline:
                raise TimeoutError(f"seed {self.seed}: no worker came to {step}; logs in {self.directory}")
            if worker.ready and not self._behind() and not self.feed(2):
                take_back(worker.trial)
                return None
            time.sleep(_LOOK_SECONDS)
        return worker

    def _one_that_works(self) -> Tried:
        def look() -> Tried | None:
            self._supervise()
            return next((one for one in self.dice.sample(self.workers, len(self.workers)) if one.ready), None)

        return self.until(look, "a worker works")

    def _supervise(self) -> None:
        """Start again who has ended, as every service is: who finds the store away at its start ends."""
        for worker in self.workers:
            if worker.pid is None:
                worker.begin()

    def _behind(self) -> bool:
        """Whether a lane has not handled all that was fed."""
        states = asyncio.run(self.installation.states())
        return any(state is None or state.position.get("events", 0) < self.world.read for state in states)

    def claim(self) -> None:
        """Somebody else takes each lane over for moments, while its workers have read much and handled little of it."""
        for worker in self.workers:
            self._until_ready(worker)
        with ExitStack() as frozen_for_a_moment:
            for worker in self.workers:
                frozen_for_a_moment.enter_context(frozen(worker.pid))
            self.feed(10)
        for _ in range(6):
            time.sleep(self.dice.uniform(0, 0.2))
            asyncio.run(self._claim_all())
        self.done["taken over for a moment"] += 1

    async def _claim_all(self) -> None:
        async with open_store(self.settings) as store:
            for partition in range(self.settings.partitions):
                await store.claim(partition)

    def join(self) -> None:
        """One more worker."""
        if len(self.workers) < MOST_WORKERS:
            self.feed(1)
            self.add_worker()
            self.done["worker joins"] += 1

    def leave(self) -> None:
        """A worker leaves in good order."""
        if len(self.workers) == 1:
            self.join()
        self.feed(1)
        self.workers.pop(self.dice.randrange(len(self.workers))).stop()
        self.done["worker leaves"] += 1

    def rolling_restart(self) -> None:
        """All workers, as many as there may be, leave and come back in good order, one after the other."""
        while len(self.workers) < MOST_WORKERS:
            self.add_worker()
        for worker in self.workers:
            self._until_ready(worker)
            self.feed(1)
            worker.stop()
            worker.begin()
        self.done["rolling restart"] += 1

    def restart_broker(self) -> None:
        """Kafka is killed and started again."""
        self.feed()
        self.kafka.kill()
        self.kafka.start()
        self.done["restart of the broker"] += 1

    def restart_store(self) -> None:
        """Redis is killed and started again."""
        self.feed()
        self.store.kill()
        self.store.start()
        self.done["restart of the store"] += 1

    def store_forgets(self) -> None:
        """Redis is killed, and its last moments are lost."""
        since = written(self.store)
        self.feed()
        self.until(lambda: written(self.store) > since, "something is written")
        time.sleep(self.dice.uniform(0, 1))
        forget(self.store, since)
        self.done["store forgets"] += 1

    def store_away(self) -> None:
        """Redis is away for a while."""
        self.feed()
        self.store.kill()
        time.sleep(float(os.environ.get("TEND_FAULTS_AWAY_SECONDS", "4")))
        self.store.start()
        self.done["store away"] += 1

    def store_full(self) -> None:
        """Redis takes no writes until there is room again."""
        with Redis.from_url(self.store.url, decode_responses=True) as operator:
            operator.config_set("maxmemory", "1")
            try:
                if self.feed():
                    self.until(lambda: not all(worker.ready for worker in self.workers), "a worker waits for room")
                    self.done["store full"] += 1
            finally:
                operator.config_set("maxmemory", "0")

    # ------------------------------------------------------------ the end

    def until_done(self) -> None:
        """Feed what is left, have everybody alive, and wait until all is handled and published."""
        self.feed_all()
        self._supervise()
        self.installation.workers[:] = self.workers
        self.installation.until_replayed(self.world.read, self.history.end, patience=self.patience)
        self.world.until_learned()

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


def _wires(kafka: LocalKafka, store: EmbeddedStore, seed: int) -> list[SlowWire]:
    return [SlowWire(kafka.far_port, seed, kafka.wire_port), SlowWire(store.port, seed)]
