"""A snapshot back into an empty store; from there workers go on with the log, and send nothing a second time.

To a lane a restored store is one that forgot its last moments: it lives through them again, and what is out already
stays the only one of its kind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from agents.bootstrap import open_store
from agents.catalogue import topic_specs
from agents.worker.lane_states import HALF_RESTORED, begin_empty, outbound_places, recover_state
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.topics import Topics
from infra.settings import Settings
from infra.snapshot import Head, Manifest, read_customers, read_head, read_manifest, read_outbox, verify
from infra.store import CustomerImage, LaneStore, Store, commit_of
from schemas.codec import decode_state
from schemas.errors import ConfigurationRefused, Fenced
from schemas.lane import BrokerIdentity, Commit, OutboxEntry
from schemas.times import Millis
from schemas.topics import LANE_TOPICS

_CUSTOMERS = 400
_BYTES = 800_000
"""Of one commit; the store takes 500 customers and a megabyte."""


class Restored(msgspec.Struct, frozen=True):
    """A lane that is in the store again."""

    partition: int
    time: Millis
    customers: int


class Restore:
    """Restores all lanes of a snapshot, one after the other.

    Args:
        settings: those of the workers.
        folder: the snapshot.
        told: hears of each lane that is done.
    """

    def __init__(self, settings: Settings, folder: Path, told: Callable[[Restored], None]) -> None:
        self._settings = settings
        self._folder = folder
        self._told = told
        self._connection = KafkaConnection.of(settings)

    async def run(self) -> list[Restored]:
        """Restore, all of it.

        Raises:
            ConfigurationRefused: the snapshot is damaged, the store is not empty, or the log does not go on from the
            snapshot.
        """
        manifest = await asyncio.to_thread(self._verified)
        paths = [self._folder / lane.file for lane in manifest.lanes]
        heads = [read_head(path) for path in paths]
        async with open_store(self._settings) as store:
            await store.check()
            await begin_empty(store, self._settings.partitions, HALF_RESTORED, "a snapshot is restored into")
            await asyncio.to_thread(self._check_log, heads)
            return [await self._lane(store, head, path) for head, path in zip(heads, paths, strict=True)]

    def _verified(self) -> Manifest:
        manifest = read_manifest(self._folder)
        partitions = self._settings.partitions
        if manifest.partitions != partitions:
            raise ConfigurationRefused(
                f"The snapshot has {manifest.partitions} lanes, and TEND_PARTITIONS is {partitions}: customers would "
                f"be looked for in other lanes. Set it to {manifest.partitions}, with topics of as many partitions."
            )
        for lane in manifest.lanes:
            verify(self._folder, lane)
        return manifest

    def _check_log(self, heads: Sequence[Head]) -> None:
        topics = Topics(self._connection)
        topics.check(topic_specs(self._settings))
        identity = topics.identity(LANE_TOPICS)
        with PartitionLog(self._connection) as log:
            for head in heads:
                self._check_lane(log, head, identity)

    def _check_lane(self, log: PartitionLog, head: Head, identity: BrokerIdentity) -> None:
        if head.state is None:
            return
        here = {topic: log.bounds(topic, head.partition) for topic in LANE_TOPICS}
        begins = {topic: first for topic, (first, _) in here.items()}
        state = recover_state(head.state, head.partition, identity, self._settings.clock, begins)
        gaps = [
            f"{topic}, partition {head.partition}: the snapshot goes on at {offset}, the log holds {first} to {end}"
            for topic, (first, end) in here.items()
            if not first <= (offset := state.offsets[topic]) <= end
        ]
        gaps += _deleted(log, head)
        if gaps:
            raise ConfigurationRefused(
                f"The log does not go on where this snapshot ends ({'; '.join(gaps[:3])}). Restore a newer snapshot. "
                "They must be taken more often than the topics delete: see retention.ms."
            )

    async def _lane(self, store: Store, head: Head, path: Path) -> Restored:
        if head.state is None:
            return self._done(head, 0, 0)
        try:
            await write_lane(store, head.partition, head.state, read_outbox(path), read_customers(path))
        except Fenced as error:
            raise ConfigurationRefused(
                f"A worker took lane {head.partition} over. Stop all workers, then restore again."
            ) from error
        customers = (await store.counts(head.partition)).customers
        return self._done(head, decode_state(head.state).time, customers)

    def _done(self, head: Head, time: Millis, customers: int) -> Restored:
        restored = Restored(head.partition, time, customers)
        self._told(restored)
        return restored


def _deleted(log: PartitionLog, head: Head) -> Iterator[str]:
    """What was published after the snapshot and is deleted already: nobody would know that it is out."""
    for topic, partition in outbound_places(head.partition):
        first, _ = log.bounds(topic, partition)
        if topic in head.outbound and first > head.outbound[topic]:
            yield f"{topic}, partition {partition}: published since {head.outbound[topic]}, the log begins at {first}"


async def write_lane(
    store: LaneStore,
    partition: int,
    state: bytes,
    outbox: Iterable[Sequence[OutboxEntry]],
    customers: Iterable[Sequence[CustomerImage]],
) -> None:
    """Write a lane in ordinary commits; only the last one makes it a lane that a worker takes up.

    Raises:
        Fenced: somebody else claims the lane.
    """
    marked = msgspec.structs.replace(decode_state(state), clock=HALF_RESTORED)
    guard = msgspec.msgpack.encode(marked)
    version = (await store.claim(partition)).version
    version = await store.commit(partition, version, Commit(guard))
    for images in customers:
        for some in _portions(images):
            # Who changed while the lane was copied may come twice, the same both times.
            known = (await store.load(partition, list(some))).records
            fresh = [image for who, image in some.items() if who not in known]
            version = await store.commit(partition, version, commit_of(guard, fresh))
    for entries in outbox:
        version = await store.commit(partition, version, Commit(guard, outbox=entries))
    await store.commit(partition, version, Commit(state))


def _portions(images: Sequence[CustomerImage]) -> Iterator[Mapping[str, CustomerImage]]:
    some: dict[str, CustomerImage] = {}
    size = 0
    for image in images:
        its = len(image.customer) * 4 + len(image.record) + len(image.orders or b"") + sum(map(len, image.decisions))
        if some and (len(some) == _CUSTOMERS or size + its > _BYTES):
            yield some
            some, size = {}, 0
        some[image.customer] = image
        size += its
    if some:
        yield some
