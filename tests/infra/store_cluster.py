"""A Redis Cluster of three masters with a replica each, whose nodes are killed, cut off and changed over."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from infra.embedded import EmbeddedStore
from infra.embedded.process import free_port
from tests.infra.store_servers import NODES, SLOTS, command

_TIMEOUT_MS = 1_000
"""After this long without a word a master is taken for dead, and its replica asks for its place."""
_SECONDS = 120.0
_MASTER = "master"


class StoreCluster:
    """Looks like a store of one server to who starts and kills it.

    Args:
        directory: where its nodes keep their files.
    """

    def __init__(self, directory: Path) -> None:
        # By default a node talks to others on its port plus 10,000, which may lie beyond the last port.
        self._buses = [free_port() for _ in range(2 * NODES)]
        self.nodes = [_node(directory / f"store-{n}", bus) for n, bus in enumerate(self._buses)]

    @property
    def url(self) -> str:
        """All nodes: any may be away when a client begins."""
        return f"redis://{','.join(node.address for node in self.nodes)}/0"

    def start(self) -> None:
        """Start all nodes and have them meet; half of them follow the others."""
        for node in self.nodes:
            node.start()
        for number, node in enumerate(self.nodes[:NODES]):
            first, last = SLOTS * number // NODES, SLOTS * (number + 1) // NODES - 1
            ask(node, "CLUSTER ADDSLOTSRANGE", first, last)
        for node, bus in zip(self.nodes[1:], self._buses[1:], strict=True):
            host, port = node.address.split(":")
            ask(self.nodes[0], "CLUSTER MEET", host, port, bus)
        self.until(lambda: all(_knows(node, len(self.nodes)) for node in self.nodes), "all nodes know each other")
        for master, replica in zip(self.nodes[:NODES], self.nodes[NODES:], strict=True):
            ask(replica, "CLUSTER REPLICATE", ask(master, "CLUSTER MYID"))
        self.until_whole()

    def kill(self) -> None:
        """Kill all of them."""
        for node in self.nodes:
            node.kill()

    def masters(self) -> list[EmbeddedStore]:
        """The nodes that take writes."""
        return [node for node in self.nodes if node.pid is not None and _role(node) == _MASTER]

    def replica_of(self, master: EmbeddedStore) -> EmbeddedStore:
        """The node that follows this one."""
        port = master.port
        return next(one for one in self.nodes if one is not master and _info(one).get("master_port") == port)

    def until_whole(self) -> None:
        """Wait until all slots are served, and each master is followed."""
        self.until(self._is_whole, "the cluster is whole")

    def _is_whole(self) -> bool:
        if any(node.pid is None or _state(node) != "ok" for node in self.nodes):
            return False
        infos = [_info(node) for node in self.nodes]
        following = [info for info in infos if info["role"] != _MASTER]
        return len(following) == NODES and all(info["master_link_status"] == "up" for info in following)

    def change_over(self, master: EmbeddedStore) -> None:
        """What an operator does before maintenance: the replica takes over once it has everything."""
        replica = self.replica_of(master)
        ask(replica, "CLUSTER FAILOVER")
        self.until(lambda: _role(replica) == _MASTER and _role(master) != _MASTER, "the replica has taken over")

    def lose(self, master: EmbeddedStore, meanwhile: Callable[[], None]) -> int:
        """Kill a master that could not tell its replica of the last writes; the bytes of the log that are lost.

        Args:
            master: the node to kill.
            meanwhile: brings about writes.
        """
        replica = self.replica_of(master)
        # The replica refuses its master's link until it is in its place.
        ask(replica, "CONFIG SET", "masteruser", "nobody")
        ask(replica, "CONFIG SET", "masterauth", "wrong")
        ask(master, "CLIENT KILL", "TYPE", "replica")
        meanwhile()
        lost = _offset(master, "master_repl_offset") - _offset(replica, "slave_repl_offset")
        master.kill()
        self.until(lambda: _role(replica) == _MASTER, "the replica has taken over")
        ask(replica, "CONFIG SET", "masteruser", "")
        ask(replica, "CONFIG SET", "masterauth", "")
        return lost

    def until(self, look: Callable[[], bool], what: str) -> None:
        """Look until it is so."""
        deadline = time.monotonic() + _SECONDS
        while not look():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still not: {what}")
            time.sleep(0.05)


def ask(node: EmbeddedStore, *words: str | int) -> Any:
    """What an operator types at this node."""
    with Redis.from_url(node.url, decode_responses=True) as client:
        return command(client, *words)


def _node(directory: Path, bus: int) -> EmbeddedStore:
    settings = {
        "cluster-enabled": "yes",
        "cluster-node-timeout": str(_TIMEOUT_MS),
        "cluster-port": str(bus),
        "cluster-replica-validity-factor": "0",
        "repl-diskless-sync-delay": "0",
    }
    return EmbeddedStore(directory, "everysec", extra=settings)


def _info(node: EmbeddedStore) -> dict[str, Any]:
    if node.pid is None:
        return {}
    try:
        found: dict[str, Any] = ask(node, "INFO", "replication")
    except RedisError:
        return {}
    return found


def _role(node: EmbeddedStore) -> str:
    return str(_info(node).get("role"))


def _offset(node: EmbeddedStore, name: str) -> int:
    return int(_info(node)[name])


def _state(node: EmbeddedStore) -> str:
    try:
        return str(ask(node, "CLUSTER INFO")["cluster_state"])
    except RedisError:
        return ""


def _knows(node: EmbeddedStore, count: int) -> bool:
    return int(ask(node, "CLUSTER INFO")["cluster_known_nodes"]) == count
