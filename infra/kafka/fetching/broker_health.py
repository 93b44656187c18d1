"""Whether the brokers behind a client still answer, by what librdkafka says of its connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
from confluent_kafka import KafkaError

STATISTICS_MS = 1_000
_QUIET_US = 2_000_000
"""A fetch that is not answered for so long is late: brokers answer an empty one within its wait."""


class _Broker(msgspec.Struct):
    """One connection, in the words of librdkafka's STATISTICS.md."""

    state: str
    rxidle: int
    """Microseconds since something was received."""
    waitresp_cnt: int
    """Requests that wait for an answer."""
    toppars: dict[str, msgspec.Raw]
    """The partitions that it leads, of those that are read."""


class _Statistics(msgspec.Struct):
    brokers: dict[str, _Broker]


_decode = msgspec.json.Decoder(_Statistics).decode


class BrokerHealth:
    """Told by one client as long as it lives, on the thread that polls it.

    Args:
        every_ms: how often it tells; what it tells grows with the partitions that it reads.
        clock: tells seconds that never go back.
    """

    def __init__(self, every_ms: int = STATISTICS_MS, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_ms = every_ms
        self._clock = clock
        self.silence = 0.0
        """Seconds since the brokers of what is read last answered, when last told."""
        self.reads = False
        """Whether partitions are read: then somebody must lead them."""
        self.doubtful = False
        """A connection was lost after something was heard: what was the end of a log then may not be it any more."""
        self._heard = False
        self._answered = clock()

    def config(self) -> dict[str, Any]:
        """What the client must be told to tell us."""
        return {"statistics.interval.ms": self._every_ms, "stats_cb": self._told, "error_cb": self.failed}

    def heard(self) -> None:
        """A record came, or the end of a log."""
        self._heard = True

    def settled(self) -> None:
        """Whoever was in doubt asks anew where logs end."""
        self.doubtful = self._heard = False

    def failed(self, _: KafkaError | None = None) -> None:
        """A connection was lost."""
        self.doubtful = self._heard

    def _told(self, text: str) -> None:
        brokers = _decode(text).brokers.values()
        leaders = [broker for broker in brokers if broker.toppars]
        # Who has no share, or lost it because no sign of life was answered, still talks to the group's coordinator.
        if all(map(_answers, leaders)) if leaders else not self.reads and any(map(_answers, brokers)):
            self._answered = self._clock()
        self.silence = self._clock() - self._answered


def _answers(broker: _Broker) -> bool:
    return broker.state == "UP" and (broker.waitresp_cnt == 0 or 0 <= broker.rxidle < _QUIET_US)
