"""Milliseconds from an event's produce to its visible action, at a steady pace; writes into docs/machinery.md.

    python -m benchmarks.latency [--kafka apache|embedded] [--pace 1000] [--seconds 20] [--rounds 3] [--write]

One process sends the events and reads the actions, so one clock tells both moments. Ratios are to the two bare hops
(produce, consume, produce, consume) of the same round.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from statistics import median, quantiles

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from benchmarks.page import put, spread
from benchmarks.peers.running import Peer, Servers, cpu_of, reader, started
from benchmarks.reference.load import PARTITIONS, START, STEP, message

CUSTOMERS = 200
"""Few, so that the thresholds of rules are reached within the seconds measured."""
WARM_SECONDS = 4.0
LATE_SECONDS = 3.0
JOIN_SECONDS = 60.0
JOIN_PACE = 50
ENOUGH = 100
"""Actions, to speak of a hundredth of them."""
HOPS = Peer("the two hops alone", "benchmarks.peers.hops", "")
UNCOMMITTED, COMMITTED = "read_uncommitted", "read_committed"
PEERS = (
    HOPS,
    Peer("hand-written loop", "benchmarks.peers.handwritten", ""),
    Peer("tend, no transactions", "benchmarks.peers.tend", ""),
    Peer("tend", "benchmarks.peers.tend", "", transactions=True),
    Peer("naive Faust", "benchmarks.peers.naive_faust", ""),
)
Times = dict[str, tuple[float, float, float]]
"""p50 and p99 in milliseconds, and the peer's CPU as a share of one core, by what was measured."""


class Sent(msgspec.Struct):
    """What is read of a message: when its event was sent."""

    sent: int


class Listener(threading.Thread):
    """Reads the actions as they become visible, and remembers how long each took."""

    def __init__(self, brokers: str, topic: str, isolation: str) -> None:
        super().__init__(name=isolation, daemon=True)
        self._brokers, self._topic, self._isolation = brokers, topic, isolation
        self.took: list[tuple[int, int]] = []
        """When the event was sent, and how long it took, in microseconds."""
        self.stopping = threading.Event()

    def run(self) -> None:
        """Until told to stop."""
        with reader(self._brokers, self._isolation) as consumer:
            consumer.assign([TopicPartition(self._topic, p, OFFSET_BEGINNING) for p in range(PARTITIONS)])
            self._listen(consumer)

    def _listen(self, consumer: Consumer) -> None:
        decoder = msgspec.json.Decoder(Sent)
        while not self.stopping.is_set():
            heard = consumer.poll(0.2)
            if heard is not None and not heard.error():
                now, sent = now_us(), decoder.decode(heard.value() or b"").sent
                self.took.append((sent, now - sent))

    def between(self, first: int, last: int) -> list[float]:
        """Milliseconds that events sent between these moments took."""
        return [took / 1000 for sent, took in self.took if first <= sent < last]


class Sender:
    """Sends events at a pace."""

    def __init__(self, brokers: str) -> None:
        self._producer = Producer({"bootstrap.servers": brokers, "acks": "all", "linger.ms": 0, "log_level": 2})
        self._dice = random.Random(1)
        self._number = 0

    def send(self, pace: int, seconds: float, until: Listener | None = None) -> None:
        """So many a second, evenly, for these seconds; or until something is heard."""
        began = time.perf_counter()
        sent = 0
        while (gone := time.perf_counter() - began) < seconds and not (until is not None and until.took):
            while sent < gone * pace:
                self._one()
                sent += 1
            self._producer.poll(0)
            time.sleep(0.0005)

    def _one(self) -> None:
        at = START + self._number * STEP * 100
        made = message(self._dice, self._number, at, CUSTOMERS, now_us())
        self._producer.produce(made.topic, made.value, made.customer.encode(), made.partition)
        self._number += 1


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kafka", choices=("apache", "embedded"), default="apache", help="the broker to start")
    parser.add_argument("--brokers", default="", help="a Kafka to use instead, without topics of tend's names")
    parser.add_argument("--pace", type=int, default=1_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    told = parser.parse_args()
    peers = [peer for peer in PEERS if peer.transactions <= (told.kafka == "apache")]
    rounds: list[Times] = []
    with tempfile.TemporaryDirectory() as directory, Servers(told.kafka, told.brokers, Path(directory)) as servers:
        for _ in range(told.rounds):
            times: Times = {}
            for peer in peers:
                times |= measure(servers, peer, told.pace, told.seconds)
            rounds.append(times)
    lines = table(rounds)
    print("\n".join(lines))
    if told.write:
        made = f"Made by `python -m benchmarks.latency --kafka {told.kafka} --pace {told.pace} "
        made += f"--seconds {told.seconds:g} --rounds {told.rounds} --write`."
        put("latency", [made, "", *lines])


def measure(servers: Servers, peer: Peer, pace: int, seconds: float) -> Times:
    """One peer for so many seconds, once it has warmed up."""
    told = servers.fresh(peer, soon=True)
    isolations = (UNCOMMITTED, COMMITTED) if peer.transactions else (UNCOMMITTED,)
    listeners = [Listener(servers.brokers, told.outbound, isolation) for isolation in isolations]
    for listener in listeners:
        listener.start()
    sender = Sender(servers.brokers)
    with started(peer, told) as process:
        sender.send(JOIN_PACE, JOIN_SECONDS, until=listeners[0])
        sender.send(pace, WARM_SECONDS)
        first, spent = now_us(), sum(cpu_of(process.pid).values())
        sender.send(pace, seconds)
        last, spent = now_us(), sum(cpu_of(process.pid).values()) - spent
        time.sleep(LATE_SECONDS)
    for listener in listeners:
        listener.stopping.set()
        listener.join()
    found = {}
    for listener in listeners:
        name = f"{peer.name}, {listener.name}" if peer.transactions else peer.name
        took = listener.between(first, last)
        # Who cannot keep the pace falls behind further and further: the events of these seconds never came through.
        parts = quantiles(took, n=100) if len(took) > ENOUGH else [inf] * 99
        found[name] = (parts[49], parts[98], spent / seconds)
        print(f"{name}: p50 {parts[49]:.1f} ms, p99 {parts[98]:.1f} ms, CPU {spent / seconds:.0%}", flush=True)
    return found


def table(rounds: Sequence[Times]) -> list[str]:
    """Medians, and how many times the bare hops of the same round."""
    lines = [
        "| what | p50, ms | p99, ms | p50 to the hops' | p99 to the hops' | CPU, of one core |",
        "|---|---|---|---|---|---|",
    ]
    for name in rounds[0]:
        p50, p99, cpu = (median(one[name][n] for one in rounds) for n in (0, 1, 2))
        to50, to99 = (spread([one[name][n] / one[HOPS.name][n] for one in rounds]) for n in (0, 1))
        lines.append(f"| {name} | {p50:.1f} | {p99:.1f} | {to50} | {to99} | {cpu:.0%} |")
    return lines


def now_us() -> int:
    """Microseconds of this process' steady clock."""
    return time.perf_counter_ns() // 1000


if __name__ == "__main__":
    main()
