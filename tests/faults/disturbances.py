"""What is done to an engine: its parts are killed, frozen and cut while it is fed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import ExitStack

from redis import Redis

from agents.bootstrap import open_store
from agents.signing import signing_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from infra.kafka.publishing.published_position import read_position
from tests.engine.site import frozen
from tests.faults.fed_engine import LOOK_SECONDS, PATIENCE_SECONDS, FedEngine
from tests.faults.forgetting import forget, written
from tests.faults.poison import poison_everywhere
from tests.faults.probe import AT_ONCE, Step, order, take_back
from tests.faults.probed_service import ProbedService, without_descriptors

MOST_WORKERS = 4
_ZOMBIE_SECONDS = 8.0
_MOMENT_SECONDS = 1.0


class DisturbedEngine(FedEngine):
    """Blows by name; each counts itself in ``done``."""

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
            worker = self.one_that_works()
            if not self._until_busy(worker):
                return
            worker.kill()
            counted = worker.counts
            worker.begin()
            if counted:
                self.done["kill at random"] += 1
                return

    def _until_busy(self, worker: ProbedService) -> bool:
        """Feed until the worker has something in hand; from there on any moment of the batch, or just after it."""
        if not self.feed():
            return False
        deadline = time.monotonic() + 2
        while not worker.counts and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(self.dice.uniform(0, 0.02))
        return True

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
        self.until_handled("the others have taken over")
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
            self.until_ready(one)
        self.feed(4)
        self.until_handled()
        worker = self._hit(Step.HANDLE, 2, signal.SIGSTOP)
        if worker is None or worker.pid is None:
            return
        self.feed(meanwhile)
        self.until_handled("the others have taken over")
        order(worker.probe, Step.COMMIT, AT_ONCE, signal.SIGKILL)
        os.kill(worker.pid, signal.SIGCONT)
        deadline = time.monotonic() + _MOMENT_SECONDS
        while not worker.was_hit and time.monotonic() < deadline:
            time.sleep(0.001)
        worker.kill()
        self.feed(2)
        self.workers.remove(worker)
        self.done["woken past its session and killed"] += 1

    def _let_it_try(self, worker: ProbedService) -> None:
        """Give who wakes the time to do its harm: a connection that slept may take seconds."""
        deadline = time.monotonic() + _ZOMBIE_SECONDS
        while worker.counts and time.monotonic() < deadline:
            time.sleep(0.1)

    def _hit(self, step: Step, times: int, blow: signal.Signals) -> ProbedService | None:
        """Have a worker hit itself, and feed no more than it takes; None where the history was not enough."""
        worker = self.one_that_works()
        order(worker.probe, step, times, blow)
        self.feed(2)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not worker.was_hit:
            if time.monotonic() > deadline:
                raise self.stuck(f"a worker comes to {step}")
            if worker.ready and not self.behind() and not self.feed(2):
                take_back(worker.probe)
                return None
            time.sleep(LOOK_SECONDS)
        return worker

    def claim(self) -> None:
        """Somebody else takes each lane over for moments, while its workers have read much and handled little of it."""
        for worker in self.workers:
            self.until_ready(worker)
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
            self.until_ready(worker)
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

    def poison(self) -> None:
        """Somebody without the key writes to each internal topic, once every lane has written its own to it."""
        self.feed()
        self.until(self._have_published, "every lane has published")
        poison_everywhere(BulkProducer(KafkaConnection.of(self.settings)), self.settings.partitions)
        self.feed()
        self.done["poison in internal topics"] += 1

    def _have_published(self) -> bool:
        self.supervise()
        connection, signing = KafkaConnection.of(self.settings), signing_of(self.settings)
        return all(read_position(connection, lane, signing) > 0 for lane in range(self.settings.partitions))

    def starve(self) -> None:
        """A worker has no descriptors left while its store comes back, so that it cannot connect."""
        worker = self.one_that_works()
        with without_descriptors(worker):
            self.store.kill()
            self.store.start()
            self.feed()
            time.sleep(self.dice.uniform(1, 3))

        def works_again() -> bool:
            self.supervise()
            return worker.ready

        self.until(works_again, "it works again")
        self.done["no descriptors left"] += 1

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
