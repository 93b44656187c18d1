"""Reading a partition backwards takes bounded memory, however far back it goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from schemas.lane import KafkaRecord

RECORDS = 2_000


class Counting(PartitionLog):
    """Notes where each forward read begins, and how many records are brought in all."""

    def __init__(self, connection: KafkaConnection) -> None:
        super().__init__(connection)
        self.asked: list[int] = []
        self.brought = 0

    def read(self, topic: str, partition: int, start: int) -> Iterator[KafkaRecord]:
        self.asked.append(start)
        for record in super().read(topic, partition, start):
            self.brought += 1
            yield record


def test_all_records_come_newest_first_in_pieces(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.kafka.partition_log._WIDEST", 300)
    connection = KafkaConnection(broker)
    Topics(connection).create([TopicSpec("news", 1)])
    producer = BulkProducer(connection)
    for number in range(RECORDS):
        producer.send("news", 0, b"", b"%d" % number, 1_700_000_000_000)
    producer.flush()

    with Counting(connection) as log:
        found = [record.offset for record in log.backwards("news", 0, 2**62)]
        starts, brought = [start for start in log.asked if start < RECORDS], log.brought

    assert found == list(range(RECORDS - 1, -1, -1))
    assert max(above - below for above, below in zip([RECORDS, *starts], starts, strict=False)) == 300
    assert brought <= RECORDS + len(starts), "what lies behind a piece is not read again for each"
