"""What exactly once costs with nothing worked: take what is there, one script in Redis, and a transaction of what goes
out with a position record of each partition. One thread, blocking calls; a sixth of the events go out, as they came."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import cast

from confluent_kafka import Consumer, Message, Producer, TopicPartition
from redis import Redis

from benchmarks.peers.options import PeerOptions, peer_options
from benchmarks.reference.load import PARTITIONS
from schemas.topics import POSITIONS

BATCH = 1_000
EVERY = 6
_SCRIPT = "redis.call('SET', KEYS[1], ARGV[1]); return redis.call('INCR', KEYS[2])"
_BYTES_EACH = 200
"""Of state, written for each event."""


class Floor:
    """Take, store, publish."""

    def __init__(self, given: PeerOptions) -> None:
        self._given = given
        self._script = Redis.from_url(given.redis, protocol=2).register_script(_SCRIPT)
        self._consumer = Consumer(
            {
                "bootstrap.servers": given.brokers,
                "group.id": given.group,
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "fetch.queue.backoff.ms": 1,
                "log_level": 2,
            }
        )
        self._producer = Producer(
            {
                "bootstrap.servers": given.brokers,
                "transactional.id": f"{given.group}-floor",
                "linger.ms": 0,
                "log_level": 2,
            }
        )
        self._taken = 0
        self._stopping = False

    def run(self) -> None:
        """Until asked to stop."""
        signal.signal(signal.SIGTERM, self._stop)
        self._producer.init_transactions()
        places = [
            TopicPartition(topic, partition, 0) for topic in self._given.topics for partition in range(PARTITIONS)
        ]
        self._consumer.assign(places)
        while not self._stopping:
            first = self._consumer.poll(0.2)
            if first is not None:
                self._work([first, *self._consumer.consume(BATCH, 0.0)])
        self._consumer.close()

    def _work(self, messages: Sequence[Message]) -> None:
        self._script(keys=["floor:state", "floor:version"], args=[b"x" * _BYTES_EACH * len(messages)])
        out = [message for number, message in enumerate(messages, self._taken) if number % EVERY == 0]
        self._taken += len(messages)
        if not out:
            return
        self._producer.begin_transaction()
        for message in out:
            self._producer.produce(self._given.outbound, message.value(), message.key(), cast(int, message.partition()))
        for partition in {cast(int, message.partition()) for message in messages}:
            self._producer.produce(POSITIONS, b"1", b"floor", partition)
        self._producer.commit_transaction()

    def _stop(self, *_: object) -> None:
        self._stopping = True


if __name__ == "__main__":
    Floor(peer_options()).run()
