"""Seeing that a broker's transactions can be relied on."""

from __future__ import annotations

import time
import uuid

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from infra.kafka.connection import KafkaConnection
from infra.kafka.errors import NO_TRANSACTIONS, NOT_ALLOWED, is_end, problem_of
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.topics import POSITIONS

_SECONDS = 20.0
_WAIT_MS = 10
_ABANDONED_MS = 10_000
_SHOWN_SECONDS = 3.0
"""What anybody can read by then is shown to readers of committed records by then as well."""
_KEY = b"probe"
_FIX = (
    "tend publishes each message once, which takes transactions: set TEND_BROKERS to an Apache Kafka of version 2.5 or "
    "newer."
)


def require_transactions(connection: KafkaConnection, topic: str = POSITIONS) -> None:
    """See that what a transaction takes back stays unseen by readers of committed records.

    Tried by aborting one record in ``topic``, because some brokers accept a transaction and show it all the
    same. Blocks for a moment, on a new Kafka cluster for a second or two.

    Raises:
        ConfigurationRefused: the broker has no transactions, shows what they take back, or does not allow them to this
            user.
        DependencyUnavailable: no broker answers, or what it answers says nothing about transactions.
    """
    try:
        offset = _abort_one(connection, topic)
    except KafkaException as error:
        raise _meaning(connection, problem_of(error)) from error
    if not _meets(connection, topic, offset, "read_uncommitted", _SECONDS):
        raise DependencyUnavailable(f"Kafka does not give back what was written to {topic}")
    if _meets(connection, topic, offset, "read_committed", _SHOWN_SECONDS):
        raise ConfigurationRefused(
            f"The broker at {connection.brokers} shows records of a transaction that was aborted. {_FIX}"
        )


def _meets(connection: KafkaConnection, topic: str, offset: int, isolation: str, patience: float) -> bool:
    """Whether a reader of that isolation meets the record before the end of what it may see, within ``patience`` s.

    A reader of committed records comes to neither while a killed owner's transaction is still open before it.
    """
    reader = Consumer(connection.groupless(_WAIT_MS, isolation))
    try:
        reader.assign([TopicPartition(topic, 0, offset)])
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            message = reader.poll(left)
            problem = message.error() if message is not None else None
            if message is None or is_end(problem):
                return False
            if problem is None:
                return message.offset() == offset
        return False
    finally:
        reader.close()


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
        raise DependencyUnavailable(f"Kafka did not take a record for {topic}")
    return offsets[0]


def _meaning(connection: KafkaConnection, problem: KafkaError) -> Exception:
    if problem.code() in NOT_ALLOWED:
        return ConfigurationRefused(
            f"Kafka does not allow this user to publish in transactions ({problem.str()}). Grant Write and Describe on "
            "the transactional ids that begin with the group's name and on those that begin with tend-probe-."
        )
    if problem.code() in NO_TRANSACTIONS:
        return ConfigurationRefused(
            f"The broker at {connection.brokers} offers no transactions ({problem.str()}). {_FIX}"
        )
    return DependencyUnavailable(f"Kafka: {problem.str()}")
