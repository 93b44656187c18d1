"""What lies in a partition once the transactions that were confirmed show there: Kafka confirms them before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import read_all
from infra.kafka.partition_log import PartitionLog
from schemas.lane import KafkaRecord

_PATIENCE_SECONDS = 120.0


async def read_settled(connection: KafkaConnection, topic: str, partition: int = 0) -> Sequence[KafkaRecord]:
    """All records of the partition, with those of transactions that were just confirmed."""
    await asyncio.to_thread(_until_settled, connection, topic, partition)
    return await read_all(connection, topic, partition)


def _until_settled(connection: KafkaConnection, topic: str, partition: int) -> None:
    with PartitionLog(connection) as log:
        assert log.is_settled(topic, partition, _PATIENCE_SECONDS), "a transaction stays open"
