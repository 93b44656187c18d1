"""The logs of one lane: the p-th partitions of its topics, read ahead from wherever a read says.

A thread takes what librdkafka fetches while the lane works, and lays it on one pile per topic. For a pile that is high
it waits a moment, and then pauses that topic alone, so that what is known of the others' ends stays true. Readers find
what lies on the piles and never ask the client, which is the thread's alone. A client is never moved: a read that names
other offsets than those where the last one ended gets logs of its own, so that nothing that was on its way for an
earlier place can be taken for what comes next.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaError, Message

from infra.kafka.gaps import Gaps
from infra.kafka.log_client import LogClient
from infra.kafka.outside import Outside
from infra.kafka.pile import Pile
from schemas.errors import TendError
from schemas.lane import Fetched

log = logging.getLogger(__name__)

_STILL_SECONDS = 1.0
"""How long the thread waits for a reader of a high pile: what is known of the others' ends is never older."""
_LOOK_SECONDS = 0.2
_PAUSED_LOOK_SECONDS = 0.02
"""How long it waits for records before it looks around; a paused pile that was taken waits for that."""
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
        contiguous: whether the broker's offsets are without gaps (see ``Gaps``).
    """

    def __init__(
        self,
        new_client: Callable[[int, Mapping[str, int]], LogClient],
        partition: int,
        starts: Mapping[str, int],
        came: Callable[[], None],
        high: int,
        *,
        contiguous: bool,
    ) -> None:
        self._new_client = new_client
        self._partition = partition
        self._came = came
        self._high = high
        self._piles = {topic: Pile(offset) for topic, offset in starts.items()}
        self._outside = Outside(partition)
        self._gaps = Gaps(contiguous=contiguous)
        self._problem: Exception | None = None
        self._awaited = self._closing = self._again = False
        self._lock = threading.Condition()
        self._client: LogClient | None = None
        self._thread = threading.Thread(target=self._run, name=f"tend-log-{partition}", daemon=True)
        self._thread.start()

    @property
    def silence(self) -> float:
        """Seconds since a broker last answered."""
        return self._client.pulse.silence if self._client else 0.0

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
            if self._awaited:
                self._lock.notify()  # nobody is going to take a high pile for now
            return not self._awaited

    def take(self, topics: Mapping[str, int]) -> dict[str, Fetched]:
        """What has come.

        Raises:
            ConfigurationRefused: an offset lies outside the log.
            TendError: Kafka does not let the partition be read.
        """
        with self._lock:
            self._awaited = False
            if self._problem is not None:
                raise self._problem
            self._lock.notify()
            return {topic: self._piles[topic].hand() for topic in topics}

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
        client = None
        try:
            client = self._begin()
            while not self._closing:
                paused = any(pile.paused for pile in self._piles.values())
                self._lay(client, client.gathered(_PAUSED_LOOK_SECONDS if paused else _LOOK_SECONDS))
                for topic, pile in self._piles.items():
                    self._look_at(client, topic, pile)
                if client.pulse.doubtful or self._again:
                    client.close()
                    client = self._begin()
        except Exception as problem:  # noqa: BLE001 - whoever reads is told
            self._problem = problem
            self._came()
        finally:
            if client is not None:
                client.close()

    def _begin(self) -> LogClient:
        """Read on behind what lies on the piles, with nothing known of the ends of their logs."""
        self._again = False
        with self._lock:
            for pile in self._piles.values():
                pile.at_end = pile.paused = False
        starts = {topic: pile.next_offset for topic, pile in self._piles.items()}
        client = self._client = self._new_client(self._partition, starts)
        return client

    def _lay(self, client: LogClient, messages: list[Message]) -> None:
        """Sort what came onto the piles; the lock is not held while records are made."""
        found = {topic: pile.more() for topic, pile in self._piles.items()}
        for message in messages:
            problem, topic = message.error(), message.topic() or ""
            if problem is not None and problem.code() != KafkaError._PARTITION_EOF:
                self._meet(client, topic, problem)
            elif self._gaps.before(topic, found[topic].next_offset, message.offset() or 0):
                self._again = True
            elif problem is None:
                found[topic].add(message)
            else:
                found[topic].end(message.offset() or 0)
        came = [(topic, more, client.end(topic)) for topic, more in found.items() if more.at_end is not None]
        with self._lock:
            for topic, more, end in came:
                self._piles[topic].add(more)
                self._piles[topic].told(end)
                self._outside.found(topic)
            tells = self._awaited and any(more.raws for _, more, _ in came)
        if came:
            client.pulse.heard()
        if tells:
            self._came()

    def _look_at(self, client: LogClient, topic: str, pile: Pile) -> None:
        """Pause what has piled up, and go on with it once it was taken; look whether it still lies within its log."""
        if pile.paused and not pile.raws:
            client.resume(topic)
            pile.paused = False
        if pile.paused or pile.at_end:
            return
        end = client.end(topic)
        # Not every broker says so, and one that has just become leader may seem to end earlier for a moment.
        if 0 <= end < pile.next_offset:
            self._miss(client, topic)
        with self._lock:
            # What nothing is known to follow is not paused: nothing would tell its end again.
            if not pile.told(end) and self._stays_high(pile):
                client.pause(topic)
                pile.paused = True

    def _stays_high(self, pile: Pile) -> bool:
        def is_high() -> bool:
            return pile.bytes > self._high and not self._closing

        self._lock.wait_for(lambda: self._awaited or not is_high(), _STILL_SECONDS)
        return is_high()

    def _meet(self, client: LogClient, topic: str, problem: KafkaError) -> None:
        if problem.code() in _OUTSIDE:
            self._miss(client, topic)
        elif problem.code() in _NEVER:
            raise TendError(f"Kafka does not let partition {self._partition} be read: {problem.str()}")
        else:
            log.info("Partition %d: %s", self._partition, problem.str())

    def _miss(self, client: LogClient, topic: str) -> None:
        self._outside.missed(topic, self._piles[topic].next_offset, client)
        self._again = True
