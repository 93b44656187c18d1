"""Log messages that repeat ten times a second, told seldom."""

from __future__ import annotations

import logging
import time

_SECONDS = 30.0
_REPEATING = (
    "aiokafka",
    "aiokafka.conn",
    "aiokafka.client",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.consumer.consumer",
    "mode.timers",
)


class Seldom(logging.Filter):
    """Lets each message of a logger (its text before values are filled in) pass once in half a minute."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._told: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one may pass."""
        about = (record.name, str(record.msg))
        now = time.monotonic()
        if now - self._told.get(about, -self._seconds) < self._seconds:
            return False
        self._told[about] = now
        return True


def tell_seldom() -> None:
    """While a broker is away, Kafka's client logs each of its many tries: let through one of a kind in 30 s."""
    for name in _REPEATING:
        logger = logging.getLogger(name)
        if not any(isinstance(known, Seldom) for known in logger.filters):
            logger.addFilter(Seldom())
