"""Topics are made as they have to be, and refused otherwise."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import Producer, TopicCollection
from confluent_kafka.admin import ConfigResource  # type: ignore[attr-defined]  # public, but not in its __all__

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.topics import Topics
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.times import DAY

FOREVER = {"retention.ms": "-1"}


@pytest.fixture
def connection(broker: str) -> KafkaConnection:
    return KafkaConnection(broker)


@pytest.fixture
def topics(connection: KafkaConnection) -> Topics:
    return Topics(connection)


def test_missing_topics_are_made_and_existing_ones_left_alone(topics: Topics) -> None:
    assert sorted(topics.create([TopicSpec("a", 4), TopicSpec("b", 1)])) == ["a", "b"]
    assert topics.create([TopicSpec("a", 8), TopicSpec("c", 2)]) == ["c"]

    assert [topics.partitions(name) for name in "abc"] == [4, 1, 2]


class Silent:
    """An admin client whose answers never come."""

    def describe_topics(self, asked: TopicCollection, **_: Any) -> dict[str, Future[Any]]:
        return {"orders": Future()}

    def describe_configs(self, resources: list[ConfigResource], **_: Any) -> dict[ConfigResource, Future[Any]]:
        return {resource: Future() for resource in resources}


def test_an_answer_that_does_not_come_says_that_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would end a worker, which looks at its topics every two seconds."""
    topics = Topics(KafkaConnection("127.0.0.1:1"))
    monkeypatch.setattr(topics, "_admin", Silent())
    monkeypatch.setattr("infra.kafka.topics._SECONDS", 0.01)

    with pytest.raises(DependencyUnavailable, match="did not describe orders"):
        topics._described(["orders"])
    with pytest.raises(DependencyUnavailable, match="did not describe configs"):
        topics._configs(["orders"])


def test_any_broker_says_which_cluster_this_is(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controller may just have died: who asks it waits minutes."""
    topics.create([TopicSpec("a", 1)])
    monkeypatch.setattr(topics._admin, "describe_cluster", lambda **_: Future())

    assert topics.identity(["a"]).cluster


def test_topics_that_are_as_expected_pass(topics: Topics) -> None:
    specs = [TopicSpec("a", 4, FOREVER, oldest=400 * DAY), TopicSpec("b", 1)]
    topics.create(specs)

    assert topics.check(specs).topics == {"a": 4, "b": 1}


def test_a_missing_topic_is_refused_with_the_command_that_makes_it(topics: Topics) -> None:
    with pytest.raises(
        ConfigurationRefused, match=r"nobody is missing; expected 3 partitions\. Run: tend topics create"
    ):
        topics.check([TopicSpec("nobody", 3)])


def test_another_number_of_partitions_is_refused_with_both_numbers(topics: Topics) -> None:
    topics.create([TopicSpec("a", 4)])

    with pytest.raises(ConfigurationRefused, match=r"a has 4 partitions; expected 8.*TEND_PARTITIONS=4"):
        topics.check([TopicSpec("a", 8)])


def test_a_retention_that_would_delete_a_replay_is_refused_or_said_to_be_unknown(topics: Topics) -> None:
    spec = TopicSpec("a", 1, {"retention.ms": str(7 * DAY)}, oldest=400 * DAY)
    topics.create([spec])

    with pytest.raises(
        ConfigurationRefused, match=r"a keeps records for 7 days .* 400 days old.*--add-config retention.ms=-1"
    ):
        topics.check([spec])


def test_all_problems_are_named_at_once(topics: Topics) -> None:
    topics.create([TopicSpec("a", 4)])

    with pytest.raises(ConfigurationRefused) as refused:
        topics.check([TopicSpec("a", 8), TopicSpec("b", 8), TopicSpec("c", 1)])

    assert [name in str(refused.value) for name in ("a has", "b is missing", "c is missing")] == [True] * 3


def test_two_topics_of_a_name_made_one_after_the_other_are_told_apart(topics: Topics) -> None:
    topics.create([TopicSpec("a", 1), TopicSpec("b", 1)])

    found = topics.identity(["a", "b"])

    assert found == topics.identity(["a", "b"])
    assert found.cluster
    assert found.topics["a"] != found.topics["b"]


def test_a_topic_without_which_there_is_no_identity_is_named(topics: Topics, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.kafka.topics.ask", lambda question: question())  # else it is asked for some seconds

    with pytest.raises(ConfigurationRefused, match="tend topics create"):
        topics.identity(["nobody"])


def test_offsets_are_told_for_each_partition(topics: Topics, connection: KafkaConnection) -> None:
    topics.create([TopicSpec("a", 3)])
    producer = Producer(connection.librdkafka())
    for partition in (0, 2, 2):
        producer.produce("a", b"x", partition=partition)
    producer.flush(20)

    assert topics.end_offsets(["a"]) == {"a": [1, 0, 2]}
    assert topics.first_offsets(["a"]) == {"a": [0, 0, 0]}
