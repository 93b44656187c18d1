"""The consumer's thread: it alone talks to Kafka's client, reads where a fetch says, and commits for display."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import ConsumerStoppedError, KafkaError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from infra.kafka.intake import UNKNOWN_END, Lost
from schemas.errors import Refused, TendError
from schemas.lane import Fetched, Raw

log = logging.getLogger(__name__)

_BEYOND_SECONDS = 3.0
_COMMIT_SECONDS = 3.0
_NOTICE_SECONDS = 1.0
_METADATA_MS = 5_000
"""How often topics are asked for. A refresh that fails is not tried again before, and who leads the group without
knowing the topics gives everybody nothing: aiokafka's own five minutes are too long."""
_FRESH_MS = 250
_BATCH = 5_000
"""Most records of one topic in one answer: what lies in a fetch may be many thousand small ones."""


class _Waits(Protocol):
    fetch_wait_ms: int


class RebalanceListener(driver.ConsumerRebalanceListener):
    """Keeps assigned partitions still until a lane asks for them."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause before anything is fetched: where to begin is in the store, not in the group's offsets."""
        tps = list(assigned)
        consumer = self._thread._ensure_consumer()
        for tp in tps:
            consumer.seek(tp, 0)
        consumer.pause(*tps)
        await super().on_partitions_assigned(tps)


class LaneConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that talks to the broker, with a loop of its own."""

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        conf = self.app.conf
        self._assignor = RangePartitionAssignor
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[RangePartitionAssignor],
            enable_auto_commit=False,
            # An offset outside the log is an error to be shown, never a reason to jump.
            auto_offset_reset="none",
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            # A fetch takes along what comes within its wait: one that returned with the first record, of whichever
            # partition, cost client and broker more, and everything came later.
            fetch_min_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=cast(_Waits, transport).fetch_wait_ms,
            metadata_max_age_ms=_METADATA_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            check_crcs=conf.broker_check_crcs,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            # A lane that waits for a dependency does not fetch; it must not be evicted for that.
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            isolation_level="read_committed",
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._beyond: dict[TopicPartition, float] = {}

    async def on_start(self) -> None:
        """Start the consumer; by default one partition's unread records hold back all others for 100 ms."""
        await super().on_start()
        self._ensure_consumer()._fetcher._prefetch_backoff = 0.0

    @Service.task
    async def _notice_refusals(self) -> None:
        # aiokafka keeps what its group coordinator met until somebody asks, and stands still meanwhile.
        while not self.should_stop:
            await self.sleep(_NOTICE_SECONDS)
            try:
                self._ensure_consumer()._coordinator.check_errors()
            except KafkaError as error:
                refusal = TendError(f"Kafka does not let this worker join the group {self.app.conf.id}: {error!r}")
                await self.crash(refusal)
                return

    async def read(self, partition: int, wants: Mapping[str, int], max_wait_ms: int) -> dict[str, Fetched]:
        """Records from these offsets; call it from the consumer's loop through :meth:`LaneConsumer.read`."""
        since = int(time.time() * 1000) - _FRESH_MS
        consumer = self._ensure_consumer()
        assignment = consumer._subscription.subscription.assignment
        tps = {TopicPartition(topic, partition): offset for topic, offset in wants.items()}
        self._place(consumer, assignment, tps)
        try:
            found = await self._take(consumer, tps, max_wait_ms / 1000)
        except OffsetOutOfRangeError as error:
            raise await self._outside(consumer, *error.args) from error
        except ConsumerStoppedError as error:
            raise Lost(f"partition {partition} was given up") from error
        except KafkaError as error:
            if not error.retriable:
                raise TendError(f"Kafka does not let partition {partition} be read: {error!r}") from error
            found = {}
        if assignment is None or not assignment.active:
            raise Lost(f"partition {partition} was revoked")
        if far := {tp: offset for tp, offset in tps.items() if self._stays_beyond_the_end(tp, assignment)}:
            raise await self._outside(consumer, far)
        return {tp.topic: _fetched(tp, found.get(tp, ()), assignment.state_value(tp), since) for tp in tps}

    def _place(self, consumer: AIOKafkaConsumer, assignment: Any, tps: Mapping[TopicPartition, int]) -> None:
        for tp, offset in tps.items():
            state = assignment.state_value(tp) if assignment is not None and assignment.active else None
            if state is None:
                raise Lost(f"{tp.topic} partition {tp.partition} is not assigned")
            if not state.has_valid_position or state.position != offset:
                consumer.seek(tp, offset)
                state.lso = None  # what was said of another place
            if state.paused:
                consumer.resume(tp)

    async def _take(
        self, consumer: AIOKafkaConsumer, tps: Mapping[TopicPartition, int], patience: float
    ) -> dict[TopicPartition, list[Any]]:
        fetcher = consumer._fetcher
        found: dict[TopicPartition, list[Any]] = {}
        with consumer._subscription.fetch_context():
            for tp in tps:
                _make_raws(fetcher._records.get(tp))
                found |= await fetcher.fetched_records({tp}, 0, _BATCH)
            if not found and patience > 0:
                # An empty set would mean all partitions to aiokafka.
                found = await fetcher.fetched_records(set(tps), patience, _BATCH)
        return found

    @property
    def silence(self) -> float:
        """Seconds since a broker last answered a fetch; 0 where none was due."""
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        if assignment is None or not assignment.active:
            return 0.0
        told = [state.timestamp for state in map(assignment.state_value, assignment.tps) if state.timestamp]
        return max(0.0, time.time() - max(told) / 1000) if told else 0.0

    def _stays_beyond_the_end(self, tp: TopicPartition, assignment: Any) -> bool:
        # Not every broker says so, and one that has just become leader may seem to end earlier for a moment.
        state = assignment.state_value(tp)
        if state.lso is None or state.lso < 0 or state.position <= state.lso:
            self._beyond.pop(tp, None)
            return False
        return time.monotonic() - self._beyond.setdefault(tp, time.monotonic()) > _BEYOND_SECONDS

    async def _outside(self, consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> Refused:
        tps = list(offsets)
        first, end = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        places = "; ".join(
            f"{tp.topic} partition {tp.partition}: {offset} asked, the log holds {first[tp]} to {end[tp]}"
            for tp, offset in offsets.items()
        )
        return Refused(
            f"The store's offsets lie outside the log ({places}). Events were deleted before they were handled, or the "
            "topic was made anew. Restore the topic, or begin afresh with an empty store (tend replay rebuilds it)."
        )

    async def commit_for_display(self, offsets: Mapping[TP, int]) -> bool:
        """Tell the group how far lanes have come. What goes wrong here harms nobody."""
        wanted = {
            driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in self.assignment()
        }
        if self.app.rebalancing or not wanted:
            return False
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):
                await self._ensure_consumer().commit(wanted)
        except (KafkaError, TimeoutError) as error:
            log.info("The group's offsets were not committed (they only show lag): %s", error)
            return False
        return True


def _make_raws(fetched: Any) -> None:
    """Have the records of one fetch unpacked as Raw at once: aiokafka's own records cost twice as much as the rest."""
    records = fetched._partition_records if isinstance(fetched, FetchResult) else None
    if records is not None:
        records._consumer_record = _raw


def _raw(tp: TopicPartition, record: Any) -> Raw:
    """A record as aiokafka's parser gives it, or as aiokafka gives it to its users."""
    return Raw(tp.topic, tp.partition, record.offset, record.timestamp, record.key, record.value, tuple(record.headers))


def _fetched(tp: TopicPartition, records: Iterable[Any], state: Any, since: int) -> Fetched:
    known = state.lso is not None and state.lso >= 0
    # Records that lay in the client for long came with an end that has moved on by now.
    old = known and state.position >= state.lso and (state.timestamp or 0) < since
    return Fetched(
        records=[record if type(record) is Raw else _raw(tp, record) for record in records],
        next_offset=state.position,
        end_offset=state.lso if known and not old else UNKNOWN_END,
    )
