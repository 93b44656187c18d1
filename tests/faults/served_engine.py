"""A shop in service under test: customers complain, each once, while workers, clocks and topics are spoiled."""

from __future__ import annotations

import os
import random
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self, TypeVar

from schemas.errors import TendError
from schemas.times import DAY, HOUR, MINUTE, SECOND
from schemas.topics import COMPLAINTS, EVENT_TOPICS
from tests.backends import OwnBroker, delete_topics
from tests.engine.site import Site, eventually
from tests.faults.forgetting import forget, written
from tests.faults.outcome import MADE_ANEW, Outcome
from tests.faults.poison import poison_everywhere
from tests.faults.probe import Step, order, take_back
from tests.faults.probed_service import ProbedService, without_descriptors

WORKERS, LANES = 2, 4
_SESSION_SECONDS = 2.0
_SOON_SECONDS = 20.0
_LEAPS = (30 * DAY, 2 * MINUTE, -HOUR, -30 * DAY)
_SKEWS = (40 * SECOND, 10 * SECOND, -20 * SECOND)
_IDLE = 200
Found = TypeVar("Found")


class ServedEngine:
    """Blows by name; each counts itself in ``done``. In the end everybody has been cared for once."""

    def __init__(self, kafka: OwnBroker, directory: Path, seed: int) -> None:
        self.seed, self.kafka, self.directory = seed, kafka, directory
        self.dice = random.Random(f"in service {seed}")
        self.done: Counter[str] = Counter()
        """What has happened, by name; of kills only those that count."""
        self.customers: list[str] = []
        self._site = Site(
            directory,
            broker=kafka,
            workers=0,
            learner=True,
            partitions=LANES,
            session_seconds=_SESSION_SECONDS,
            fetch_wait_ms=20,
        )
        self._workers: list[ProbedService] = []

    def __enter__(self) -> Self:
        delete_topics(self.kafka.address)
        self._site.__enter__()
        for number in range(WORKERS):
            worker = ProbedService(self._site.settings, self.directory, number, None)
            worker.begin()
            self._workers.append(worker)
        # Under poison a lane that has never published cannot know that it has not, and parks.
        while {self._site.partition(customer) for customer in self.customers} < set(range(LANES)):
            self.feed()
        self.until_cared_for()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.kill()
        self._site.__exit__()

    def feed(self, count: int = 4) -> None:
        """So many customers complain."""
        self.customers += self._site.complain_all(f"{self.seed}-{len(self.customers)}", count)

    def until_cared_for(self) -> None:
        """Wait until everybody who has complained has been answered."""
        self._until(lambda: set(self.customers) <= set(self._answered()), "everybody is cared for")

    def _answered(self) -> list[str]:
        return [action["customer"] for action in self._site.actions()]

    def outcome(self) -> Outcome:
        """What was lost, doubled and parked, once everybody is answered, or nobody is any more."""
        with suppress(AssertionError, TendError):
            self.until_cared_for()
            self._site.installation.until_caught_up(EVENT_TOPICS, patience=60)
        return Outcome.of(self.customers, self._answered(), self.directory)

    def check(self) -> None:
        """Everybody was answered once, and nothing is laid aside."""
        assert self._site.letters() == [], "a valid event became a dead letter"
        ids = [action["action_id"] for action in self._site.actions()]
        assert len(ids) == len(set(ids)) == len(self.customers), "somebody was answered by other actions again"

    # ------------------------------------------------------------ what is done

    def kill_at(self, step: Step) -> None:
        """A worker ends at this step, the n-th time it counts, and is started again."""
        if worker := self._hit(step, signal.SIGKILL):
            worker.kill()
            self.done[f"kill at {step}"] += 1
            worker.begin()

    def kill_any_time(self) -> None:
        """A worker is killed whatever it does."""
        for _ in range(4):
            worker = self._one_that_works()
            if self._killed_while_busy(worker):
                return

    def _killed_while_busy(self, worker: ProbedService) -> bool:
        self.feed()
        deadline = time.monotonic() + 1
        while not worker.counts and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(self.dice.uniform(0, 0.01))
        worker.kill()
        counted = worker.counts
        worker.begin()
        self.done["kill at random"] += counted
        return counted

    def leap(self) -> None:
        """A worker's clock is wrong for a while; it may be killed meanwhile, and starts with the wrong one."""
        worker = self._one_that_works()
        worker.clock.set(self.dice.choice(_LEAPS))
        self.feed()
        if not self._soon(lambda: "clock" in self._says(worker)):
            worker.clock.set(0)  # it has no lane now, and looks at no clock
            return
        if self.dice.random() < 0.5:
            self._killed_while_busy(worker)
        worker.clock.set(0)
        self._until(lambda: worker.ready, "it works again")
        self.done["clock leaps"] += 1

    def skew(self) -> None:
        """A worker's clock lies beside the others', as far as is tolerated."""
        worker = self._one_that_works()
        worker.clock.set(self.dice.choice(_SKEWS))
        self.feed()
        self.until_cared_for()
        worker.clock.set(0)
        self.done["clock askew"] += 1

    def poison(self) -> None:
        """Somebody without the key writes to each internal topic."""
        poison_everywhere(self._site.producer, LANES)
        self.feed()
        self.done["poison in internal topics"] += 1

    def make_topic_anew(self) -> None:
        """The topic of complaints is deleted and made again under the workers, and then adopted."""
        self.until_cared_for()
        delete_topics(self.kafka.address, COMPLAINTS)
        self._site.installation.make_topics()
        self.feed(20)
        eventually(self._has_refused, "the lanes refuse the new topic")
        for worker in self._workers:
            worker.kill()
        adopted = self._site.tend("topics", "adopt", COMPLAINTS)
        assert adopted.status == 0, adopted
        for worker in self._workers:
            worker.begin()
        self.until_cared_for()
        self.done["topic made anew"] += 1

    def _has_refused(self) -> bool:
        return all(worker.pid is None or MADE_ANEW in self._says(worker) for worker in self._workers)

    def freeze(self) -> None:
        """A worker hangs with something in hand, longer than its session; the others take over; then it wakes."""
        worker = self._hit(self.dice.choice([Step.HANDLE, Step.COMMIT, Step.PUBLISH]), signal.SIGSTOP)
        if worker is None or worker.pid is None:
            return
        self.feed()
        self.until_cared_for()
        os.kill(worker.pid, signal.SIGCONT)
        self._until(lambda: worker.ready, "it works again")
        self.done["frozen past its session"] += 1

    def starve(self) -> None:
        """A worker has no descriptors left while its store comes back, so that it cannot connect."""
        worker = self._one_that_works()
        with without_descriptors(worker):
            self._site.store.kill()
            self._site.store.start()
            self.feed()
            time.sleep(self.dice.uniform(1, 3))
        self._until(lambda: worker.ready, "it works again")
        self.done["no descriptors left"] += 1

    def crowd(self) -> None:
        """Connections to a worker's metrics that ask for nothing."""
        worker = self._one_that_works()
        host, port = worker.address.split(":")
        with ExitStack() as idle:
            for _ in range(_IDLE):
                idle.enter_context(socket.create_connection((host, int(port)), timeout=60))
            self.feed()
            self.until_cared_for()
        self.done["idle connections"] += 1

    def store_forgets(self) -> None:
        """The store is killed, and its last moments are lost."""
        since = written(self._site.store)
        self.feed()
        self._until(lambda: written(self._site.store) > since, "something is written")
        time.sleep(self.dice.uniform(0, 0.5))
        forget(self._site.store, since)
        self.done["store forgets"] += 1

    def restart_broker(self) -> None:
        """Kafka is killed and started again."""
        self.feed()
        self.until_cared_for()
        self.kafka.kill()
        self.kafka.start()
        self.done["restart of the broker"] += 1

    # ------------------------------------------------------------ how

    def _hit(self, step: Step, blow: signal.Signals) -> ProbedService | None:
        """Have a worker hit itself, and feed no more than it takes; None where it has no lane, or is never there."""
        worker = self._one_that_works()
        order(worker.probe, step, self.dice.randint(1, 2), blow)

        def hit() -> bool:
            self.feed()
            return worker.was_hit

        if self._soon(hit):
            return worker
        take_back(worker.probe)
        return None

    def _soon(self, look: Callable[[], bool]) -> bool:
        """Whether it comes to that in the time that it takes where it comes at all."""
        deadline = time.monotonic() + _SOON_SECONDS
        while not look():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True

    def _says(self, worker: ProbedService) -> str:
        """Why it is not ready; nothing where it does not answer."""
        try:
            return self._site.ready(worker)[1]
        except OSError:
            return ""

    def _one_that_works(self) -> ProbedService:
        def look() -> ProbedService | None:
            return next((one for one in self.dice.sample(self._workers, WORKERS) if one.ready), None)

        return self._until(look, "a worker works")

    def _until(self, look: Callable[[], Found | None], what: str) -> Found:
        return eventually(look, f"{what} (seed {self.seed}; logs in {self.directory})", self._supervise)

    def _supervise(self) -> None:
        """Start again who has ended, as every service is."""
        for worker in self._workers:
            if worker.pid is None:
                self.done["ended by itself, and started again"] += 1
                worker.begin()
