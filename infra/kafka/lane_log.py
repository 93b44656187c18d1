"""The logs of one lane: the p-th partitions of its topics, read ahead from wherever a read says.

A thread takes what librdkafka fetches while the lane works, and lays it on one pile per topic. For a pile that is high
it waits a moment, and then pauses that topic alone, so that what is known of the others' ends stays true. A client is
never moved: a read that names other offsets than those where the last one ended gets logs of its own, so that nothing
that was on its way for an earlier place can be taken for what comes next.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaError, KafkaException, Message

from infra.kafka.intake import UNKNOWN_END
from infra.kafka.log_client import LogClient
from infra.kafka.pile import Pile
from schemas.errors import Refused, TendError
from schemas.lane import Fetched

log = logging.getLogger(__name__)

_STILL_SECONDS = 1.0
"""How long the thread waits for a reader of a high pile: what is known of the others' ends is never older."""
_BEYOND_SECONDS = 3.0
_AGAIN_SECONDS = 0.2
_OUTSIDE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
_NEVER = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,
    KafkaError._BAD_MSG,
    KafkaError._BAD_COMPRESSION,
}


class LaneLog:
    """Reads one partition of several topics from these offsets on, until closed.

    Args:
        new_client: makes a client that begins at the offsets it is given.
        partition: the partition's number.
        starts: topics and where to begin in them.
        came: called on the reading thread when something came after a reader found nothing.
        high: bytes on a pile that are enough.
    """

    def __init__(
        self,
        new_client: Callable[[int, Mapping[str, int]], LogClient],
        partition: int,
        starts: Mapping[str, int],
        came: Callable[[], None],
        high: int,
    ) -> None:
        self._new_client = new_client
        self._partition = partition
        self._came = came
        self._high = high
        self._piles = {topic: Pile(offset) for topic, offset in starts.items()}
        self._outside: dict[str, float] = {}
        """Topics whose place was not found in the log, and since when."""
        self._problem: Exception | None = None
        self._awaited = self._closing = False
        self._lock = threading.Condition()
        self._client = new_client(partition, starts)
        self._thread = threading.Thread(target=self._run, name=f"tend-log-{partition}", daemon=True)
        self._thread.start()

    @property
    def silence(self) -> float:
        """Seconds since a broker last answered."""
        return self._client.pulse.silence

    @property
    def stands(self) -> dict[str, int]:
        """Where the next read of each topic must begin."""
        return {topic: pile.handed for topic, pile in self._piles.items()}

    def stands_at(self, wants: Mapping[str, int]) -> bool:
        """Whether these offsets are where the last read of each topic ended, or where it began."""
        return all((pile := self._piles.get(topic)) and pile.handed == offset for topic, offset in wants.items())

    def has(self, topics: Mapping[str, int]) -> bool:
        """Whether something waits to be taken, a problem too; if not, ``came`` will be called once it does."""
        with self._lock:
            self._awaited = self._problem is None and not any(self._piles[topic].raws for topic in topics)
            return not self._awaited

    def take(self, topics: Mapping[str, int]) -> dict[str, Fetched]:
        """What has come.

        Raises:
            Refused: an offset lies outside the log.
            TendError: Kafka does not let the partition be read.
        """
        with self._lock:
            self._awaited = False
            if self._problem is not None:
                raise self._problem
            return {topic: self._hand(topic, self._piles[topic]) for topic in topics}

    def _hand(self, topic: str, pile: Pile) -> Fetched:
        raws = pile.hand()
        self._lock.notify()
        end = self._client.end(topic)
        if pile.reached(end):
            end = pile.next_offset
        elif end <= pile.next_offset:
            end = UNKNOWN_END
        if pile.paused and not self._closing:
            self._client.resume(topic)
            pile.paused = False
        return Fetched(raws, pile.next_offset, end)

    def stop(self) -> None:
        """Ask the thread to end."""
        with self._lock:
            self._closing = True
            self._lock.notify()

    def close(self) -> None:
        """Let the connection go; waits for the thread."""
        self.stop()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing:
                self._lay(self._client.gathered())
                self._look_around()
        except Exception as problem:  # noqa: BLE001 - whoever reads is told
            self._problem = problem
            self._came()
        finally:
            with self._lock:
                self._client.close()

    def _lay(self, messages: list[Message]) -> None:
        """Sort what came onto the piles; the lock is not held while records are made."""
        found = {topic: pile.more() for topic, pile in self._piles.items()}
        for message in messages:
            problem, topic = message.error(), message.topic() or ""
            if problem is None:
                found[topic].add(message)
            elif problem.code() == KafkaError._PARTITION_EOF:
                found[topic].end(message.offset() or 0)
            else:
                self._meet(topic, problem)
        came = {topic: more for topic, more in found.items() if more.at_end is not None}
        with self._lock:
            for topic, more in came.items():
                self._piles[topic].add(more)
                self._outside.pop(topic, None)
            tells = self._awaited and any(more.raws for more in came.values())
        if came:
            self._client.pulse.heard()
        if tells:
            self._came()

    def _look_around(self) -> None:
        """Pause what has piled up; look whether each pile still lies within its log; doubt ends that may be old."""
        for topic, pile in self._piles.items():
            if pile.at_end:
                continue
            end = self._client.end(topic)
            # Not every broker says so, and one that has just become leader may seem to end earlier for a moment.
            if 0 <= end < pile.next_offset:
                self._not_there(topic)
            with self._lock:
                # What nothing is known to follow is not paused: nothing would tell its end again.
                if not pile.reached(end) and self._stays_high(pile):
                    self._client.pause(topic)
                    pile.paused = True
        if self._client.pulse.doubtful or self._outside:
            self._begin_again()

    def _stays_high(self, pile: Pile) -> bool:
        def has_room() -> bool:
            return pile.bytes <= self._high or self._closing

        return not (pile.paused or self._lock.wait_for(has_room, _STILL_SECONDS))

    def _begin_again(self) -> None:
        with self._lock:
            starts = {topic: pile.next_offset for topic, pile in self._piles.items()}
            old, self._client = self._client, self._new_client(self._partition, starts)
            for pile in self._piles.values():
                pile.at_end = pile.paused = False
        old.close()

    def _meet(self, topic: str, problem: KafkaError) -> None:
        if problem.code() in _OUTSIDE:
            self._not_there(topic)
        elif problem.code() in _NEVER:
            raise TendError(f"Kafka does not let partition {self._partition} be read: {problem.str()}")
        else:
            log.info("Partition %d: %s", self._partition, problem.str())

    def _not_there(self, topic: str) -> None:
        """Try again for some seconds, then refuse."""
        if time.monotonic() - self._outside.setdefault(topic, time.monotonic()) < _BEYOND_SECONDS:
            time.sleep(_AGAIN_SECONDS)
            return
        try:
            first, end = self._client.bounds(topic)
        except KafkaException:
            return  # nobody answers, so nobody has refused
        raise Refused(
            f"The store's offsets lie outside the log ({topic} partition {self._partition}: "
            f"{self._piles[topic].next_offset} asked, the log holds {first} to {end}). Events were deleted before they "
            "were handled, or the topic was made anew. Restore the topic, or begin afresh with an empty store (tend "
            "replay rebuilds it)."
        )
