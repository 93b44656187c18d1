"""The two hops alone: every sixth record goes on as it came, as soon as it comes."""

from __future__ import annotations

import signal

from confluent_kafka import Consumer, Producer

from benchmarks.peers.options import PeerOptions, peer_options

ONE_IN = 6
"""About as many as the job's actions."""


class Hops:
    """Consume, produce."""

    def __init__(self, given: PeerOptions) -> None:
        self._given = given
        self._stopping = False

    def run(self) -> None:
        """Until SIGTERM."""
        signal.signal(signal.SIGTERM, self._stop)
        brokers = self._given.brokers
        consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": self._given.group,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
                "log_level": 2,
            }
        )
        producer = Producer({"bootstrap.servers": brokers, "acks": "all", "linger.ms": 0, "log_level": 2})
        consumer.subscribe(list(self._given.topics))
        while not self._stopping:
            message = consumer.poll(0.5)
            if message is not None and not message.error() and (message.offset() or 0) % ONE_IN == 0:
                producer.produce(self._given.outbound, message.value(), message.key())
            producer.poll(0)
        producer.flush(5)
        consumer.close()

    def _stop(self, *_: object) -> None:
        self._stopping = True


if __name__ == "__main__":
    Hops(peer_options()).run()
