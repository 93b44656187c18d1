"""Quix Streams with its own state (RocksDB, and a changelog topic), the topics aligned by time.

At least once: it commits state, output and offsets together every second; a crash repeats what came since, and the
actions of that time go out again.
"""

from __future__ import annotations

import signal
from typing import Any

from quixstreams import Application

from benchmarks.peers.options import peer_options
from benchmarks.reference.job import Job, decode_event, encode_action, work

STATE = "s"
"""What the state is called within a customer's keys."""

if __name__ == "__main__":
    given = peer_options()
    app = Application(
        broker_address=given.brokers,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        commit_interval=0.1 if given.soon else 1.0,
        state_dir=f"{given.directory}/{given.group}",
        auto_create_topics=True,
        loglevel="WARNING",
        consumer_poll_timeout=0.05,
        producer_extra_config={"linger.ms": 0 if given.soon else 5},
        consumer_extra_config={"fetch.wait.max.ms": 10},
    )
    job = Job()

    def engage(body: bytes, state: Any) -> list[bytes]:
        """One event with the customer's state."""
        event = decode_event(body)
        now, actions = work(job, state.get_bytes(STATE), event)
        state.set_bytes(STATE, now)
        return [encode_action(action) for action in actions]

    first, *others = [
        app.dataframe(app.topic(name, value_deserializer="bytes", key_deserializer="bytes")) for name in given.topics
    ]
    for other in others:
        first = first.concat(other)
    first.apply(engage, stateful=True, expand=True).to_topic(
        app.topic(given.outbound, value_serializer="bytes", key_serializer="bytes")
    )
    signal.signal(signal.SIGTERM, lambda *_: app.stop())
    app.run()
