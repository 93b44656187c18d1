"""The topics of a cluster: made, checked before anything relies on them, and asked for their ends."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not in its __all__
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from infra.kafka.connection import KafkaConnection
from infra.kafka.errors import ask, problem_of
from infra.kafka.expected_topics import FoundTopics, TopicReport, TopicSpec
from infra.kafka.partition_log import PartitionLog
from schemas.errors import ConfigurationRefused, DependencyUnavailable, TendError
from schemas.lane import BrokerIdentity

_SECONDS = 20.0


class Topics:
    """The topics of one Kafka cluster. Calls block for as long as the broker takes, 20 seconds at most."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._admin = AdminClient(connection.librdkafka())

    def create(self, specs: Iterable[TopicSpec], replication: int = 1) -> list[str]:
        """Make the topics that are missing and return their names; those that exist stay as they are.

        Raises:
            TendError: the broker refused one.
            DependencyUnavailable: no broker answers.
        """
        wanted = {
            spec.name: NewTopic(spec.name, spec.partitions, replication, config=dict(spec.configs)) for spec in specs
        }
        existing = self._partitions()
        missing = [topic for name, topic in wanted.items() if name not in existing]
        if not missing:
            return []
        made = self._admin.create_topics(missing, operation_timeout=_SECONDS, request_timeout=_SECONDS)
        names = [name for name, result in made.items() if _was_made(name, result)]
        self._wait_until_known(names)
        return names

    def _wait_until_known(self, names: Sequence[str]) -> None:
        # A topic that was made becomes known to clients a moment later.
        deadline = time.monotonic() + _SECONDS
        while not self._partitions().keys() >= set(names):
            if time.monotonic() > deadline:
                raise DependencyUnavailable(f"Kafka made topics ({', '.join(names)}) and does not show them")
            time.sleep(0.05)

    def check(self, specs: Sequence[TopicSpec]) -> TopicReport:
        """Compare what is there with what has to be.

        Raises:
            ConfigurationRefused: see ``FoundTopics.report``.
            DependencyUnavailable: no broker answers.
        """
        known = self._metadata().topics
        found = FoundTopics(
            partitions={name: len(topic.partitions) for name, topic in known.items()},
            replicas={name: len(topic.partitions[0].replicas) for name, topic in known.items() if topic.partitions},
            configs=self._configs([spec.name for spec in specs if spec.name in known]),
            brokers=self._connection.brokers,
        )
        return found.report(specs)

    def identity(self, topics: Sequence[str]) -> BrokerIdentity:
        """Which cluster this is, and the ids of its topics (empty where the broker reports none).

        Raises:
            ConfigurationRefused: a topic is missing.
            DependencyUnavailable: no broker answers.
        """
        # Any broker tells it with its metadata. `describe_cluster` asks the controller, and waits minutes for one that
        # has just died.
        cluster = cast("str | None", self._metadata().cluster_id)
        found = self._described(topics)
        ids = {name: str(one.topic_id or "") for name, one in sorted(found.items())}
        partitions = max((len(one.partitions) for one in found.values()), default=0)
        return BrokerIdentity(cluster=cluster or "", topics=ids, partitions=partitions)

    def _described(self, topics: Sequence[str]) -> dict[str, Any]:
        asked = TopicCollection(list(topics))

        def describe() -> dict[str, Any]:
            answers = self._admin.describe_topics(asked, request_timeout=_SECONDS)
            return {name: answer.result(_SECONDS) for name, answer in answers.items()}

        try:
            return ask(describe)  # of a topic just made, not every broker knows at once
        except KafkaException as error:
            raise _meaning(f"describe {', '.join(topics)}", error) from error
        except TimeoutError as late:
            raise _too_late(f"describe {', '.join(topics)}") from late

    def end_offsets(self, topics: Sequence[str]) -> dict[str, list[int]]:
        """The offset behind the last committed record of each partition, by topic.

        Raises:
            ConfigurationRefused: a topic is missing.
            DependencyUnavailable: no broker answers.
        """
        return {topic: [end for _, end in bounds] for topic, bounds in self._bounds(topics).items()}

    def first_offsets(self, topics: Sequence[str]) -> dict[str, list[int]]:
        """The first offset that each partition still holds, by topic. Raises as ``end_offsets`` does."""
        return {topic: [first for first, _ in bounds] for topic, bounds in self._bounds(topics).items()}

    def _bounds(self, topics: Sequence[str]) -> dict[str, list[tuple[int, int]]]:
        existing = self._partitions()
        if missing := [topic for topic in topics if topic not in existing]:
            raise ConfigurationRefused(f"Missing topics: {', '.join(missing)}. Run: tend topics create")
        with PartitionLog(self._connection) as log:
            return {topic: [log.bounds(topic, p) for p in range(existing[topic])] for topic in topics}

    def committed_offsets(self, group: str, topics: Sequence[str]) -> dict[tuple[str, int], int]:
        """How far a consumer group has said it came, where the broker still knows.

        The workers' group says so for display; it is good enough to begin again at.

        Raises:
            ConfigurationRefused: a topic is missing.
            DependencyUnavailable: no broker answers.
        """
        asked = [TopicPartition(topic, p) for topic in topics for p in range(self.partitions(topic))]
        consumer = Consumer(self._connection.librdkafka(group_id=group, enable_auto_commit=False))
        try:
            known = consumer.committed(asked, timeout=_SECONDS)
        except KafkaException as error:
            raise DependencyUnavailable(f"Kafka: {problem_of(error).str()}") from error
        finally:
            consumer.close()
        return {(at.topic, at.partition): at.offset for at in known if at.offset >= 0}

    def existing(self, names: Sequence[str]) -> list[str]:
        """Those of these topics that exist. Raises DependencyUnavailable."""
        found = self._partitions()
        return [name for name in names if name in found]

    def delete(self, names: Sequence[str]) -> None:
        """Delete these topics, with all that lies in them. Raises DependencyUnavailable."""
        for name, result in self._admin.delete_topics(list(names), operation_timeout=_SECONDS).items():
            _await(f"delete {name}", result)

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has.

        Raises:
            ConfigurationRefused: there is no such topic.
            DependencyUnavailable: no broker answers.
        """
        found = self._partitions().get(topic)
        if found is None:
            raise ConfigurationRefused(f"There is no topic {topic}. Run: tend topics create")
        return found

    def _partitions(self) -> dict[str, int]:
        return {name: len(topic.partitions) for name, topic in self._metadata().topics.items()}

    def _metadata(self) -> ClusterMetadata:
        try:
            return ask(lambda: self._admin.list_topics(timeout=_SECONDS))
        except KafkaException as error:
            raise DependencyUnavailable(f"Kafka at {self._connection.brokers} does not answer: {error}") from error

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        if not names:
            return {}
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        answers = self._admin.describe_configs(resources, request_timeout=_SECONDS)
        return {
            resource.name: {name: entry.value for name, entry in _await("describe configs", result).items()}
            for resource, result in answers.items()
        }


def _was_made(name: str, result: Any) -> bool:
    try:
        result.result(_SECONDS)
    except KafkaException as error:
        # Another program may have made it in the meantime.
        if problem_of(error).code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise TendError(f"The broker refused to make the topic {name}: {problem_of(error).str()}") from error
    return True


def _await(doing: str, result: Any) -> Any:
    try:
        return result.result(_SECONDS)
    except KafkaException as error:
        raise _meaning(doing, error) from error
    except TimeoutError as late:
        raise _too_late(doing) from late


def _too_late(doing: str) -> DependencyUnavailable:
    # The request has a time-out of its own, which a client that waits for one node of several may pass.
    return DependencyUnavailable(f"Kafka did not {doing} within {_SECONDS:.0f} s")


def _meaning(doing: str, error: KafkaException) -> Exception:
    problem = problem_of(error)
    if problem.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
        return ConfigurationRefused(f"Cannot {doing}: {problem.str()}. Run: tend topics create")
    return DependencyUnavailable(f"Kafka could not {doing}: {problem.str()}")
