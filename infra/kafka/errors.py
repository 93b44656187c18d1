"""What Kafka's errors mean, and asking once more where an answer was lost."""

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaError, KafkaException
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_fixed

_WITHOUT_LEADER: Final = {
    # The leader of a topic just made, or just moved, is known to all a moment later.
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
}
_PASSES: Final = {
    *_WITHOUT_LEADER,
    # A connection was cut.
    KafkaError._TRANSPORT,
    KafkaError._DESTROY_BROKER,
    KafkaError._UNKNOWN_PARTITION,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
NOT_ALLOWED: Final = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
NOT_LET_IN: Final = {
    *NOT_ALLOWED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,
    KafkaError.INCONSISTENT_GROUP_PROTOCOL,
    KafkaError.INVALID_SESSION_TIMEOUT,
    KafkaError.FENCED_INSTANCE_ID,
}
UNREADABLE: Final = {KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION}
OUTSIDE_LOG: Final = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}
TOO_LARGE: Final = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE}
FENCED: Final = {KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH}
"""Told to a transactional producer when a newer one of its name has begun."""
NO_TRANSACTIONS: Final = {KafkaError.UNSUPPORTED_VERSION, KafkaError._UNSUPPORTED_FEATURE}


def problem_of(error: KafkaException) -> KafkaError:
    """The error that an exception carries."""
    problem: KafkaError = error.args[0]
    return problem


def is_end(problem: KafkaError | None) -> bool:
    """Whether it says no more than that a partition ends there."""
    return problem is not None and problem.code() == KafkaError._PARTITION_EOF


def is_fatal(problem: KafkaError) -> bool:
    """Whether the client does nothing more from now on.

    A consumer that is fenced by another one of its name is told so among its records, where the error does not call
    itself fatal and the code is that of the client, whichever the broker's was.
    """
    return problem.fatal() or problem.code() == KafkaError._FATAL


def _passes(error: BaseException) -> bool:
    return isinstance(error, KafkaException) and problem_of(error).code() in _PASSES


_SECONDS: Final = 5.0
_SECONDS_FOR_A_LEADER: Final = 30.0
"""A broker that has much to do takes its time until it leads what it has just made."""


def _is_in_vain(state: RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    waits = isinstance(error, KafkaException) and problem_of(error).code() in _WITHOUT_LEADER
    return (state.seconds_since_start or 0.0) >= (_SECONDS_FOR_A_LEADER if waits else _SECONDS)


ask = Retrying(retry=retry_if_exception(_passes), stop=_is_in_vain, wait=wait_fixed(0.05), reraise=True)
"""Calls what is safe to call again, until it answers; raises what does not pass by itself, or not within 5 seconds (30
where a partition is without its leader)."""
