"""All records made anew from the log into an empty store, without anything being sent again.

The lanes take the very steps that they took, in event time. In an exact replay they come out the same to the byte, and
what was decided but never published is left for the workers. In service they are taken as far as the group has said it
came; from there workers handle events as usual, and leave out what is out already.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import msgspec

from agents.almanacs import all_almanacs
from agents.bootstrap import initial_churn, lane_config, open_store, receiver
from agents.recovery.log_source import LogSource
from agents.rulebooks import published_rulebooks
from agents.signing import installation_key, signing_of
from agents.worker.batches import Batches, MarkedBatches
from agents.worker.lane_states import REMEMBERED, UNFINISHED, begin_empty
from agents.worker.live_batches import LiveBatches
from infra.kafka.connection import KafkaConnection
from infra.kafka.fetching.buffer import FetchedRecords
from infra.kafka.partition_log import PartitionLog
from infra.kafka.publishing.published_position import read_position
from infra.kafka.topics import Topics
from infra.settings import Settings
from infra.store import Store
from schemas.almanac import Almanac
from schemas.errors import ConfigurationRefused, Fenced
from schemas.lane import BrokerIdentity, Commit, LaneState, Loaded
from schemas.times import Millis
from schemas.topics import EVENT_TOPICS, LANE_TOPICS
from streams.dead_letter_limit import NO_LIMIT
from streams.lane import Lane
from streams.lane_protocol import NeedAlmanac, NeedRecords, Save, drive
from streams.rulebook_schedule import RulebookSchedule

_BATCH = 5_000


class Rebuilt(msgspec.Struct, frozen=True):
    """How far a lane was rebuilt."""

    partition: int
    time: Millis
    customers: int
    unpublished: int
    """Messages decided in the lost store and never published; the next worker publishes them."""


class EndedLog:
    """A lane's topics as logs that end where they are told to, read without a group."""

    def __init__(self, connection: KafkaConnection, partition: int, ends: Mapping[str, int]) -> None:
        self._log = PartitionLog(connection)
        self._partition = partition
        self._ends = ends

    async def fetch(self, topic: str, start: int) -> FetchedRecords:
        """What comes next of a topic from this offset on."""
        return await asyncio.to_thread(self._read, topic, start)

    def _read(self, topic: str, start: int) -> FetchedRecords:
        end = self._ends[topic]
        records = list(islice(self._log.read(topic, self._partition, start), _BATCH)) if start < end else []
        # Behind the last record there may be markers of transactions, which nobody reads.
        stop = records[-1].offset + 1 if len(records) == _BATCH else end
        stop = max(start, min(stop, end))
        found = [record for record in records if record.offset < end]
        return FetchedRecords(stop, found, at_end=stop >= end, end_offset=end)

    def close(self) -> None:
        """Close the connection."""
        self._log.close()


class Rebuild:
    """Rebuilds all lanes of an installation, one after the other.

    Args:
        settings: those of the workers.
        told: hears of each lane that is done.
        to_the_end: in service, where nobody knows how far the workers had come: as if they had handled everything.
    """

    def __init__(self, settings: Settings, told: Callable[[Rebuilt], None], *, to_the_end: bool = False) -> None:
        self._settings = settings
        self._told = told
        self._to_the_end = to_the_end
        self._connection = KafkaConnection.of(settings)
        self._exact = settings.exact
        self._signing = signing_of(settings)

    async def run(self) -> list[Rebuilt]:
        """Rebuild, all of it.

        Raises:
            ConfigurationRefused: the store is not empty, the log does not hold everything from its beginning, or Kafka
                does not know any more how far the workers had come.
        """
        async with open_store(self._settings) as store:
            await store.check()
            await begin_empty(store, self._settings.partitions, UNFINISHED, "a rebuild begins with")
            ends = await asyncio.to_thread(self._ends)
            identity = await asyncio.to_thread(Topics(self._connection).identity, LANE_TOPICS)
            library = await published_rulebooks(self._connection, installation_key(self._settings))
            almanacs = await all_almanacs(self._connection, installation_key(self._settings))
            common = _Common(store, library, almanacs, identity)
            return [await self._lane(common, partition, its_ends) for partition, its_ends in enumerate(ends)]

    def _ends(self) -> list[dict[str, int]]:
        """How far each lane is rebuilt."""
        topics = Topics(self._connection)
        firsts, ends = topics.first_offsets(LANE_TOPICS), topics.end_offsets(LANE_TOPICS)
        missing = [f"{name}, partition {p}" for name, at in firsts.items() for p, first in enumerate(at) if first > 0]
        if missing:
            raise ConfigurationRefused(
                f"The log does not begin at its beginning any more ({'; '.join(missing[:5])}): records made from what "
                "is left would lack what was deleted. Restore the store from its append-only file or a snapshot."
            )
        found = [{topic: ends[topic][p] for topic in LANE_TOPICS} for p in range(self._settings.partitions)]
        if self._exact or self._to_the_end:
            return found
        committed = topics.committed_offsets(self._settings.group, EVENT_TOPICS)
        self._require_known(committed, found)
        for (topic, p), offset in committed.items():
            found[p][topic] = min(found[p][topic], offset)
        return found

    def _require_known(self, committed: Mapping[tuple[str, int], int], ends: Sequence[Mapping[str, int]]) -> None:
        unknown = [
            f"{topic}, partition {p}"
            for p, of in enumerate(ends)
            for topic in EVENT_TOPICS
            if of[topic] and (topic, p) not in committed
        ]
        if unknown:
            raise ConfigurationRefused(
                f"Kafka does not know how far the group {self._settings.group} had come ({'; '.join(unknown[:5])}): it "
                "forgets that a week after the last worker has ended (offsets.retention.minutes), and knows nothing of "
                "another TEND_GROUP. What came after the workers ended would be taken for handled, and nobody would "
                "act on it. Set the right TEND_GROUP, restore a snapshot, or accept that: tend rebuild --to-the-end"
            )

    async def _lane(self, common: _Common, partition: int, ends: Mapping[str, int]) -> Rebuilt:
        published = await asyncio.to_thread(read_position, self._connection, partition, self._signing)
        state = LaneState(dict.fromkeys(LANE_TOPICS, 0), broker=common.identity, clock="event")
        # What went to the dead letters went there by somebody's leave.
        ground = msgspec.structs.replace(
            lane_config(self._settings, partition, initial_churn(self._settings)), letters_limit=NO_LIMIT
        )
        lane = Lane(ground, state, common.library)
        rebuilder = _Rebuilder(common.store, common.almanacs, lane, published, exact=self._exact)
        log = EndedLog(self._connection, partition, ends)
        try:
            await rebuilder.run(self._batches(log, partition))
            await rebuilder.hand_over(self._settings.clock)
        except Fenced as error:
            raise ConfigurationRefused(
                f"A worker took lane {partition} over. Stop all workers, then rebuild again."
            ) from error
        finally:
            log.close()
        counts = await common.store.counts(partition)
        rebuilt = Rebuilt(partition, state.time, counts.customers, counts.outbox)
        self._told(rebuilt)
        return rebuilt

    def _batches(self, log: EndedLog, partition: int) -> Batches:
        source = LogSource(partition, dict.fromkeys(LANE_TOPICS, 0), log.fetch)
        partitions, receive = self._settings.partitions, receiver(self._settings)
        if self._exact:
            return MarkedBatches(source, partition, partitions, receive, self._signing.is_ours)
        return LiveBatches(source, partition, partitions, None, self._settings.tick_ms, receive=receive)


class _Common(msgspec.Struct, frozen=True):
    """What all lanes are rebuilt with."""

    store: Store
    library: RulebookSchedule
    almanacs: Mapping[int, Almanac]
    identity: BrokerIdentity


class _Enough(Exception):
    """The lane is where the learner is: from here on only workers and learner together go on."""


class _Rebuilder:
    """One lane on its way through the log."""

    def __init__(
        self, store: Store, almanacs: Mapping[int, Almanac], lane: Lane, published: int, *, exact: bool
    ) -> None:
        self._store, self._almanacs, self._lane = store, almanacs, lane
        self._published, self._exact = published, exact
        self._partition = lane.config.partition
        self._version = 0

    async def run(self, batches: Batches) -> None:
        """Take every step up to the ends."""
        self._version = (await self._store.claim(self._partition)).version
        with contextlib.suppress(_Enough):
            while (batch := await batches.next(self._lane.state)) is not None:
                await drive(self._lane.take(batch), self)

    async def load(self, step: NeedRecords) -> Loaded:
        """See ``LanePort``."""
        who = step.customers
        return await self._store.load(self._partition, who, who, step.due_until, step.due_limit)

    async def almanac(self, step: NeedAlmanac) -> Almanac | None:
        """See ``LanePort``."""
        if self._exact:
            if step.epoch not in self._almanacs:
                raise _Enough
            return self._almanacs[step.epoch]
        earlier = [known for known in self._almanacs if known <= step.epoch]
        return self._almanacs[max(earlier)] if earlier else None

    async def save(self, step: Save) -> bool:
        """See ``LanePort``."""
        await self._save(step.commit, UNFINISHED)
        return True

    async def _save(self, commit: Commit, clock: str) -> None:
        commit.state = msgspec.msgpack.encode(msgspec.structs.replace(self._lane.state, clock=clock))
        # What is out stays out. In service, what the lost store still held may be out of date by days.
        unpublished = [entry for entry in commit.outbox if entry.sequence > self._published]
        commit.outbox = unpublished if self._exact else ()
        commit.published = self._published
        self._version = await self._store.commit(self._partition, self._version, commit)

    async def hand_over(self, clock: str) -> None:
        """Let workers take the lane up from here.

        Raises:
            ConfigurationRefused: more was published than the log leads to.
        """
        state = self._lane.state
        if self._exact and state.sequence < self._published:
            raise ConfigurationRefused(
                f"Lane {self._partition} has published {self._published} messages, and its log leads to "
                f"{state.sequence} only: events or watermarks are missing, or they met other rules or another version. "
                "Restore the store from its append-only file or a snapshot."
            )
        if not self._exact:
            # In event time more may have been decided than in service: none of it is out, or ever will be.
            state.sequence = self._published
            state.out_since, state.out_until = 0, state.time + REMEMBERED
        await self._save(Commit(b""), clock)
