"""The client of Redis or Valkey, single or Cluster."""

from __future__ import annotations

from typing import Any, Self

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from infra.redis_url import first_of, nodes_of

Client = Redis | RedisCluster


class Tables:
    """Where senders, pages, console and rollups keep what is no lane's.

    Args:
        client: from ``connect``.
        address: for messages; without credentials.
    """

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = address

    async def close(self) -> None:
        """Give the connections back."""
        await self.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def connect(url: str, cluster: bool, username: str, password: str | None, timeout_seconds: float = 5.0) -> Client:
    """A client that connects with its first call; of a cluster by any of the nodes named, so that one may be away."""
    options: dict[str, Any] = {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        # Once, for a connection that the server closed while it was idle; all further waiting is the lane's.
        "retry": Retry(ConstantBackoff(0.05), 1),
        "protocol": 2,
        "driver_info": None,  # else each connection begins with commands that Redis before 7.2 does not know
    }
    if username:
        options["username"] = username
    if password is not None:
        options["password"] = password
    if not cluster:
        return Redis.from_url(url, **options)
    nodes = [ClusterNode(host, port) for host, port in nodes_of(url)]
    return RedisCluster.from_url(first_of(url), startup_nodes=nodes, **options)
