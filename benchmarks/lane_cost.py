"""What tend's lane adds to the reference job on the main thread, without servers: ``python -m benchmarks.lane_cost``.

Microseconds of CPU per event, in turn and several times: reading the topics in one order, the job in the lane, making
the commit ready for the wire; beside the job alone.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import median

from agents.clock import wall_clock
from agents.recovery.log_source import LogSource
from agents.worker.live_batches import LiveBatches
from benchmarks.machinery import working
from benchmarks.page import spread
from benchmarks.reference.job import Job
from benchmarks.reference.lane import LeanLane, receive
from benchmarks.reference.load import PARTITIONS, TOPICS, Message, messages
from infra.kafka.fetching.buffer import FetchedRecords
from infra.store.commit_limits import check_commit
from infra.store.packing import pack_commit
from schemas.lane import KafkaRecord, LaneState, Loaded
from streams.lane_protocol import NeedAlmanac, NeedRecords, Save, drive

EVENTS = 100_000
ROUNDS = 5
FETCH = 800
"""Records of a topic in one answer: as many as lie in a fetch."""
PIECES = ("reading and merging", "the job in the lane", "making commits", "the job alone")


class Logs:
    """The load, fetched from memory."""

    def __init__(self, load: Sequence[Message]) -> None:
        self._logs: dict[tuple[str, int], list[KafkaRecord]] = defaultdict(list)
        for one in load:
            log = self._logs[one.topic, one.partition]
            log.append(KafkaRecord(one.topic, one.partition, len(log), one.at, one.customer.encode(), one.value))

    def of(self, partition: int) -> LogSource:
        """The part of one lane."""

        async def fetch(topic: str, offset: int) -> FetchedRecords:
            log = self._logs[topic, partition]
            some = log[offset : offset + FETCH]
            after = offset + len(some)
            return FetchedRecords(after, some, at_end=after == len(log), end_offset=len(log))

        return LogSource(partition, dict.fromkeys(TOPICS, 0), fetch)


async def lane(logs: Logs, partition: int, job: Job, spent: Counter[str]) -> None:
    """One lane over its part of the load."""
    batches = LiveBatches(logs.of(partition), partition, PARTITIONS, wall_clock, 1_000, receive=receive, topics=TOPICS)
    core = LeanLane(partition, LaneState(offsets=dict.fromkeys(TOPICS, 0)), "actions", job)
    port = Port(spent)
    while True:
        began = time.thread_time_ns()
        batch = await batches.next(core.state)
        spent[PIECES[0]] += time.thread_time_ns() - began
        if batch is None or not batch.arrivals:
            return
        port.answered = time.thread_time_ns()
        await drive(core.take(batch), port)
        port.decided()


class Port:
    """Answers a lane's steps with nobody in the store, and tells what they cost."""

    def __init__(self, spent: Counter[str]) -> None:
        self._spent = spent
        self.answered = 0

    def decided(self) -> int:
        """The lane has thought since it was last answered."""
        now = time.thread_time_ns()
        self._spent[PIECES[1]] += now - self.answered
        return now

    async def load(self, step: NeedRecords) -> Loaded:
        self.decided()
        self.answered = time.thread_time_ns()
        return Loaded({}, {}, [])

    async def almanac(self, step: NeedAlmanac) -> None:
        raise AssertionError("the reference job learns nothing")

    async def save(self, step: Save) -> bool:
        began = self.decided()
        check_commit(step.commit)
        pack_commit(step.commit)
        self.answered = time.thread_time_ns()
        self._spent[PIECES[2]] += self.answered - began
        return True


def main() -> None:
    """The command."""
    load = list(messages(EVENTS))
    logs = Logs(load)
    rounds: list[dict[str, float]] = []
    gc.collect()
    gc.freeze()
    for _ in range(ROUNDS):
        spent, job = Counter[str](), Job()
        for partition in range(PARTITIONS):
            asyncio.run(lane(logs, partition, job, spent))
        costs = {name: spent[name] / len(load) / 1000 for name in PIECES[:3]}
        rounds.append(costs | {PIECES[3]: working(load).cost})
    print("| piece | us per event | of the job alone |\n|---|---|---|")
    for name in PIECES:
        cost = median(one[name] for one in rounds)
        print(f"| {name} | {cost:.1f} | {spread([one[name] / one[PIECES[3]] for one in rounds])} |")


if __name__ == "__main__":
    main()
