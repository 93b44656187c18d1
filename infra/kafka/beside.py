"""A consumer beside the lanes: without a claim on what it reads, on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import some
from schemas.errors import ConfigurationRefused, DependencyUnavailable

_BATCH = 1_000
_T = TypeVar("_T")


class ConsumerBeside:
    """One client of confluent-kafka that commits nothing; whatever blocks runs on its thread.

    Args:
        connection: where Kafka is.
        wait_ms: how long the broker may hold back an answer that would be empty.
        further: settings of the client beside or instead of the usual ones.
    """

    def __init__(
        self, connection: KafkaConnection, wait_ms: int, further: dict[str, str | int | float | bool] | None = None
    ) -> None:
        self._brokers = connection.brokers
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tend-reader")
        self.client = Consumer(connection.groupless(wait_ms) | (further or {}))

    async def some(self, max_wait_ms: int) -> list[Message]:
        """What has come, ends of partitions and problems among it; waits for the first of it."""
        return await self._call(lambda: some(self.client, _BATCH, max_wait_ms / 1000))

    async def begin_at(self, topic: str, partition: int, offset: int) -> None:
        """Read this partition from this offset on, and nothing else."""
        await self._call(lambda: self.client.assign([TopicPartition(topic, partition, offset)]))

    def meaning(self, problem: KafkaError) -> Exception:
        """What a problem is to the caller: ``ConfigurationRefused`` or ``DependencyUnavailable``."""
        if problem.code() in (KafkaError.OFFSET_OUT_OF_RANGE, KafkaError._AUTO_OFFSET_RESET):
            return ConfigurationRefused(
                f"An offset to begin at lies outside the log: {problem.str()}. The topic was made anew or records were "
                "deleted; restore it, or begin afresh with an empty store."
            )
        return DependencyUnavailable(f"Kafka at {self._brokers}: {problem.str()}")

    async def close(self) -> None:
        """Let the connection go; leaves the group, if there is one. Can be called twice."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        # Waits for a read under way, in a thread that is not the one waited for.
        self._thread.shutdown(wait=True)
        self.client.close()

    async def _call(self, call: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
