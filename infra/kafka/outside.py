"""Offsets that are not found in their logs: for a moment that is nothing, after some seconds it is the end."""

from __future__ import annotations

import time

from confluent_kafka import KafkaException

from infra.kafka.log_client import LogClient
from schemas.errors import ConfigurationRefused

_PATIENCE_SECONDS = 3.0
_AGAIN_SECONDS = 0.2


class Outside:
    """Topics of one partition whose place was not found in the log, and since when."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._since: dict[str, float] = {}

    def found(self, topic: str) -> None:
        """It is there."""
        self._since.pop(topic, None)

    def missed(self, topic: str, offset: int, client: LogClient) -> None:
        """It was not there; waits a little, so that it can be tried again.

        Raises:
            ConfigurationRefused: it has not been there for some seconds.
        """
        if time.monotonic() - self._since.setdefault(topic, time.monotonic()) < _PATIENCE_SECONDS:
            time.sleep(_AGAIN_SECONDS)
            return
        try:
            first, end = client.bounds(topic)
        except KafkaException:
            return  # nobody answers, so nobody has refused
        raise ConfigurationRefused(
            f"The store's offsets lie outside the log ({topic} partition {self._partition}: {offset} asked, the log "
            f"holds {first} to {end}). Events were deleted before they were handled, or the topic was made anew. "
            "Restore the topic, or begin afresh with an empty store (tend replay rebuilds it)."
        )
