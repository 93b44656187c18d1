"""Writing one record and knowing that it is safe: for doors that answer only then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from infra.kafka.connection import KafkaConnection
from schemas.errors import DependencyUnavailable

_SECONDS = 15.0
_POLL_SECONDS = 0.1


class AcknowledgedProducer:
    """Sends records one by one; each call returns when all in-sync replicas have the record.

    Any number of calls may be under way at once: what is sent at one time travels together.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._brokers = connection.brokers
        self._producer = Producer(
            connection.librdkafka(
                acks="all", enable_idempotence=True, linger_ms=2, message_timeout_ms=int(_SECONDS * 1000)
            )
        )
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="tend-acknowledged", daemon=True)
        self._thread.start()

    async def send(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        """Send a record and return its offset once it is safe.

        Raises:
            DependencyUnavailable: it was not acknowledged in time. It may have arrived all the same: send it again as
            it is.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[int] = loop.create_future()

        def delivered(problem: KafkaError | None, message: Message) -> None:
            loop.call_soon_threadsafe(_settle, answer, problem, message.offset() or 0)

        try:
            self._producer.produce(topic, value, key, partition, headers=list(headers) or None, on_delivery=delivered)
        except (BufferError, KafkaException) as error:
            raise DependencyUnavailable(f"Kafka at {self._brokers} takes no more: {error}") from error
        try:
            return await answer
        except KafkaException as error:
            raise DependencyUnavailable(f"Kafka at {self._brokers}: {error.args[0].str()}") from error

    async def close(self) -> None:
        """Deliver what is under way and let the connection go."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._producer.flush(_SECONDS)
        self._ending.set()
        self._thread.join()

    def _serve(self) -> None:
        while not self._ending.is_set():
            self._producer.poll(_POLL_SECONDS)


def _settle(answer: asyncio.Future[int], problem: KafkaError | None, offset: int) -> None:
    if answer.done():
        return
    if problem is None:
        answer.set_result(offset)
    else:
        answer.set_exception(KafkaException(problem))
