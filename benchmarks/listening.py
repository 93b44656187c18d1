"""How long events take from their produce to their visible action: one process sends and listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.peers.reading import reader
from benchmarks.reference.load import Message

UNCOMMITTED, COMMITTED = "read_uncommitted", "read_committed"
Make = Callable[[int, int], Message]
"""The event of a number, told the moment at which it is sent."""
WhenSent = Callable[[bytes], int | None]
"""From the body of an action the moment at which its event was sent; None where it answers no event of ours."""


class Listener(threading.Thread):
    """Reads the actions as they become visible, and remembers how long each took."""

    def __init__(self, brokers: str, places: Sequence[TopicPartition], isolation: str, sent: WhenSent) -> None:
        super().__init__(name=isolation, daemon=True)
        self._brokers, self._places, self._isolation, self._sent = brokers, places, isolation, sent
        self.took: list[tuple[int, int]] = []
        """When the event was sent, and how long it took, in microseconds."""
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until told to stop."""
        with reader(self._brokers, self._isolation) as consumer:
            consumer.assign(list(self._places))
            self._listen(consumer)

    def _listen(self, consumer: Consumer) -> None:
        while not self.stopping.is_set():
            heard = consumer.poll(0.2)
            if heard is not None and not heard.error():
                now, sent = now_us(), self._sent(heard.value() or b"")
                if sent is not None:
                    self.took.append((sent, now - sent))

    def between(self, first: int, last: int) -> list[float]:
        """Milliseconds that events sent between these moments took."""
        return [took / 1000 for sent, took in self.took if first <= sent < last]

    def end(self) -> None:
        """Stop listening."""
        self.stopping.set()
        self.join()


class Sender:
    """Sends events at a pace."""

    def __init__(self, brokers: str, make: Make) -> None:
        self._producer = Producer({"bootstrap.servers": brokers, "acks": "all", "linger.ms": 0, "log_level": 2})
        self._make = make
        self._number = 0

    def send(self, pace: int, seconds: float, until: Callable[[], object] = lambda: False) -> None:
        """So many a second, evenly, for these seconds; or until something is so."""
        began = time.perf_counter()
        sent = 0
        while (gone := time.perf_counter() - began) < seconds and not until():
            while sent < gone * pace:
                self._one()
                sent += 1
            self._producer.poll(0)
            time.sleep(0.0005)

    def _one(self) -> None:
        made = self._make(self._number, now_us())
        self._producer.produce(made.topic, made.value, made.customer.encode(), made.partition)
        self._number += 1


def all_of(topic: str, partitions: int) -> list[TopicPartition]:
    """A topic from its beginning."""
    return [TopicPartition(topic, p, OFFSET_BEGINNING) for p in range(partitions)]


def now_us() -> int:
    """Microseconds of this process' steady clock."""
    return time.perf_counter_ns() // 1000
