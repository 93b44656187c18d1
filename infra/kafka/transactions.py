"""Whether a broker's transactions can be relied on."""

from __future__ import annotations

import uuid

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from schemas.errors import DependencyAway, TendError

_SECONDS = 20.0
_ABANDONED_MS = 10_000
_KEY = b"probe"
_NOT_OFFERED = {
    KafkaError.UNKNOWN,
    KafkaError.UNSUPPORTED_VERSION,
    KafkaError._UNSUPPORTED_FEATURE,
}
_NOT_ALLOWED = {
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
}


def supports_transactions(connection: KafkaConnection, topic: str = "tend.positions") -> bool:
    """Whether what a transaction takes back stays unseen by readers of committed records.

    Tried by aborting one record in ``topic``, because some brokers accept a transaction and show it all the
    same. Blocks for a moment, on a new Kafka cluster for a second or two.

    Raises:
        TendError: the broker has transactions but does not allow them to this user.
        DependencyAway: no broker answers.
    """
    try:
        offset = _abort_one(connection, topic)
    except KafkaException as error:
        return _explain(error)
    with PartitionLog(connection) as log:
        return not any(record.offset == offset for record in log.read(topic, 0, offset))


def _abort_one(connection: KafkaConnection, topic: str) -> int:
    offsets: list[int] = []

    def delivered(problem: KafkaError | None, message: Message) -> None:
        if problem is None:
            offsets.append(message.offset() or 0)

    producer = Producer(
        connection.librdkafka(transactional_id=f"tend-probe-{uuid.uuid4().hex}", transaction_timeout_ms=_ABANDONED_MS)
    )
    producer.init_transactions(_SECONDS)
    producer.begin_transaction()
    producer.produce(topic, b"{}", _KEY, 0, on_delivery=delivered)
    producer.flush(_SECONDS)
    producer.abort_transaction(_SECONDS)
    if not offsets:
        raise DependencyAway(f"Kafka did not take a record for {topic}")
    return offsets[0]


def _explain(error: KafkaException) -> bool:
    problem = error.args[0]
    if problem.code() in _NOT_ALLOWED:
        raise TendError(
            f"Kafka does not allow this user to publish in transactions ({problem.str()}). Grant Write and Describe on "
            "the transactional ids that begin with the group's name and on those that begin with tend-probe-."
        ) from error
    if problem.code() in _NOT_OFFERED:
        return False
    raise DependencyAway(f"Kafka: {problem.str()}") from error
