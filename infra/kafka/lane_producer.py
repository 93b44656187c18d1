"""One life of a lane's producer: what it sends lies in the log together, or its caller begins another one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from confluent_kafka import KafkaError, KafkaException, Producer

from infra.kafka.already_published import Place
from infra.kafka.connection import KafkaConnection
from infra.kafka.positions import mark_of
from infra.kafka.transactions import end_left_open
from schemas.errors import DependencyUnavailable, Fenced, TendError
from schemas.lane import OutboxEntry

_SECONDS = 20.0
_TRANSACTION_MS = 30_000
_DELIVERY_MS = 15_000

_FENCED = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}
_FOLLOWS = {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._STATE}
_NEVER = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
_FIX = "Raise the topic's max.message.bytes or grant the rights, then restart the worker."


class LaneProducer:
    """Begins by fencing every older one of its name. Its calls block.

    Args:
        connection: where Kafka is.
        partition: the lane's number.
        name: the transactional id.

    Raises:
        DependencyUnavailable: no broker answers for now.
    """

    def __init__(self, connection: KafkaConnection, partition: int, name: str) -> None:
        self._partition, self._name = partition, name
        self._problems: list[KafkaError] = []
        self._producer = Producer(
            connection.librdkafka(
                transactional_id=name,
                transaction_timeout_ms=_TRANSACTION_MS,
                message_timeout_ms=_DELIVERY_MS,
                linger_ms=5,
            )
        )
        try:
            self._producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise DependencyUnavailable(f"{name} could not begin: {error.args[0].str()}") from error

    def deliver(self, entries: Sequence[OutboxEntry], position: OutboxEntry) -> None:
        """Send the entries, and behind them how far they go.

        Raises:
            Fenced: a younger one of the name has begun.
            DependencyUnavailable: the broker did not take all of it, or did not say so.
            TendError: Kafka will never take one of them.
        """
        try:
            self._in_one_transaction([*entries, position])
        except (KafkaException, BufferError) as error:
            raise self._meaning(error) from error

    def end_left_open(self, places: Iterable[Place]) -> None:
        """Take back what an older one of the name left open in these partitions. Raises as ``deliver`` does."""
        try:
            end_left_open(self._producer, places)
        except KafkaException as error:
            raise self._meaning(error) from error

    def drop(self) -> None:
        """Let it go. The next of its name ends its transaction, if any; its queue must not go out after that."""
        with contextlib.suppress(KafkaException):
            self._producer.purge(in_queue=True, in_flight=True, blocking=False)
        # One that was fenced says so at each call, here too; whoever called has been told already.
        with contextlib.suppress(KafkaException):
            self._producer.flush(0)

    def _in_one_transaction(self, entries: Sequence[OutboxEntry]) -> None:
        self._producer.begin_transaction()
        for entry in entries:
            self._send(entry)
        self._producer.commit_transaction(_SECONDS)

    def _send(self, entry: OutboxEntry) -> None:
        headers: list[tuple[str, str | bytes | None]] = [*entry.headers, mark_of(self._partition, entry.sequence)]
        while True:
            try:
                self._producer.produce(
                    entry.topic, entry.value, entry.key, entry.partition, on_delivery=self._delivered, headers=headers
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def _delivered(self, problem: KafkaError | None, _: object) -> None:
        if problem is not None:
            self._problems.append(problem)

    def _meaning(self, error: Exception) -> Exception:
        if not isinstance(error, KafkaException):
            return DependencyUnavailable(str(error))
        if error.args[0].code() in _FENCED:
            return Fenced(f"{self._name} was opened by another owner")
        # A transaction that fails does not name the entry's own problem.
        problem = next((one for one in self._problems if one.code() not in _FOLLOWS), error.args[0])
        if problem.code() in _NEVER:
            return TendError(f"Kafka never takes what lane {self._partition} wants to publish: {problem.str()}. {_FIX}")
        return DependencyUnavailable(f"{self._name}: {problem.str()}")
