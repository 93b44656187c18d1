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
from agents.rollups.model import Standing, WorkItem
from agents.rollups.store import Overtaken, RollupStore, standing_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import AsyncConsumer
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings
from infra.store import Store
from schemas.codec import decode_record
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import DECISIONS, RECEIPTS

log = logging.getLogger(__name__)

_ANSWERED: Final = (DECISIONS, RECEIPTS)
_WAIT_MS: Final = 200
_LEASE_SECONDS: Final = 10
_IDLE_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 1.0
"""How often the records of customers that were touched are looked at."""
_MOST_LOOKED_AT: Final = 200
_PRUNE_EVERY: Final = 500


class RollupKeeper:
    """Of all that run, one keeps the rollups.

    What two of them wrote at once would still be right: each write is refused unless it goes on where the last one
    ended.
    """

    def __init__(self, settings: Settings, store: Store, rollups: RollupStore, keys: AccessKeys) -> None:
        self._connection = KafkaConnection.of(settings)
        self._store = store
        self._rollups = rollups
        self._index_key = keys.index_key
        self._clock = wall_clock if settings.clock == "wall" else None
        self._name = secrets.token_hex(8)
        self._work: list[dict[str, WorkItem]] = []
        self._held: list[set[str]] = []
        self._positions: list[dict[str, int]] = []
        self._touched: list[set[str]] = [set() for _ in range(rollups.partitions)]
        self._looked = time.monotonic()
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
        self.caught_up.clear()
        await self._rollups.note_caught_up(caught_up=False)
        starts = await asyncio.to_thread(self._starts)
        renewed = time.monotonic()
        async with AsyncConsumer(self._connection, starts) as reader:
            while True:
                records = await reader.read(_WAIT_MS)
                await self._take(records)
                await self._look()
                if reader.at_end and not records:
                    await self._note(caught_up=True)
                elif records:
                    await self._note(caught_up=False)
                if time.monotonic() - renewed > _LEASE_SECONDS / 3:
                    renewed = time.monotonic()
                    if not await self._leads():
                        return

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
            fold = Fold(self._work[partition], self._held[partition], answers, self._index_key, now)
            changes = fold.take(some)
            await self._rollups.write(partition, self._positions[partition], changes)
            self._positions[partition] = self._positions[partition] | changes.positions
            self._touched[partition] |= changes.seen.keys()
            self._touched[partition] -= changes.erased
            self._batches += 1
            if self._batches % _PRUNE_EVERY == 0:
                await self._rollups.prune_work(partition, self._work[partition])

    async def _look(self) -> None:
        """Look at the records of those who were touched, and count them where they stand now."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        for partition, touched in enumerate(self._touched):
            if not touched:
                continue
            some = [touched.pop() for _ in range(min(_MOST_LOOKED_AT, len(touched)))]
            loaded = await self._store.load(partition, some)
            standings: dict[str, Standing] = {}
            risks: dict[str, float] = {}
            since: dict[str, Millis] = {}
            seen: dict[str, Millis] = {}
            for customer, body in loaded.records.items():
                record = decode_record(body)
                if record.erased:
                    continue
                standings[customer], risk = standing_of(record)
                since[customer] = record.segment.since
                if risk is not None:
                    risks[customer], seen[customer] = risk, record.seen
            await self._rollups.stand(partition, standings, since)
            await self._rollups.note_risks(partition, risks, seen)


def _nobody_asks(why: str | None) -> None: ...
