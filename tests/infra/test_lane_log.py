"""A lane's logs are read ahead: bounded, in order, without gaps, and honest about where they end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, ClassVar

import pytest
from confluent_kafka import Message

from infra.kafka.connection import KafkaConnection
from infra.kafka.lane_log import LaneLog
from infra.kafka.log_client import LogClient
from infra.kafka.producer import BulkProducer
from infra.kafka.pulse import Pulse
from infra.kafka.topics import Topics, TopicSpec
from schemas.lane import Fetched
from tests.backends import OwnBroker

FETCH_BYTES = 16_384
FLOOD = 4_000
"""Records: many times what may lie ready."""
VALUE = b"." * 100

Open = Callable[..., LaneLog]


class Reading:
    """Reads one log as a lane does: what it asks for, from where it came to."""

    def __init__(self, log: LaneLog, **starts: int) -> None:
        self.log = log
        self.wants = starts
        self.offsets: dict[str, list[int]] = {topic: [] for topic in starts}
        self.ends: dict[str, int] = {}

    def read(self, *topics: str) -> dict[str, Fetched]:
        assert self.log.stands_at({topic: self.wants[topic] for topic in topics})
        found = self.log.take({topic: self.wants[topic] for topic in topics})
        for topic, fetched in found.items():
            self.offsets[topic] += [record.offset for record in fetched.records]
            self.wants[topic], self.ends[topic] = fetched.next_offset, fetched.end_offset
        return found

    def until(self, happened: Callable[[], bool], *topics: str) -> None:
        for _ in range(2_000):
            self.read(*topics)
            if happened():
                return
            time.sleep(0.01)
        raise TimeoutError(f"it did not happen: {self.wants}, {self.ends}")

    def at_end(self, topic: str) -> bool:
        return self.wants[topic] == self.ends[topic]


@pytest.fixture
def open_log() -> Iterator[Open]:
    with ExitStack() as stack:

        def open_at(
            broker: str,
            came: Callable[[], None] = lambda: None,
            client: type[LogClient] = LogClient,
            *,
            contiguous: bool = False,
            **starts: int,
        ) -> LaneLog:
            new_client = partial(
                client,
                KafkaConnection(broker),
                group="lanes",
                fetch_bytes=FETCH_BYTES,
                fetch_wait_ms=5,
                gather_ms=2,
            )
            log = LaneLog(new_client, 0, starts, came, high=8 * FETCH_BYTES, contiguous=contiguous)
            stack.callback(log.close)
            return log

        yield open_at


@pytest.fixture
def topics(broker: str) -> BulkProducer:
    """Two topics, and who writes to them."""
    return made(broker)


def made(broker: str) -> BulkProducer:
    Topics(KafkaConnection(broker)).create(
        [TopicSpec(name, 1, {"retention.ms": "-1"}) for name in ("browse", "orders")]
    )
    return BulkProducer(KafkaConnection(broker))


def write(producer: BulkProducer, topic: str, count: int) -> None:
    for _ in range(count):
        producer.send(topic, 0, b"anna", VALUE, 1_700_000_000_000)
    producer.flush()


@pytest.fixture
def flooded(broker: str, topics: BulkProducer, open_log: Open) -> Reading:
    """Far more views than may lie ready, which nobody has asked for yet; and no orders."""
    write(topics, "browse", FLOOD)
    reading = Reading(open_log(broker, browse=0, orders=0), browse=0, orders=0)
    reading.until(lambda: reading.at_end("orders"), "orders")
    return reading


def test_a_topic_that_nobody_asks_for_piles_up_to_a_bound_and_loses_nothing(flooded: Reading) -> None:
    time.sleep(2.0)  # longer than the thread waits for a reader

    first = len(flooded.read("browse")["browse"].records)
    flooded.until(lambda: flooded.at_end("browse"), "browse", "orders")

    assert 0 < first < FLOOD / 2
    assert flooded.offsets["browse"] == list(range(FLOOD))


def test_what_comes_to_one_topic_is_seen_while_another_is_piled_up(flooded: Reading, topics: BulkProducer) -> None:
    for count in (1, 2, 3):
        time.sleep(1.0)
        write(topics, "orders", 1)
        flooded.until(lambda many=count: flooded.wants["orders"] == many and flooded.at_end("orders"), "orders")  # type: ignore[misc]

    assert flooded.offsets["orders"] == [0, 1, 2]
    flooded.until(lambda: flooded.at_end("browse"), "browse")
    assert flooded.offsets["browse"] == list(range(FLOOD))


def test_who_found_nothing_is_told_once_something_comes(broker: str, topics: BulkProducer, open_log: Open) -> None:
    came = threading.Event()
    log = open_log(broker, came.set, browse=0, orders=0)
    reading = Reading(log, browse=0, orders=0)
    reading.until(lambda: reading.at_end("browse") and reading.at_end("orders"), "browse", "orders")

    assert not log.has(reading.wants)
    assert not came.is_set()
    write(topics, "orders", 1)

    assert came.wait(10)
    assert log.has(reading.wants)
    assert [record.value for record in reading.read("orders")["orders"].records] == [VALUE]


class Noting(LogClient):
    """Notes who asks it anything."""

    askers: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        Noting.askers.add(threading.current_thread().name)
        return super().__getattribute__(name)


def test_a_client_is_asked_by_one_thread_alone(broker: str, topics: BulkProducer, open_log: Open) -> None:
    """Anybody else would wait for as long as that thread waits for records."""
    write(topics, "browse", FLOOD)
    log = open_log(broker, client=Noting, browse=0, orders=0)
    reading = Reading(log, browse=0, orders=0)
    reading.until(lambda: reading.at_end("orders"), "orders")
    time.sleep(2.0)  # longer than the thread waits for a reader
    reading.until(lambda: reading.at_end("browse"), "browse", "orders")
    log.close()

    assert Noting.askers == {"tend-log-0"}


class ShowsOneLate(LogClient):
    """Shows record 3 only when it is asked again from there, as a broker may that lets several write at once."""

    late: ClassVar[int] = 3

    def gathered(self, patience: float) -> list[Message]:
        messages = super().gathered(patience)
        return [message for message in messages if self._starts["browse"] == self.late or message.offset() != self.late]

    def __init__(self, connection: KafkaConnection, partition: int, starts: Mapping[str, int], **given: Any) -> None:
        super().__init__(connection, partition, starts, **given)
        self._starts = starts


def test_a_record_that_is_shown_later_than_those_behind_it_is_not_passed_over(
    broker: str, topics: BulkProducer, open_log: Open
) -> None:
    write(topics, "browse", 6)
    write(topics, "orders", 2)

    reading = Reading(open_log(broker, client=ShowsOneLate, contiguous=True, browse=0, orders=0), browse=0, orders=0)
    reading.until(lambda: reading.at_end("browse") and reading.at_end("orders"), "browse", "orders")

    assert reading.offsets == {"browse": [0, 1, 2, 3, 4, 5], "orders": [0, 1]}


class NeverShowsOne(ShowsOneLate):
    """As where it was deleted."""

    def gathered(self, patience: float) -> list[Message]:
        return [message for message in LogClient.gathered(self, patience) if message.offset() != self.late]


def test_a_record_that_never_comes_is_given_up_after_some_seconds(
    broker: str, topics: BulkProducer, open_log: Open, caplog: pytest.LogCaptureFixture
) -> None:
    write(topics, "browse", 6)

    reading = Reading(open_log(broker, client=NeverShowsOne, contiguous=True, browse=0), browse=0)
    reading.until(lambda: reading.at_end("browse"), "browse")

    assert reading.offsets == {"browse": [0, 1, 2, 4, 5]}
    assert "browse holds nothing from offset 3 to 3" in caplog.text


def test_where_logs_end_is_told_anew_after_the_broker_was_away(own_kafka: OwnBroker, open_log: Open) -> None:
    producer = made(own_kafka.address)
    write(producer, "browse", 3)
    reading = Reading(open_log(own_kafka.address, browse=0, orders=0), browse=0, orders=0)
    reading.until(lambda: reading.at_end("browse") and reading.at_end("orders"), "browse", "orders")

    own_kafka.kill()
    reading.until(lambda: not (reading.at_end("browse") or reading.at_end("orders")), "browse", "orders")
    own_kafka.start()
    write(producer, "browse", 2)

    reading.until(lambda: reading.wants["browse"] == 5, "browse", "orders")
    reading.until(lambda: reading.at_end("browse") and reading.at_end("orders"), "browse", "orders")
    assert reading.offsets == {"browse": [0, 1, 2, 3, 4], "orders": []}


def leader(**words: Any) -> dict[str, Any]:
    return {"state": "UP", "rxidle": 1_000, "waitresp_cnt": 1, "toppars": {"orders-0": {"topic": "orders"}}} | words


def told(*connections: dict[str, Any]) -> float:
    """The silence after seven seconds in which it was so."""
    seconds = iter((100.0, 107.0, 107.0))
    pulse = Pulse(lambda: next(seconds))
    pulse.config()["stats_cb"](json.dumps({"brokers": dict(enumerate(connections))}))
    return pulse.silence


@pytest.mark.parametrize(
    "quiet",
    [
        leader(state="DOWN"),
        leader(rxidle=3_000_000),
        leader(rxidle=-1),
        leader(toppars={}),
    ],
    ids=["gone", "late with an answer", "nothing heard yet", "no leader"],
)
def test_a_broker_is_silent(quiet: dict[str, Any]) -> None:
    assert told(quiet) == 7


def test_a_broker_that_was_asked_nothing_is_not_silent() -> None:
    assert told(leader(waitresp_cnt=0, rxidle=60_000_000)) == 0
    assert told(leader(), leader(state="INIT", toppars={})) == 0


def test_a_failure_before_anything_was_heard_casts_no_doubt_on_ends() -> None:
    pulse = Pulse()
    failed = pulse.config()["error_cb"]

    doubts = []
    failed(None)
    doubts.append(pulse.doubtful)
    pulse.heard()
    failed(None)
    doubts.append(pulse.doubtful)

    assert doubts == [False, True]
