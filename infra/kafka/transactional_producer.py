"""A producer of transactions, of which only the newest of a name counts. Its calls block."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from infra.kafka.connection import KafkaConnection, Place
from infra.kafka.errors import FENCED, NOT_ALLOWED, TOO_LARGE, problem_of
from schemas.errors import DependencyUnavailable, Fenced, TendError

_SECONDS = 20.0
_TRANSACTION_MS = 30_000
_DELIVERY_MS = 15_000
_FOLLOWS = {KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._STATE}
_FIX = "Raise the topic's max.message.bytes or grant the rights, then restart the program."


class TransactionalProducer:
    """One life of a transactional id; it begins by fencing every older one of its name.

    After a failure nobody knows how much of a transaction is out: drop it, and begin another one.

    Args:
        connection: where Kafka is.
        name: the transactional id.
        config: further properties of the client (underscores stand for dots).

    Raises:
        DependencyUnavailable: no broker answers for now.
    """

    def __init__(self, connection: KafkaConnection, name: str, **config: int) -> None:
        self._name = name
        self._problems: list[KafkaError] = []
        self._producer = Producer(
            connection.librdkafka(
                transactional_id=name,
                transaction_timeout_ms=_TRANSACTION_MS,
                message_timeout_ms=_DELIVERY_MS,
                linger_ms=5,
                **config,
            )
        )
        try:
            self._producer.init_transactions(_SECONDS)
        except KafkaException as error:
            raise DependencyUnavailable(f"{name} could not begin: {problem_of(error).str()}") from error

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """What is sent within lies in the log together, or not at all.

        Raises:
            Fenced: a younger one of the name has begun.
            DependencyUnavailable: the broker did not take all of it, or did not say so.
            TendError: Kafka will never take one of the records.
        """
        try:
            with _fatal_error_bared():
                self._producer.begin_transaction()
                yield
                self._producer.commit_transaction(_SECONDS)
        except (KafkaException, BufferError) as error:
            raise self._meaning(error) from error

    def send(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        told: Callable[[int], None] | None = None,
    ) -> None:
        """Send a record within a transaction; waits while the queue is full.

        ``told`` hears the offset that the record got, before the transaction is committed.
        """
        delivered = self._delivered if told is None else partial(self._delivered_to, told)
        while True:
            try:
                self._producer.produce(
                    topic, value, key, partition, on_delivery=delivered, headers=list(headers)
                )  # fmt: skip
                return
            except BufferError:
                self._producer.poll(0.1)

    def end_left_open(self, places: Iterable[Place]) -> None:
        """Take back what an earlier transaction of this name left open in these partitions, which the broker forgot.

        A lone Apache Kafka that is killed between saying that a transaction is committed and telling its partitions so
        may take them for deleted when it starts again: the transaction is complete to its coordinator, and open in the
        logs, where readers of committed records stop for good (seen with 4.3.0; see KIP-664 for hanging transactions).
        A log knows one open transaction per producer id: what ends a later one there ends both.

        Raises as ``transaction`` does.
        """
        try:
            with _fatal_error_bared():
                self._producer.begin_transaction()
                for topic, partition in places:
                    # A compacted topic wants a key; nobody ever sees it.
                    self._producer.produce(topic, b"", b"", partition)
                self._producer.flush(_SECONDS)
                self._producer.abort_transaction(_SECONDS)
        except KafkaException as error:
            raise self._meaning(error) from error

    def drop(self) -> None:
        """Let it go. The next of its name ends its transaction, if any; its queue must not go out after that."""
        with contextlib.suppress(KafkaException), _fatal_error_bared():
            self._producer.purge(in_queue=True, in_flight=True, blocking=False)
        # One that was fenced says so at each call, here too; whoever called has been told already.
        with contextlib.suppress(KafkaException), _fatal_error_bared():
            self._producer.flush(0)

    def _delivered(self, problem: KafkaError | None, _: object) -> None:
        if problem is not None:
            self._problems.append(problem)

    def _delivered_to(self, told: Callable[[int], None], problem: KafkaError | None, message: Message) -> None:
        self._delivered(problem, message)
        if problem is None:
            told(message.offset() or 0)

    def _meaning(self, error: KafkaException | BufferError) -> Exception:
        if not isinstance(error, KafkaException):
            return DependencyUnavailable(str(error))
        if problem_of(error).code() in FENCED:
            return Fenced(f"{self._name} was opened by another owner")
        # A transaction that fails does not name the record's own problem.
        problem = next((one for one in self._problems if one.code() not in _FOLLOWS), problem_of(error))
        if problem.code() in NOT_ALLOWED | TOO_LARGE:
            return TendError(f"Kafka never takes what {self._name} wants to publish: {problem.str()}. {_FIX}")
        return DependencyUnavailable(f"{self._name}: {problem.str()}")


@contextlib.contextmanager
def _fatal_error_bared() -> Iterator[None]:
    """Raise a fatal error as the KafkaException that it is.

    The client raises it amid the callbacks of deliveries, where Python makes a SystemError of it: the callback
    "returned a result with an exception set", or the call itself "returned NULL without setting an exception", where a
    callback after it has lost what was raised. What was lost counts as a fence: either way another life has to begin.
    """
    try:
        yield
    except SystemError as error:
        told = error.__cause__
        lost = KafkaException(KafkaError(KafkaError._FENCED, str(error)))
        raise (told if isinstance(told, KafkaException) else lost) from None
