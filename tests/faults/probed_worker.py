"""A worker under probe, ``python -m tests.faults.probed_worker``: the product, telling at each step where it is.

The product has no such hooks: what is hit or sabotaged here is put over its parts from outside, so that nobody can
switch it on in service.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import agents.bootstrap
import agents.commands.worker
import agents.worker.worker
import infra.kafka.publishing.outbox_publisher
from agents.bootstrap import open_store
from agents.worker.batches import Batches
from agents.worker.lane import LaneRunner
from agents.worker.lane_dependencies import LaneCore
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.transactional_producer import TransactionalProducer
from infra.settings import Settings
from infra.store import Store
from schemas.lane import Commit, Loaded, OutboxEntry
from schemas.topics import ACTION_TOPICS, EVENT_TOPICS, POSITIONS
from streams.lane_protocol import Batch, NeedRecords, Save, Steps
from tests.faults.clocked import take_clock
from tests.faults.probe import FILE, SABOTAGE, Passage, Probe, Safeguard, Step
from tests.faults.sabotage import sabotage

_LIFE = "customer.merged"
_ACTIONS = frozenset(ACTION_TOPICS.values())


class ProbedLane(LaneRunner):
    """Tells of load, handle, trim and acknowledge, and of lives that come and go."""

    probe: Probe

    async def _turn(self, lane: LaneCore, batches: Batches) -> None:
        await super()._turn(cast("LaneCore", _Watched(lane, self)), batches)

    async def load(self, step: NeedRecords) -> Loaded:
        loaded = await super().load(step)
        self._came_to(Step.LOAD, in_cache=True)
        if self.coming.intersection(step.customers):
            self._came_to(Passage.ARRIVES, in_cache=True)
        return loaded

    async def save(self, step: Save) -> bool:
        self._came_to(Step.HANDLE, in_cache=True)
        outcomes = step.micro_batch.outcomes
        comes = any(trigger == _LIFE for trigger, _ in outcomes)
        if comes:
            self._came_to(Passage.JOINED, in_cache=True)
        if any(outcome.passed for _, outcome in outcomes):
            self._came_to(Passage.LEAVES, in_cache=True)
        assert self._relay is not None
        if self._relay.settled > self._told:
            self._told = self._relay.settled
            self._came_to(Step.TRIM, in_cache=True)
        goes_on = await super().save(step)
        if comes:
            self._came_to(Passage.KEPT, in_cache=True)
        self.probe.note(self.partition, self.waiting_to_publish)
        return goes_on

    _told = 0
    """The last sequence that the store was told to drop."""
    coming: frozenset[str] | set[str] = frozenset()
    """Customers of the batch at hand to whom a life comes."""

    def acknowledges(self) -> None:
        """The batch is done."""
        self._came_to(Step.ACKNOWLEDGE, in_cache=False)

    def _came_to(self, step: Step | Passage, *, in_cache: bool) -> None:
        self.probe.came_to(step, self.partition, in_cache=in_cache, unpublished=self.waiting_to_publish)


class _Watched:
    """A lane of the core whose batches are looked at before it takes them."""

    def __init__(self, lane: LaneCore, runner: ProbedLane) -> None:
        self._lane, self._runner = lane, runner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lane, name)

    def take(self, batch: Batch) -> Steps:
        """See ``Lane.take``."""
        self._runner.coming = {one.event.customer for one in batch.arrivals if one.event.type == _LIFE}
        return self._lane.take(batch)


class ProbedPublisher(OutboxPublisher):
    """Tells how much waits to be published, and of publish: the position is what a transaction sends last."""

    probe: Probe

    def _send(self, producer: TransactionalProducer, entry: OutboxEntry) -> None:
        super()._send(producer, entry)
        self._passes = self._passes or entry.topic in EVENT_TOPICS
        if entry.topic == POSITIONS:
            producer._producer.flush(5)
            self.probe.came_to(Step.PUBLISH, self.partition, in_cache=False, unpublished=1)
            if self._passes:
                self.probe.came_to(Passage.SENT, self.partition, in_cache=False, unpublished=1)
            self._passes = False

    _passes = False
    """Whether the transaction sends something to another lane."""

    async def publish(self, entries: Sequence[OutboxEntry]) -> int:
        published = await super().publish(entries)
        self.probe.note(self.partition, sum(entry.sequence > published for entry in entries))
        return published


class ProbedStore:
    """Tells of commit; all else is the store's."""

    def __init__(self, store: Store, probe: Probe) -> None:
        self._store, self._probe = store, probe

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, partition: int, version: int, commit: Commit) -> int:
        after = await self._store.commit(partition, version, commit)
        actions = sum(entry.topic in _ACTIONS for entry in commit.outbox)
        self._probe.came_to(Step.COMMIT, partition, in_cache=False, unpublished=actions)
        if passing := sum(entry.topic in EVENT_TOPICS for entry in commit.outbox):
            self._probe.came_to(Passage.LEFT, partition, in_cache=False, unpublished=passing)
        return after


class ProbedWorker(agents.worker.worker.Worker):
    """Tells of acknowledge."""

    def _applied(self, partition: int, offsets: Any) -> None:
        lane = self.lanes.get(partition)
        if isinstance(lane, ProbedLane):
            lane.acknowledges()
        super()._applied(partition, offsets)


def main() -> None:
    """Run the worker that the environment describes."""
    take_clock()
    probe = Probe(Path(os.environ[FILE]))
    ProbedLane.probe = ProbedPublisher.probe = probe

    def open_probed_store(settings: Settings) -> ProbedStore:
        return ProbedStore(open_store(settings), probe)

    if asked := os.environ.get(SABOTAGE):
        sabotage(Safeguard(asked))
    for module, name, part in (
        (agents.worker.worker, "LaneRunner", ProbedLane),
        (agents.worker.worker, "Worker", ProbedWorker),
        (agents.bootstrap, "open_store", open_probed_store),
        (infra.kafka.publishing.outbox_publisher, "OutboxPublisher", ProbedPublisher),
    ):
        assert hasattr(module, name), f"{module} has no {name} any more"
        setattr(module, name, part)
    agents.commands.worker.worker()


if __name__ == "__main__":
    main()
