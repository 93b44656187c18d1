"""A replay on brokers or a store of several nodes, of which one at a time is lost."""

from __future__ import annotations

from pathlib import Path

from infra.embedded import EmbeddedStore
from schemas.topics import EVENT_TOPICS, LANE_TOPICS, POSITIONS
from tests.backends import OwnBroker
from tests.equality.histories import History
from tests.faults.disturbances import DisturbedEngine
from tests.infra.broker_cluster import NODES, BrokerCluster, freeze, lose_tails, wake
from tests.infra.store_cluster import StoreCluster

_TAIL_BYTES = 2_000


class LosingBrokers(DisturbedEngine):
    """Blows to three brokers, beside those to workers; all replicas are in sync before each."""

    def __init__(self, brokers: BrokerCluster, history: History, directory: Path, seed: int) -> None:
        super().__init__(brokers, history, directory, seed, replication=NODES)
        self.brokers = brokers

    def kill_leader(self) -> None:
        """A leader is killed: its partitions get others, and workers go on with two brokers."""
        self.feed()
        dead = self.brokers.leader(POSITIONS, self.dice.randrange(self.settings.partitions))
        dead.kill()
        self._go_on_without_one()
        dead.start()
        self.brokers.until_in_sync()
        self.done["leader of partitions killed"] += 1

    def freeze_leader(self) -> None:
        """A leader leads on in its own eyes, until the others hold it for dead; then it wakes."""
        self.feed()
        topic, partition = self.dice.choice(EVENT_TOPICS), self.dice.randrange(self.settings.partitions)
        asleep = self.brokers.leader(topic, partition)
        freeze(asleep)
        try:
            self.brokers.until(lambda: len(self.brokers.in_sync(topic, partition)) < NODES, "it is out of sync")
            self._go_on_without_one()
        finally:
            wake(asleep)
        self.brokers.until_in_sync()
        self.done["leader of partitions frozen, replicas out of sync"] += 1

    def lose_power(self) -> None:
        """A leader's machine ends, with what its disk had not got yet."""
        self.feed()
        dead = self.brokers.leader(POSITIONS, self.dice.randrange(self.settings.partitions))
        dead.kill()
        self.feed()
        cut = lose_tails(dead, (*LANE_TOPICS, POSITIONS), _TAIL_BYTES)
        dead.start()
        self.brokers.until_in_sync()
        self.until_handled()
        self.done["broker that comes back without the ends of its logs"] += min(cut, 1)

    def restart_broker(self) -> None:
        """All of them are killed at once, and started again."""
        super().restart_broker()
        self.brokers.until_in_sync()

    def _go_on_without_one(self) -> None:
        self.feed()
        self.until_handled()


class LosingStores(DisturbedEngine):
    """Blows to a Redis Cluster of three masters with a replica each, beside those to workers."""

    def __init__(self, kafka: OwnBroker, cluster: StoreCluster, history: History, directory: Path, seed: int) -> None:
        super().__init__(kafka, history, directory, seed, store=cluster)
        self.cluster = cluster
        self.lost = 0
        """Bytes of acknowledged writes that went with a master."""

    def change_over(self, master: EmbeddedStore | None = None) -> None:
        """What an operator does before maintenance: a replica takes over once it has everything."""
        self.feed()
        self.cluster.change_over(master or self.dice.choice(self.cluster.masters()))
        self.feed()
        self.cluster.until_whole()
        self.done["master of the store changed over"] += 1

    def lose_master(self, master: EmbeddedStore | None = None) -> None:
        """A master dies before its replica has heard of the last commits: acknowledged, and lost."""
        dead = master or self.dice.choice(self.cluster.masters())

        def meanwhile() -> None:
            self.feed()
            self.until_handled()

        lost = self.cluster.lose(dead, meanwhile)
        self.feed()
        dead.start()
        self.cluster.until_whole()
        self.until_handled()
        self.lost += lost
        self.done["master of the store lost with what it acknowledged"] += lost > 0
