"""Where a worker's one client stands in the partitions that it reads, and which of them it has paused."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition

from infra.kafka.connection import Place


class ClientPlaces:
    """Moves the client; on the thread that alone may ask it."""

    def __init__(self, client: Consumer) -> None:
        self._client = client
        self._assigned: set[Place] = set()
        self._paused: set[Place] = set()
        """What the client was told to pause: it stays so over a new assignment, and when the group shares out anew."""

    def __contains__(self, at: TopicPartition) -> bool:
        return (at.topic, at.partition) in self._assigned

    def clear(self) -> None:
        """The group has taken all of them back."""
        self._assigned.clear()

    def assign(self, places: Sequence[TopicPartition]) -> None:
        """Read these from their offsets on, and nothing else. What the client holds of others is dropped."""
        self._client.assign(list(places))
        self._assigned = {(at.topic, at.partition) for at in places}
        self._resume([at for at in places if (at.topic, at.partition) in self._paused])

    def seek(self, at: TopicPartition) -> bool:
        """Go on at this offset of one that is read, paused or not; False where that cannot be done now."""
        try:
            self._client.seek(at)
            self._resume([at])
        except KafkaException:
            return False
        return True

    def pause(self, places: Sequence[TopicPartition]) -> None:
        """Fetch nothing of these any more; what the client holds of them is dropped."""
        self._client.pause(list(places))
        self._paused.update((at.topic, at.partition) for at in places)

    def _resume(self, places: list[TopicPartition]) -> None:
        if places:
            self._client.resume(places)
            self._paused.difference_update((at.topic, at.partition) for at in places)
