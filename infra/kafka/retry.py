"""Asking a broker once more where the answer was lost on its way, or is not known yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 0.05
_PASSES = {
    # A connection was cut.
    KafkaError._TRANSPORT,
    KafkaError._DESTROY_BROKER,
    KafkaError._UNKNOWN_PARTITION,
    # The leader of a topic just made, or just moved, is known to all a moment later.
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
}
_Answer = TypeVar("_Answer")


def ask(question: Callable[[], _Answer]) -> _Answer:
    """The answer to a question that may be asked again.

    Raises:
        KafkaException: the problem is none that passes by itself, or did not pass within five seconds.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return question()
        except KafkaException as error:
            if error.args[0].code() not in _PASSES or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_SECONDS)
