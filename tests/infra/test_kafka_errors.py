"""What is asked of Kafka once more, and for how long."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from infra.kafka import errors
from infra.kafka.errors import ask


@pytest.mark.parametrize(
    ("code", "answers"), [(KafkaError.NOT_LEADER_FOR_PARTITION, True), (KafkaError.UNKNOWN_TOPIC_OR_PART, False)]
)
def test_a_leader_is_waited_for_longer_than_a_topic_that_may_not_be_there(
    code: int, answers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "_SECONDS", 0.0)
    said = [KafkaException(KafkaError(code))]

    def question() -> str:
        if said:
            raise said.pop()
        return "an answer"

    if answers:
        assert ask(question) == "an answer"
    else:
        with pytest.raises(KafkaException):
            ask(question)
