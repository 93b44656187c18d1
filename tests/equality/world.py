"""A whole engine under test: workers and learner as processes of their own, on the servers of the test."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from agents.almanacs import is_signed
from agents.bootstrap import open_store
from agents.installation import Installation
from agents.replay.replay import Perturb, Progress, RatePacer, Replay
from agents.signing import signing_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from infra.settings import Settings
from schemas.lane import KafkaRecord
from schemas.outcome import Decision, decode_decision
from schemas.topics import ACTION_TOPICS, ALMANAC, DECISIONS, EVENT_TOPICS
from tests.equality.histories import EVERY, History, Result
from tests.perturb import in_order


class World:
    """An installation with one history to replay."""

    def __init__(self, settings: Settings, directory: Path, history: History) -> None:
        self.history = history
        self.settings = settings
        self.installation = Installation(settings, directory)
        self.read = 0

    def send(
        self,
        perturb: Perturb = in_order,
        *,
        pace: float | None = None,
        told: Callable[[Progress], None] = lambda _: None,
        producers: int = 1,
    ) -> None:
        """Replay the history; ``told`` hears of every watermark."""
        connection = KafkaConnection.of(self.settings)
        replay = Replay(
            self.history,
            [BulkProducer(connection) for _ in range(producers)],
            self.settings.partitions,
            watermarks=signing_of(self.settings) if self.settings.watermarks else None,
            act_from=self.history.act_from,
            every=EVERY,
            perturb=perturb,
            pace=RatePacer(pace) if pace else None,
        )
        for progress in replay.run():
            self.read = progress.read
            told(progress)

    def start(self, workers: int = 1) -> None:
        """Start the learner and some workers."""
        self.installation.learner.start()
        for _ in range(workers):
            self.installation.add_worker()

    def join(self) -> None:
        """One more worker joins the group."""
        self.installation.add_worker()

    def leave(self) -> None:
        """The worker that came first leaves; partitions move while the replay goes on."""
        self.installation.workers.pop(0).stop()

    def at(self, changes: Mapping[float, Callable[[], None]]) -> Callable[[Progress], None]:
        """Makes each change once that share of the history (0 to 1) has been sent."""
        waiting = sorted(changes.items(), key=lambda item: item[0])

        def told(progress: Progress) -> None:
            while waiting and progress.read >= waiting[0][0] * len(self.history.told):
                waiting.pop(0)[1]()

        return told

    def until_done(self) -> None:
        """Wait until all of the history is handled and published, and learned from."""
        self.installation.until_replayed(self.read, self.history.end, patience=60)
        self.until_learned()

    def until_learned(self) -> None:
        """Wait for the almanac of the last epoch that all lanes have closed."""
        closed = min(state.epoch for state in asyncio.run(self.installation.states()) if state) - 1
        deadline = time.monotonic() + 60
        # Lanes need an almanac two epochs later only, so the last ones may still be on their way.
        while self._newest_almanac() < closed:
            self.installation.check()
            assert time.monotonic() < deadline, f"the learner did not come to epoch {closed}"
            time.sleep(0.1)

    def _newest_almanac(self) -> int:
        with PartitionLog(self.installation.connection) as log:
            return max(
                (int(raw.key or b"-1") for raw in log.backwards(ALMANAC, 0, 1) if self._is_ours(raw)), default=-1
            )

    def until_caught_up(self) -> None:
        """Wait until everything sent is handled and published; for a replay without watermarks."""
        self.installation.until_caught_up(EVENT_TOPICS, patience=60)

    def decisions(self) -> list[Decision]:
        """The ledger."""
        with PartitionLog(self.installation.connection) as log:
            return [
                decode_decision(raw.value or b"")
                for partition in range(self.settings.partitions)
                for raw in log.read(DECISIONS, partition, 0)
            ]

    def until_decided(self, share: float) -> None:
        """Wait until every lane has come so far through the history (0 to 1)."""
        first = self.history.told[0].time
        goal = first + share * (self.history.end - first)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            states = [state for state in asyncio.run(self.installation.states()) if state]
            if len(states) == self.settings.partitions and min(state.time for state in states) >= goal:
                return
            self.installation.check()
            time.sleep(0.02)
        raise AssertionError(f"the lanes did not come as far as {share:.0%}")

    def result(self) -> Result:
        """What lies in store and topics."""
        records, orders = asyncio.run(self._customers())
        with PartitionLog(self.installation.connection) as log:
            ours = filter(self._is_ours, log.read(ALMANAC, 0, 0))
            almanacs = {int(raw.key or b"-1"): raw.value or b"" for raw in ours}
            return Result(records, orders, almanacs, frozenset(self._actions(log)))

    def _is_ours(self, raw: KafkaRecord) -> bool:
        return is_signed(raw, signing_of(self.settings).key)

    def action_ids(self) -> list[str]:
        """The ids of all actions in the order of their partitions, those published twice too."""
        with PartitionLog(self.installation.connection) as log:
            return self._actions(log)

    def _actions(self, log: PartitionLog) -> list[str]:
        return [
            msgspec.json.decode(raw.value or b"{}")["action_id"]
            for topic in ACTION_TOPICS.values()
            for partition in range(self.settings.partitions)
            for raw in log.read(topic, partition, 0)
        ]

    async def _customers(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        records: dict[str, bytes] = {}
        orders: dict[str, bytes] = {}
        store = open_store(self.settings)
        try:
            for partition in range(self.settings.partitions):
                async for who, record, book in store.scan(partition):
                    records[who] = record
                    if book:
                        orders[who] = book
        finally:
            await store.close()
        return records, orders


def assert_equal(found: Result, expected: Result, published: Sequence[str]) -> None:
    """To the byte, and nothing published twice."""
    differences = expected.differences(found)
    assert not differences, f"{len(differences)} differences: {differences[:10]}"
    assert len(published) == len(set(published)), "an action was published twice"
