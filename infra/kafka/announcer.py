"""One producer in the whole installation that announces something to everybody: almanacs, rulebooks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import KafkaError, KafkaException, Producer

from infra.kafka.connection import KafkaConnection
from schemas.errors import DependencyUnavailable, Fenced

_SECONDS = 20.0
_MAX_BYTES = 8_388_608
_FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}


class Announcer:
    """Writes single records to partition 0 of a topic, each acknowledged by all replicas before the next.

    Args:
        connection: where Kafka is.
        name: its transactional id: opening fences an older announcer of this name.
    """

    def __init__(self, connection: KafkaConnection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._producer: Producer | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def open(self) -> None:
        """Fence older announcers of this name.

        Raises:
            DependencyUnavailable: no broker answers.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def announce(self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        """Write one record and wait until it is safe.

        Raises:
            Fenced: a newer announcer of this name has opened.
            DependencyUnavailable: the broker did not take it; it may be announced again.
        """
        await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: self._announce(topic, key, value, headers)
        )

    async def close(self) -> None:
        """Let the connection go."""
        self._producer = None
        self._thread.shutdown(wait=False)

    def _open(self) -> None:
        producer = Producer(self._connection.librdkafka(transactional_id=self._name, message_max_bytes=_MAX_BYTES))
        try:
            producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise self._meaning(error.args[0]) from error
        self._producer = producer

    def _announce(self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]]) -> None:
        if self._producer is None:
            self._open()
        producer = self._producer
        assert producer is not None
        problems: list[KafkaError] = []
        try:
            producer.begin_transaction()
            producer.produce(
                topic,
                value,
                key,
                0,
                headers=list(headers),
                on_delivery=lambda problem, _: problems.append(problem) if problem else None,
            )
            left = producer.flush(_SECONDS)
            if left or problems:
                raise DependencyUnavailable(f"{self._name}: {problems[0].str() if problems else 'not acknowledged'}")
            producer.commit_transaction(_SECONDS)
        except KafkaException as error:
            self._producer = None
            raise self._meaning(error.args[0]) from error
        except DependencyUnavailable:
            self._producer = None
            raise

    def _meaning(self, problem: KafkaError) -> Exception:
        if problem.code() in _FENCED:
            return Fenced(f"{self._name} was opened by another owner")
        return DependencyUnavailable(f"{self._name}: {problem.str()}")
