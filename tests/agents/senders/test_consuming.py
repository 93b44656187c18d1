"""A sender from Kafka to the receipt, as a plain consumer: what was not safe is read again, whoever died."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.errors import CommitFailedError, KafkaError, KafkaTimeoutError

from agents.catalogue import topic_specs
from agents.senders import consuming
from agents.senders.consuming import open_consumer, run
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import load_settings
from schemas.actions import encode_action
from schemas.errors import DependencyUnavailable
from schemas.topics import ACTION_TOPICS
from tests.agents.senders.post_office import PostOffice, post_office
from tests.agents.senders.sending import NOON, Shop, action, anna, redis_at, smtp

KILLS = 50


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


def filled(broker: str, count: int) -> KafkaConnection:
    """Topics with so many mails to send, and other channels' actions between them."""
    settings = load_settings({"brokers": broker, "partitions": 2})
    connection = KafkaConnection.of(settings)
    Topics(connection).create(topic_specs(settings), 1)
    producer = BulkProducer(connection)
    for number in range(count):
        given = action("complaint_acknowledged", action_id=f"{number:032x}")
        for one in (given, action("complaint_routed", "desk", action_id=f"d{number:031x}")):
            producer.send(ACTION_TOPICS[one.kind], number % 2, b"sample", encode_action(one), NOON, ())
    producer.flush()
    return connection


async def test_what_was_not_safe_is_tried_again_and_committed_when_it_is(
    broker: str, store_server: str, office: PostOffice, group: str
) -> None:
    connection = filled(broker, 3)
    client = redis_at(store_server)
    shop = Shop(client, smtp(office.port), anna())
    told, away = shop.receipts.send, [True]

    async def tell(
        topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int:
        if away.pop() if away else False:
            raise DependencyUnavailable("Kafka does not answer")
        return await told(topic, partition, key, value, headers)

    shop.receipts.send = tell  # type: ignore[method-assign]  # away once
    for _ in range(2):
        consumer: Any = await asyncio.to_thread(open_consumer, connection, group)
        await run(shop.sender, consumer, lambda: len(shop.receipts.told) >= 3)
    await client.aclose()

    assert len(office.ids) == len(set(office.ids)) == 3
    assert shop.receipts.short == [("receipt.accepted", "")] * 3


class Moody:
    """A consumer that has one record, and refuses once what it is asked to do."""

    def __init__(self, body: bytes, refuses: str) -> None:
        self.batches, self.refuses, self.asked = [{("care.messages", 0): [SimpleNamespace(value=body)]}], refuses, 0

    def poll(self, timeout_ms: int) -> dict[Any, Any]:
        self.asked += 1
        if self.refuses == "poll":
            raise KafkaError("not allowed")
        return self.batches.pop() if self.batches else {}

    def commit(self) -> None:
        raise CommitFailedError("the group has gone on without us")

    def close(self) -> None:
        """It is over."""


async def test_a_commit_that_fails_ends_nobody_and_a_group_that_lets_nobody_in_says_so(
    store_server: str, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = redis_at(store_server)
    shop = Shop(client, smtp(office.port), anna())
    moody = Moody(encode_action(action()), "commit")

    await run(shop.sender, moody, lambda: moody.asked > 1)
    assert shop.receipts.short == [("receipt.accepted", "")]
    with pytest.raises(DependencyUnavailable, match="not allowed"):
        await run(shop.sender, Moody(b"", "poll"), lambda: False)

    def nobody_answers(*topics: str, **settings: Any) -> None:
        raise KafkaTimeoutError("unable to bootstrap")

    monkeypatch.setattr(consuming, "KafkaConsumer", nobody_answers)
    with pytest.raises(DependencyUnavailable, match="Kafka at kafka:9092: KafkaTimeoutError"):
        open_consumer(KafkaConnection("kafka:9092"), "nobody")
    await client.aclose()


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_a_whole_sender_that_is_killed_fifty_times_sends_each_mail_once_and_tells_of_each(
    broker: str, store_server: str, office: PostOffice
) -> None:
    filled(broker, KILLS)
    program = [sys.executable, "-m", "tests.agents.senders.killed_loop", broker, store_server, str(office.port)]
    run_ = subprocess.run([*program, f"{KILLS}"], capture_output=True, timeout=800, text=True, check=False)
    assert run_.returncode == 0, run_.stderr[-2_000:]

    told = run_.stdout.split()
    assert sorted(told) == [f"{number:032x}" for number in range(KILLS)], "each is told of once"
    assert len(office.ids) == len(set(office.ids)) == KILLS, "nothing twice, nothing lost"
