"""The action topics by kafka-python: poll, handle, commit. Nothing here that another client could not do."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Final

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from agents.senders.sender import Sender
from infra.kafka.connection import KafkaConnection
from schemas.errors import DependencyUnavailable
from schemas.topics import ACTION_TOPICS

_LOG: Final = logging.getLogger(__name__)
_ACTIONS: Final = tuple(ACTION_TOPICS.values())
_POLL_MS: Final = 500
_PAUSE_SECONDS: Final = 2.0


def open_consumer(connection: KafkaConnection, group: str, topics: Sequence[str] = _ACTIONS, name: str = "") -> Any:
    """A consumer of topics (all action topics) that sees what is committed only, and commits what it is told to.

    Args:
        name: of this member of the group, one for each; after a crash it has its partitions back at once.

    Raises:
        DependencyUnavailable: no broker answers, or none lets us in.
    """
    security: dict[str, Any] = {"security_protocol": connection.protocol}
    if connection.uses_sasl:
        security |= {
            "sasl_mechanism": connection.mechanism,
            "sasl_plain_username": connection.username,
            "sasl_plain_password": connection.password,
        }
    if connection.ca_file:
        security["ssl_context"] = ssl.create_default_context(cafile=connection.ca_file)
    try:
        return KafkaConsumer(
            *topics,
            bootstrap_servers=connection.brokers.split(","),
            group_id=group,
            group_instance_id=name or None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=50,
            **security,
        )
    except KafkaError as error:
        raise DependencyUnavailable(f"Kafka at {connection.brokers}: {error}") from error


async def run(sender: Sender, consumer: Any, stopped: Callable[[], bool]) -> None:
    """Send until it is stopped. What was polled is committed only when each of it is safe.

    Raises:
        DependencyUnavailable: the group does not let us read any more.
    """
    try:
        while not stopped():
            polled = await _polled(consumer)
            bodies = [record.value for records in polled.values() for record in records if record.value]
            while not stopped():
                try:
                    await sender.take(bodies)
                    break
                except DependencyUnavailable as error:
                    _LOG.warning("%s; the same again in %s s", error, _PAUSE_SECONDS)
                    await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return
            if polled:
                await _commit(consumer)
    finally:
        await asyncio.to_thread(consumer.close)


async def _polled(consumer: Any) -> Any:
    try:
        return await asyncio.to_thread(consumer.poll, timeout_ms=_POLL_MS)
    except KafkaError as error:
        raise DependencyUnavailable(f"nothing can be read: {error}") from error


async def _commit(consumer: Any) -> None:
    """Whoever reads it again, if it cannot be committed, finds in the ledger that it is done."""
    try:
        await asyncio.to_thread(consumer.commit)
    except KafkaError as error:
        _LOG.warning("not committed: %s", error)
