"""The whole store in files, taken while the workers go on: for when the log no longer holds a customer's whole life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import msgspec

from agents.bootstrap import open_store
from agents.clock import wall_clock
from agents.worker.lane_states import HALF_RESTORED, UNFINISHED, outbound_places
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings
from infra.snapshot import FORMAT, Head, LaneEntry, LaneWriter, Manifest, check_unused, write_manifest
from infra.store import Store
from schemas.codec import decode_state
from schemas.errors import ConfigurationRefused
from schemas.times import Millis, to_rfc3339


class Saved(msgspec.Struct, frozen=True):
    """A lane that is in its file."""

    partition: int
    time: Millis
    images: int
    size: int
    """Bytes of its file."""


class Snapshot:
    """Writes all lanes of an installation into a folder, one after the other.

    Each lane is as it was at one moment of its own, and moments differ from lane to lane: a lane is a function of its
    own partition's log, so they need not be the same.

    Args:
        settings: those of the workers.
        folder: made if it is not there.
        told: hears of each lane that is done.
    """

    def __init__(self, settings: Settings, folder: Path, told: Callable[[Saved], None]) -> None:
        self._settings = settings
        self._folder = folder
        self._told = told

    async def run(self) -> Manifest:
        """Take the snapshot.

        Raises:
            ConfigurationRefused: the folder holds one already, or the store holds none that could be used.
        """
        made = to_rfc3339(wall_clock())
        check_unused(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        partitions = range(self._settings.partitions)
        async with open_store(self._settings) as store:
            await self._check_lanes(store)
            lanes = [await self._lane(store, partition) for partition in partitions]
        manifest = Manifest(FORMAT, made, len(lanes), lanes)
        write_manifest(self._folder, manifest)
        return manifest

    async def _check_lanes(self, store: Store) -> None:
        partitions = self._settings.partitions
        found = [await store.lane(partition) for partition in range(partitions + 1)]
        if found[partitions] is not None:
            raise ConfigurationRefused(
                f"The store at {store.address} holds more lanes than TEND_PARTITIONS={partitions}. Set it as the "
                "workers have it."
            )
        if not any(one and one[1] for one in found):
            raise ConfigurationRefused(f"The store at {store.address} holds no lanes. Check TEND_REDIS_URL.")

    async def _lane(self, store: Store, partition: int) -> LaneEntry:
        # Asked first: what is published from here on lies behind these offsets.
        outbound = await asyncio.to_thread(self._outbound, partition)
        copy = await store.copy(partition)
        time = _time_of(partition, copy.state)
        path = self._folder / f"lane-{partition:04}.tend"
        with LaneWriter(path, Head(partition, copy.state, outbound), copy.outbox) as writer:
            async with aclosing(copy.customers) as portions:
                async for images in portions:
                    await asyncio.to_thread(writer.add, images)
            await asyncio.to_thread(writer.finish)
        size = path.stat().st_size
        self._told(Saved(partition, time, writer.images, size))
        return LaneEntry(path.name, size, writer.digest.hex(), writer.images, time)

    def _outbound(self, partition: int) -> dict[str, int]:
        with PartitionLog(KafkaConnection.of(self._settings)) as log:
            return {topic: log.bounds(topic, p)[1] for topic, p in outbound_places(partition)}


def _time_of(partition: int, state: bytes | None) -> Millis:
    if state is None:
        return 0
    known = decode_state(state)
    if known.clock in (UNFINISHED, HALF_RESTORED):
        raise ConfigurationRefused(
            f"Lane {partition} is itself restored or rebuilt in part only. Finish that first: see the workers."
        )
    return known.time
