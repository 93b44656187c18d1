"""Workers and brokers that are killed or frozen: the others go on, and nobody stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.producers import AcknowledgedProducer, BulkProducer
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.topics import Topics
from schemas.errors import DependencyUnavailable
from schemas.lane import OutboxEntry
from schemas.topics import POSITIONS
from tests.backends import OwnBroker
from tests.builders import SIGNING
from tests.infra.broker_cluster import lose_tails
from tests.infra.settled import read_settled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

TOPICS = ("browse", "orders")
PARTITIONS = 4
SESSION = "2"
ROOT = Path(__file__).parents[2]


class Member:
    """A worker as a process; ``read`` is what it last told."""

    def __init__(self, brokers: str, group: str) -> None:
        command = [sys.executable, "-m", "tests.infra.member", brokers, group, SESSION, *TOPICS]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
        self.read: dict[int, int] = {}
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.read = {int(partition): read for partition, read in orjson.loads(line).items()}
        self.read = {}

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._listener.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


Start = Callable[[], Member]


@pytest.fixture
def start(broker: str, group: str) -> Iterator[Start]:
    Topics(KafkaConnection(broker)).create([TopicSpec(name, PARTITIONS, {"retention.ms": "-1"}) for name in TOPICS])
    with ExitStack() as stack:

        def start_another() -> Member:
            member = Member(broker, group)
            stack.callback(member.end)
            return member

        yield start_another


def write(brokers: str, each: int) -> None:
    producer = BulkProducer(KafkaConnection(brokers))
    for topic in TOPICS:
        for partition in range(PARTITIONS):
            for n in range(each):
                producer.send(topic, partition, None, b"%d" % n, int(time.time() * 1000))
    producer.flush()


def until(happened: Callable[[], bool]) -> None:
    for _ in range(900):
        if happened():
            return
        time.sleep(0.1)
    pytest.fail("it did not happen within a minute and a half")


def all_is_read_once(each: int, *members: Member) -> bool:
    """Each partition is owned by one member, which has read all of its topics."""
    owned = sorted(partition for member in members for partition in member.read)
    read = [count for member in members for count in member.read.values()]
    return owned == list(range(PARTITIONS)) and read == [each * len(TOPICS)] * PARTITIONS


def test_partitions_of_a_killed_worker_go_to_the_others(start: Start, broker: str) -> None:
    write(broker, 100)
    one, two = start(), start()
    until(lambda: all_is_read_once(100, one, two) and bool(one.read) and bool(two.read))

    one.end()
    write(broker, 10)

    until(lambda: all_is_read_once(110, two))


def test_a_group_of_which_all_were_killed_begins_again(start: Start, broker: str) -> None:
    write(broker, 100)
    one, two = start(), start()
    until(lambda: all_is_read_once(100, one, two))

    one.end()
    two.end()
    heir = start()

    until(lambda: all_is_read_once(100, heir))


def test_a_frozen_worker_comes_back_as_one_of_the_group(start: Start, broker: str) -> None:
    write(broker, 100)
    one, two = start(), start()
    until(lambda: all_is_read_once(100, one, two) and bool(one.read) and bool(two.read))

    os.kill(one.process.pid, signal.SIGSTOP)
    until(lambda: len(two.read) == PARTITIONS)
    os.kill(one.process.pid, signal.SIGCONT)
    write(broker, 10)

    until(lambda: all_is_read_once(110, one, two) and bool(one.read) and bool(two.read))


def test_a_worker_goes_on_when_its_broker_comes_back(own_kafka: OwnBroker, group: str) -> None:
    Topics(KafkaConnection(own_kafka.address)).create([TopicSpec(name, PARTITIONS) for name in TOPICS])
    write(own_kafka.address, 100)
    worker = Member(own_kafka.address, group)
    try:
        until(lambda: all_is_read_once(100, worker))

        own_kafka.kill()
        time.sleep(5)  # longer than the session
        own_kafka.start()
        write(own_kafka.address, 10)

        until(lambda: all_is_read_once(110, worker))
    finally:
        worker.end()


async def test_a_publisher_goes_on_when_its_broker_comes_back(own_kafka: OwnBroker) -> None:
    connection = KafkaConnection(own_kafka.address)
    Topics(connection).create([TopicSpec("coupons", 1), TopicSpec(POSITIONS, 1)])
    publisher = OutboxPublisher(connection, 0, SIGNING)
    entries = [OutboxEntry(n, "coupons", 0, b"anna", b"%d" % n) for n in range(1, 2_001)]
    for first in range(0, 1_000, 100):
        await publisher.publish(entries[first : first + 100])

    own_kafka.kill()
    with pytest.raises(DependencyUnavailable):
        await publisher.publish(entries[1_000:])
    own_kafka.start()
    published = 0
    while published < 2_000:
        try:
            published = await publisher.publish(entries[published:])
        except DependencyUnavailable:
            continue
    await publisher.close()

    assert [int(record.value or b"0") for record in await read_settled(connection, "coupons")] == list(range(1, 2_001))


async def test_a_door_goes_on_where_a_broker_has_lost_what_it_acknowledged(own_kafka: OwnBroker) -> None:
    connection = KafkaConnection(own_kafka.address)
    Topics(connection).create([TopicSpec("acknowledged", 1)])
    door = AcknowledgedProducer(connection)
    for _ in range(4):
        await door.send("acknowledged", 0, b"anna", b"." * 300)
    own_kafka.kill()
    assert lose_tails(own_kafka, ["acknowledged"], 600) == 1
    own_kafka.start()

    answers: list[bool] = []
    for _ in range(3):
        try:
            await door.send("acknowledged", 0, b"anna", b"." * 300)
            answers.append(True)
        except DependencyUnavailable:
            answers.append(False)

    assert answers[-1], "whoever sends again is answered, as after any failure"
    await door.close()
