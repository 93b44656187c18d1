"""One client of librdkafka that reads a partition of several topics, ahead of whoever asks."""

from __future__ import annotations

from collections.abc import Mapping

from confluent_kafka import Consumer, Message, TopicPartition

from infra.kafka.asking import ask
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import some
from infra.kafka.pulse import Pulse

_MOST = 1_000
"""Records taken at once."""
_MUCH = 100
"""So many at once are enough to be taken together."""
_ANSWER_SECONDS = 10.0


class LogClient:
    """Begins at these offsets, and is never moved. One thread makes it and uses it.

    A consumer of confluent-kafka lets one thread in at a time: who asked from beside would wait for as long as the
    reading thread waits for records, and then again, as there is no queue.

    Args:
        connection: where Kafka is.
        partition: its number.
        starts: topics, and the offsets to begin at.
        group: the workers' consumer group; nothing is committed under it here.
        fetch_bytes: bytes of one topic fetched at a time.
        fetch_wait_ms: how long the broker waits for a first record before it answers a fetch.
        gather_ms: how long records are gathered from the first one on, so that they are taken together.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        partition: int,
        starts: Mapping[str, int],
        *,
        group: str,
        fetch_bytes: int,
        fetch_wait_ms: int,
        gather_ms: int,
    ) -> None:
        self.pulse = Pulse()
        self._partition = partition
        self._gather_seconds = gather_ms / 1000
        self._busy = False
        self._client = Consumer(
            connection.groupless(fetch_wait_ms)
            | {
                "group.id": group,
                "check.crcs": True,
                "fetch.message.max.bytes": fetch_bytes,
                "queued.max.messages.kbytes": max(1, fetch_bytes * len(starts) // 1024),
                "fetch.queue.backoff.ms": 1,
                "reconnect.backoff.max.ms": 1_000,
                **self.pulse.config(),
            }
        )
        self._client.assign([TopicPartition(topic, partition, offset) for topic, offset in starts.items()])

    def gathered(self, patience: float) -> list[Message]:
        """Wait so many seconds for something, and a little for more; but not where there was much just now."""
        messages = some(self._client, _MOST, patience, 0.0 if self._busy else self._gather_seconds)
        self._busy = len(messages) > _MUCH
        return messages

    def end(self, topic: str) -> int:
        """Where the log ended with the last answer; below 0 before the first."""
        return self._client.get_watermark_offsets(self._at(topic), cached=True)[1]

    def bounds(self, topic: str) -> tuple[int, int]:
        """The first offset that the log holds, and the one behind the last; asks the broker."""
        return ask(lambda: self._client.get_watermark_offsets(self._at(topic), timeout=_ANSWER_SECONDS))

    def pause(self, topic: str) -> None:
        """Fetch no more of it; what was fetched and not gathered is thrown away, and fetched again later."""
        self._client.pause([self._at(topic)])

    def resume(self, topic: str) -> None:
        """Go on."""
        self._client.resume([self._at(topic)])

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def _at(self, topic: str) -> TopicPartition:
        return TopicPartition(topic, self._partition)
