"""Producers beside the lanes."""

from __future__ import annotations

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BroadcastProducer
from infra.kafka.topics import Topics, TopicSpec
from schemas.errors import DependencyUnavailable, Fenced


async def test_a_broadcast_that_failed_never_fences_the_one_that_took_over(broker: str) -> None:
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("news", 1)])
    frozen, awake = BroadcastProducer(connection, "test-news"), BroadcastProducer(connection, "test-news")
    await frozen.open()
    await awake.open()
    with pytest.raises(Fenced):
        await frozen.announce("news", b"1", b"of the one that slept")

    with pytest.raises(DependencyUnavailable, match="has to be opened again"):
        await frozen.announce("news", b"1", b"of the one that slept")

    await awake.announce("news", b"1", b"of the one that is awake")
    await frozen.close()
    await awake.close()
