"""The consumer's thread: it is the worker's member of the group, holds its partitions, and commits for display."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from schemas.errors import TendError

log = logging.getLogger(__name__)

_COMMIT_SECONDS = 3.0
_NOTICE_SECONDS = 1.0
_METADATA_MS = 5_000
"""How often topics are asked for. A refresh that fails is not tried again before, and who leads the group without
knowing the topics gives everybody nothing: aiokafka's own five minutes are too long."""


class RebalanceListener(driver.ConsumerRebalanceListener):
    """Keeps assigned partitions still: their records are read by ``infra.kafka.lane_logs``."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause before anything is fetched; with a place to stand at nobody asks for the group's offsets."""
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
            auto_offset_reset="none",
            metadata_max_age_ms=_METADATA_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            # A lane that waits for a dependency does not fetch; it must not be evicted for that.
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            **driver.credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

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
