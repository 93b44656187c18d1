"""Keeps the rollups: reads the topics on, adds up, writes sums and positions together."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from typing import Final

from agents.access import AccessKeys
from agents.clock import wall_clock
from agents.retry import until_available
from agents.rollups.fold import READ_TOPICS, Fold
from agents.rollups.model import WorkItem
from agents.rollups.not_yet import NotYet
from agents.rollups.risk_watch import RiskWatch
from agents.rollups.store import Overtaken, RollupStore
from agents.worker.lane_states import lane_states
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import AsyncConsumer
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings
from infra.store import Store
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import DECISIONS, RECEIPTS

log = logging.getLogger(__name__)

_ANSWERED: Final = (DECISIONS, RECEIPTS)
_WAIT_MS: Final = 200
_GATHER_MS: Final = 250
"""How long the broker gathers what comes before it gives it out, unless it is much: a batch costs the same for few."""
_AT_LEAST: Final = {"fetch.min.bytes": 500_000}
_LEASE_SECONDS: Final = 10
_IDLE_SECONDS: Final = 1.0
_PRUNE_EVERY: Final = 500


class RollupKeeper:
    """Of all that run, one keeps the rollups.

    What two of them wrote at once would still be right: each write is refused unless it goes on where the last one
    ended.
    """

    def __init__(self, settings: Settings, store: Store, rollups: RollupStore, keys: AccessKeys) -> None:
        self._connection = KafkaConnection.of(settings)
        self._store, self._rollups = store, rollups
        self._index_key = keys.index_key
        self._clock = wall_clock if settings.clock == "wall" else None
        self._name = secrets.token_hex(8)
        self._work: list[dict[str, WorkItem]] = []
        self._held: list[set[str]] = []
        self._positions: list[dict[str, int]] = []
        self._erased: list[dict[str, Millis]] = []
        self._risks = RiskWatch(store, rollups)
        self._batches = 0
        self.caught_up = asyncio.Event()
        """Set while everything that lies in the topics is in the rollups."""

    async def run(self) -> None:
        """Keep the rollups until cancelled, or until another keeper does; where one does already, that is at once."""
        await until_available(self._turns, _nobody_asks)

    async def _turns(self) -> None:
        while await self._leads():
            try:
                await self._keep()
            except Overtaken:
                log.info("Another keeper has written; reading again from where it came to")
                await asyncio.sleep(_IDLE_SECONDS)

    async def _leads(self) -> bool:
        """Whether this keeper is the one, for some seconds more."""
        return await self._rollups.claim(self._name, _LEASE_SECONDS)

    async def _keep(self) -> None:
        partitions = range(self._rollups.partitions)
        self._positions = [await self._rollups.positions(p) for p in partitions]
        self._work = [await self._rollups.work(p) for p in partitions]
        self._held = [await self._rollups.held_actions(p) for p in partitions]
        self._erased = [await self._rollups.erased(p) for p in partitions]
        self.caught_up.clear()
        await self._rollups.note_caught_up(caught_up=False)
        not_yet = NotYet()
        starts = await asyncio.to_thread(self._starts)
        renewed = time.monotonic()
        async with AsyncConsumer(self._connection, starts, wait_ms=_GATHER_MS, config=_AT_LEAST) as reader:
            while True:
                records = await reader.read(_WAIT_MS)
                if self._clock is None:
                    records = not_yet.come(records, await self._reached())
                    await reader.read_all_but(not_yet.full)
                await self._take(records)
                await self._risks.look()
                if reader.at_end and not_yet.is_empty and not records:
                    await self._note(caught_up=True)
                elif records:
                    await self._note(caught_up=False)
                if time.monotonic() - renewed > _LEASE_SECONDS / 3:
                    renewed = time.monotonic()
                    if not await self._leads():
                        return

    async def _reached(self) -> Millis:
        """How far all lanes of a replay have come; before the first step of each nothing has happened."""
        return min(state.time if state else 0 for state in await lane_states(self._store, self._rollups.partitions))

    async def _note(self, *, caught_up: bool) -> None:
        if caught_up != self.caught_up.is_set():
            await self._rollups.note_caught_up(caught_up=caught_up)
        if caught_up:
            self.caught_up.set()
        else:
            self.caught_up.clear()

    def _starts(self) -> dict[tuple[str, int], int]:
        starts: dict[tuple[str, int], int] = {}
        with PartitionLog(self._connection) as topics:
            for partition, held in enumerate(self._positions):
                for topic in READ_TOPICS:
                    starts[topic, partition] = max(held.get(topic, 0), topics.bounds(topic, partition)[0])
        return starts

    async def _take(self, records: list[KafkaRecord]) -> None:
        by_partition: dict[int, list[KafkaRecord]] = defaultdict(list)
        for record in records:
            by_partition[record.partition].append(record)
        for partition, some in by_partition.items():
            now = self._clock() if self._clock else None
            told_of = {
                record.key.decode(errors="replace") for record in some if record.topic in _ANSWERED and record.key
            }
            answers = await self._rollups.answers(partition, told_of)
            work, held, erased = self._work[partition], self._held[partition], self._erased[partition]
            changes = Fold(work, held, answers, erased, self._index_key, now).take(some)
            await self._rollups.write(partition, self._positions[partition], changes)
            self._positions[partition] = self._positions[partition] | changes.positions
            self._risks.note(partition, some, changes)
            self._batches += 1
            if self._batches % _PRUNE_EVERY == 0:
                await self._rollups.prune_work(partition, self._work[partition])


def _nobody_asks(why: str | None) -> None: ...
