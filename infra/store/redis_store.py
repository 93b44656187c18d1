"""The store in Redis or Valkey, single or Cluster."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from functools import partial
from itertools import count
from typing import Any, Self, cast

from redis.asyncio import Redis
from redis.commands.core import AsyncScript

from infra.redis_url import address_of
from infra.store.client import Client, connect
from infra.store.commit_limits import MAX_DECISIONS, check_commit, check_load
from infra.store.durability import check_durability
from infra.store.errors import translate_errors
from infra.store.keys import PREFIX, SLOT_OF_DECISION, lane_keys
from infra.store.lane_copy import LaneCopier
from infra.store.packing import pack_commit, pack_ids, unpack_decisions, unpack_entry
from infra.store.pipeline import ScriptPipeline
from infra.store.port import LaneCopy, LaneCounts
from infra.store.scripts import script_text
from schemas.errors import Fenced
from schemas.lane import Claimed, Commit, Loaded
from schemas.times import SECOND, Millis

_SCAN_COUNT = 200
"""Records of one step: some 200 kB, so that a lane waits no longer than for a batch of another lane."""
_GLOB = re.compile(r"[\\*?\[\]^-]")
"""What a pattern of Redis does not take as it stands."""


class RedisStore:
    """A lane's port to the store, and what people may ask it.

    Nothing is connected before the first call. Each claim gets a name of its own; with the version it fences
    also where the server was rolled back and the same version comes round again.

    Args:
        url: ``redis://host:port/db``, ``rediss://`` for TLS; of a cluster any nodes, by comma.
        cluster: whether the address belongs to a Redis Cluster.
        username: empty for the default user.
        password: kept out of the address, so that no message can show it.
        timeout_seconds: after this long without an answer the store is away.
    """

    def __init__(
        self,
        url: str,
        *,
        cluster: bool = False,
        username: str = "",
        password: str | None = None,
        timeout_seconds: float = 5.0,
    ) -> None:
        self.address = address_of(url)
        self.client = connect(url, cluster, username, password, timeout_seconds)
        self._claim = _script(self.client, "claim")
        self._load = _script(self.client, "load")
        self._commit = _script(self.client, "commit")
        self._time = _script(self.client, "time")
        # Of a cluster each lane may be on another node.
        self._pipeline = ScriptPipeline(self.client, timeout_seconds) if isinstance(self.client, Redis) else None
        self._copying = LaneCopier(partial(_script, self.client), self._ask)
        self._owners: dict[int, str] = {}
        self._sent: dict[int, tuple[int, Commit, int]] = {}
        self._tokens = count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        if self._pipeline is not None:
            await self._pipeline.close()
        await self.client.aclose()

    async def ping(self) -> None:
        """Raises DependencyUnavailable where the store does not answer."""
        await self._ask(self.client.ping())

    async def check(self) -> list[str]:
        """See ``Store.check``: a server must not evict, keep its append-only file, and be no replica."""
        return await check_durability(self.client, self.address)

    async def time(self) -> Millis:
        """See ``LaneStore.time``; of a cluster, any node's."""
        seconds, micros = await self._ask(self._time([lane_keys(0).state]))
        return int(seconds) * SECOND + int(micros) // 1_000

    # ------------------------------------------------------------ the lane

    async def claim(self, partition: int) -> Claimed:
        """See ``LaneStore.claim``."""
        keys = lane_keys(partition)
        owner = secrets.token_hex(8)
        version, state, outbox = await self._ask(self._claim([keys.state, keys.outbox], [owner]))
        self._owners[partition] = owner
        return Claimed(int(version), state, [unpack_entry(packed) for packed in outbox], owner)

    async def owner(self, partition: int) -> str | None:
        """See ``LaneStore.owner``."""
        held = await self._ask(self.client.hget(lane_keys(partition).state, "owner"))
        return None if held is None else held.decode()

    async def load(
        self,
        partition: int,
        customers: Collection[str],
        orders_of: Collection[str] = (),
        due_until: Millis | None = None,
        due_limit: int = 0,
    ) -> Loaded:
        """See ``LaneStore.load``."""
        check_load(customers, orders_of, due_limit)
        keys = lane_keys(partition)
        until = str(due_until) if due_until is not None and due_limit else ""
        arguments: list[Any] = [pack_ids(customers), pack_ids(orders_of), until, due_limit]
        found = await self._run(self._load, [keys.customers, keys.orders, keys.timers], arguments)
        records, orders, timers, due_records, due_orders = found
        who = [member.decode() for member in timers[::2]]
        return Loaded(
            records=_present(customers, records) | _present(who, due_records),
            orders=_present(orders_of, orders) | _present(who, due_orders),
            due=list(zip(map(_millis, timers[1::2]), who, strict=True)),
        )

    async def commit(self, partition: int, version: int, commit: Commit) -> int:
        """See ``LaneStore.commit``."""
        check_commit(commit)
        owner = self._owners.get(partition)
        if owner is None:
            raise Fenced(f"lane {partition} was never claimed through this store")
        token = self._token(partition, version, commit)
        payload = pack_commit(commit)
        arguments: list[Any] = [version, owner, token, commit.state, payload, MAX_DECISIONS, SLOT_OF_DECISION]
        verdict, number = await self._run(self._commit, list(lane_keys(partition)), arguments)
        if verdict == b"fenced":
            raise Fenced(f"lane {partition} is at version {int(number)}; this owner committed at {version}")
        if verdict == b"gap":
            raise ValueError(f"outbox goes on at {commit.outbox[0].sequence}; expected {int(number)}")
        return int(number)

    def _token(self, partition: int, version: int, commit: Commit) -> int:
        """Tells a commit that comes again, because its answer was lost, from another one at the same version.

        Within one claim, so a number does: a checksum over everything would cost as much as packing it.
        """
        sent = self._sent.get(partition)
        if sent is not None and sent[0] == version and sent[1] == commit:
            return sent[2]
        token = next(self._tokens)
        self._sent[partition] = (version, commit, token)
        return token

    # ------------------------------------------------------------ people

    async def customer(self, partition: int, customer: str) -> tuple[bytes | None, bytes | None]:
        """See ``StoreReads.customer``."""
        keys = lane_keys(partition)
        record = await self._ask(self.client.hget(keys.customers, customer))
        return record, await self._ask(self.client.hget(keys.orders, customer))

    async def decisions(self, partition: int, customer: str) -> list[bytes]:
        """See ``StoreReads.decisions``."""
        key = lane_keys(partition).decisions
        held = await self._ask(self.client.hget(key, customer))
        if held is None:
            return []
        if not held.isdigit():
            return list(reversed(unpack_decisions(held)))
        total = int(held)  # a ring that a program of before wrote
        numbers = range(total - 1, max(total - MAX_DECISIONS, 0) - 1, -1)
        places = [f"{customer}{SLOT_OF_DECISION}{n % MAX_DECISIONS}" for n in numbers]
        return [entry for entry in await self._ask(self.client.hmget(key, places)) if entry is not None]

    async def timer(self, partition: int, customer: str) -> Millis | None:
        """See ``StoreReads.timer``."""
        score = await self._ask(self.client.zscore(lane_keys(partition).timers, customer))
        return None if score is None else int(score)

    async def lane(self, partition: int) -> tuple[int, bytes | None] | None:
        """See ``StoreReads.lane``."""
        version, state = await self._ask(self.client.hmget(lane_keys(partition).state, ["version", "state"]))
        return None if version is None else (int(version), state)

    async def counts(self, partition: int) -> LaneCounts:
        """See ``StoreReads.counts``."""
        keys = lane_keys(partition)
        return LaneCounts(
            customers=await self._ask(self.client.hlen(keys.customers)),
            order_books=await self._ask(self.client.hlen(keys.orders)),
            timers=await self._ask(self.client.zcard(keys.timers)),
            outbox=await self._ask(self.client.llen(keys.outbox)),
        )

    async def scan(self, partition: int) -> AsyncIterator[tuple[str, bytes, bytes | None]]:
        """See ``StoreReads.scan``."""
        keys = lane_keys(partition)
        cursor, seen = -1, set[bytes]()
        while cursor != 0:
            step = self.client.hscan(keys.customers, cursor=max(cursor, 0), count=_SCAN_COUNT)
            cursor, found = await self._ask(step)
            # The server may show a field twice while its table grows.
            fresh = {customer: record for customer, record in found.items() if customer not in seen}
            seen.update(fresh)
            orders = await self._ask(self.client.hmget(keys.orders, list(fresh))) if fresh else []
            for (customer, record), book in zip(fresh.items(), orders, strict=True):
                yield customer.decode(), record, book

    async def beginning_with(self, partition: int, prefix: str, limit: int) -> list[str]:
        """See ``StoreReads.beginning_with``."""
        key, pattern = lane_keys(partition).customers, _GLOB.sub(r"\\\g<0>", prefix) + "*"
        cursor, found = -1, set[str]()
        while cursor != 0 and len(found) < limit:
            step = self.client.hscan(key, cursor=max(cursor, 0), match=pattern, count=_SCAN_COUNT)
            cursor, fresh = await self._ask(step)
            found.update(customer.decode() for customer in fresh)
        return sorted(found)[:limit]

    async def copy(self, partition: int) -> LaneCopy:
        """See ``StoreReads.copy``."""
        return await self._copying.begin(partition)

    async def wipe(self) -> None:
        """Remove everything that is tend's, for a fresh demo; other keys stay."""
        with translate_errors(self.address):
            async for key in self.client.scan_iter(match=f"{PREFIX}*", count=1_000):
                await cast("Awaitable[Any]", self.client.unlink(key))

    async def _run(self, script: AsyncScript, keys: list[str], arguments: list[Any]) -> Any:
        """A script that lanes ask for at every turn: those of all that are ready go out together."""
        if self._pipeline is None:
            return await self._ask(script(keys, arguments))
        return await self._ask(self._pipeline.run(script, keys, arguments))

    async def _ask(self, answer: Any) -> Any:
        with translate_errors(self.address):
            return await answer


def _script(client: Client, name: str) -> AsyncScript:
    return client.register_script(script_text(name))


def _present(customers: Collection[str], values: Sequence[bytes | None]) -> dict[str, bytes]:
    return {customer: value for customer, value in zip(customers, values, strict=True) if value is not None}


def _millis(score: bytes) -> Millis:
    return int(score)
