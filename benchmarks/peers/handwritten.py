"""A loop by hand: confluent-kafka and a Redis pipeline. At least once; killed between SET and flush it loses actions,
killed between flush and commit nothing happens twice as long as the rings of ids remember."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Sequence
from typing import cast

from confluent_kafka import Consumer, KafkaException, Message, Producer
from redis import Redis

from benchmarks.peers.options import PeerOptions, peer_options
from benchmarks.reference.job import Action, Job, State, decode_event, encode_action, encode_state, work_all

BATCH = 1_000


class Loop:
    """Consume, MGET, work, SET, produce, flush, commit."""

    def __init__(self, given: PeerOptions) -> None:
        self._given = given
        self._redis = Redis.from_url(given.redis, protocol=2)
        self.consumer = Consumer(
            {
                "bootstrap.servers": given.brokers,
                "group.id": given.group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 10,
                "session.timeout.ms": round(given.session_seconds * 1000),
                "log_level": 2,
            }
        )
        self._producer = Producer(
            {"bootstrap.servers": given.brokers, "acks": "all", "linger.ms": 0 if given.soon else 5, "log_level": 2}
        )
        self._job = Job()
        self._stopping = False

    def run(self) -> None:
        """Until asked to stop."""
        signal.signal(signal.SIGTERM, self._stop)
        self.consumer.subscribe(list(self._given.topics))
        while not self._stopping:
            if messages := self._next():
                self.work(messages)
                # Where the group has given the partitions to another member, that one repeats the batch.
                with contextlib.suppress(KafkaException):
                    self.consumer.commit(asynchronous=False)
        self.consumer.close()

    def _next(self) -> list[Message]:
        if not self._given.soon:
            return self.consumer.consume(BATCH, 0.05)
        # consume() would wait for a whole batch: take the first as soon as it comes, and what lies there beside it.
        first = self.consumer.poll(0.5)
        return [first, *self.consumer.consume(BATCH, 0)] if first is not None else []

    def work(self, messages: Sequence[Message]) -> None:
        """One batch."""
        events = [decode_event(cast(bytes, message.value())) for message in messages]
        customers = list({event.customer for event in events})
        held = cast("list[bytes | None]", self._redis.mget(customers))
        states, actions = work_all(self._job, dict(zip(customers, held, strict=True)), events)
        self.store(states)
        self.send([(action.customer, encode_action(action)) for action in actions])

    def store(self, bodies: dict[str, bytes]) -> None:
        """All states in one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for who, body in bodies.items():
            pipeline.set(who, body)
        pipeline.execute()

    def send(self, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Deliver."""
        for customer, body in bodies:
            self._producer.produce(self._given.outbound, body, customer.encode())
        self._producer.flush()

    def _stop(self, *_: object) -> None:
        self._stopping = True


class OnlyMoving(Loop):
    """The same loop with nothing worked: what fetching, loading, storing and sending alone take."""

    _filler = encode_state(State(ring=list(range(0, 300_000, 30_000))))
    _action = encode_action(Action("0" * 24, "browsed", "customer-00000", "0" * 16, 0, 0.5))

    def work(self, messages: Sequence[Message]) -> None:
        """One batch: a sixth as many messages go out."""
        customers = list({cast(bytes, message.key()).decode() for message in messages})
        self._redis.mget(customers)
        self.store(dict.fromkeys(customers, self._filler))
        self.send([(who, self._action) for who in customers[::6]])


if __name__ == "__main__":
    Loop(peer_options()).run()
