"""Brokers and stores of several nodes, of which one at a time is lost: the same to the byte as undisturbed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.topics import Topics
from tests.backends import OwnBroker, own_broker_or_skip
from tests.equality.histories import History, Result
from tests.faults.losing_nodes import LosingBrokers, LosingStores
from tests.faults.outcome import Outcome
from tests.faults.probe import Step
from tests.infra.broker_cluster import NODES, BrokerCluster
from tests.infra.store_cluster import StoreCluster

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerCluster]:
    """Three brokers, replication 3, at least 2 in sync."""
    own_broker_or_skip()
    with BrokerCluster(tmp_path_factory.mktemp("brokers")) as cluster:
        yield cluster


def test_three_brokers_of_which_one_is_killed_frozen_or_loses_what_it_had_not_written(
    brokers: BrokerCluster, days: History, expected_of_days: Result, tmp_path: Path
) -> None:
    with LosingBrokers(brokers, days, tmp_path, seed=2) as trouble:
        trouble.kill_leader()
        trouble.kill_at(Step.PUBLISH)
        trouble.freeze_leader()
        trouble.lose_power()
        trouble.kill_at(Step.COMMIT)

        trouble.until_done()
        trouble.check(expected_of_days)
        assert trouble.outcome(expected_of_days) == Outcome()
        assert len(trouble.done) >= 5, trouble.done


def test_topics_whose_replicas_need_not_have_everything_are_noted(brokers: BrokerCluster) -> None:
    topics, spec = Topics(KafkaConnection(brokers.address)), TopicSpec("orders", 1, {"min.insync.replicas": "1"})
    topics.create([spec, TopicSpec("complaints", 1)], replication=NODES)

    (note,) = topics.check([spec, TopicSpec("complaints", 1)]).notes

    assert note.startswith("orders: several replicas, and min.insync.replicas=1")


def test_a_store_of_three_masters_that_fail_over_with_what_they_acknowledged_or_without(
    own_kafka: OwnBroker, days: History, expected_of_days: Result, tmp_path: Path
) -> None:
    cluster = StoreCluster(tmp_path)
    with LosingStores(own_kafka, cluster, days, tmp_path, seed=3) as trouble:
        for master in cluster.masters():
            trouble.change_over(master)
        trouble.kill_at(Step.COMMIT)
        for number in range(NODES):
            trouble.lose_master(cluster.masters()[number])
        trouble.kill_at(Step.HANDLE)

        trouble.until_done()
        trouble.check(expected_of_days)
        assert trouble.lost > 0, "no replica was behind"
        assert trouble.outcome(expected_of_days) == Outcome()
