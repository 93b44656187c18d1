"""What is sent in bulk waits for as long as something moves."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from confluent_kafka import Message

from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from schemas.errors import DependencyUnavailable


class _Hesitant:
    """Stands for librdkafka's producer: each look gets one record through, as long as there is a broker."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._told = config["on_delivery"]
        self._waiting: list[Message] = []
        self.away = False

    def produce(self, topic: str, *_: object, **__: object) -> None:
        self._waiting.append(Message(topic=topic, partition=0, offset=len(self._waiting)))

    def flush(self, _: float) -> int:
        if not self.away:
            self._told(None, self._waiting.pop(0))
        return len(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)


async def test_much_at_once_takes_as_long_as_it_takes_and_gives_up_where_nothing_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infra.kafka.producers.Producer", _Hesitant)
    minutes = itertools.count(step=60)
    producer = BulkProducer(KafkaConnection("kafka:9092"), clock=lambda: next(minutes))
    for _ in range(100):
        producer.send("news", 0, None, b"x", 0)

    assert producer.flush() == {("news", 0): 100}

    producer.send("news", 0, None, b"x", 0)
    producer._producer.away = True  # type: ignore[attr-defined]  # of the one that stands for it
    with pytest.raises(DependencyUnavailable, match="1 records were not delivered: Kafka at kafka:9092 has ackno"):
        producer.flush()
