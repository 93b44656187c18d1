"""Takes one safeguard away from this process, to show that the tests notice."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any, cast

import agents.worker.batches
import agents.worker.same_broker
import infra.kafka.publishing.outbox_publisher
import infra.store.redis_store
import streams.duplicates
import streams.merged_life
from agents.worker.same_topics import SameTopics
from infra.kafka.fetching.buffer import PartitionBuffer
from infra.kafka.fetching.readings import Readings
from infra.kafka.publishing.outbox_publisher import OutboxPublisher
from infra.kafka.publishing.published_position import Position
from infra.store import RedisStore
from infra.store.keys import lane_keys
from schemas.lane import Commit
from streams.ingest import Arrival
from tests.faults.probe import Safeguard


def sabotage(safeguard: Safeguard) -> None:
    """From now on this process does without it."""
    _WITHOUT[safeguard]()


def _without_version() -> None:
    """A commit goes through whoever owns the lane, and wherever its outbox begins."""
    kept = RedisStore.commit

    async def commit(self: RedisStore, partition: int, version: int, commit: Commit) -> int:
        held: Any = await self._ask(self.client.hmget(lane_keys(partition).state, ["version", "owner"]))
        self._owners[partition] = held[1].decode()
        return await kept(self, partition, int(held[0]), commit)

    _put(RedisStore, "commit", commit)
    _rewrite("if #entries > 0 and from ~= expected and not (left == 0 and from > expected) then", "if false then")


def _without_fetch() -> None:
    """Who opens a partition again is given what the client happens to have next."""
    kept = Readings.begin

    def begin(self: Readings, buffer: PartitionBuffer, number: int, starts: Mapping[str, int]) -> None:
        if (reading := self._readings.get(buffer.partition)) is None:
            kept(self, buffer, number, starts)
        else:
            reading.number, reading.buffer, reading.sent_batches = number, buffer, 0

    _put(Readings, "begin", begin)


def _without_fence() -> None:
    """Each owner has a transactional id of its own."""
    kept = OutboxPublisher.__init__

    def begin(self: OutboxPublisher, *arguments: Any, **named: Any) -> None:
        kept(self, *arguments, **named)
        self._name = f"{self._name}-{uuid.uuid4().hex}"

    _put(OutboxPublisher, "__init__", begin)


def _without_position() -> None:
    """A new owner publishes whatever the store still holds."""
    _put(infra.kafka.publishing.outbox_publisher, "own_position", lambda connection, lane, signing: Position(0))
    _put(OutboxPublisher, "_check_nothing_is_missing", lambda self, first: None)


def _without_trim() -> None:
    """The store believes to have dropped what it never held."""
    _rewrite("math.max(0, math.min(published - first + 1, count))", "math.max(0, published - first + 1)")


def _without_duplicates() -> None:
    """No record knows an event id again."""
    _put(streams.duplicates, "knows", lambda seen, key: False)


def _without_order() -> None:
    """What lies between two watermarks is taken as it came."""

    def as_it_came(arrivals: Iterable[Arrival]) -> list[Arrival]:
        return list(arrivals)

    _put(agents.worker.batches, "in_order", as_it_came)


def _without_topics() -> None:
    """A topic is the same as long as its name is."""
    _put(SameTopics, "require_same", lambda self: None)
    _put(agents.worker.same_broker, "made_anew", lambda known, identity: [])


def _without_identity() -> None:
    """A life that comes from another lane brings no word of what was applied to it."""
    _put(streams.merged_life, "joined", lambda mine, other, at: mine)


_WITHOUT: Mapping[Safeguard, Callable[[], None]] = {
    Safeguard.VERSION: _without_version,
    Safeguard.FETCH: _without_fetch,
    Safeguard.FENCE: _without_fence,
    Safeguard.POSITION: _without_position,
    Safeguard.TRIM: _without_trim,
    Safeguard.DUPLICATES: _without_duplicates,
    Safeguard.ORDER: _without_order,
    Safeguard.TOPICS: _without_topics,
    Safeguard.IDENTITY: _without_identity,
}


def _put(place: object, name: str, instead: object) -> None:
    assert hasattr(place, name), f"{place} has no {name} any more: sabotage something else"
    setattr(place, name, instead)


def _rewrite(words: str, instead: str) -> None:
    """Change the store's scripts."""
    kept = infra.store.redis_store._script

    class Rewriting:
        def __init__(self, client: Any) -> None:
            self._client = client

        def register_script(self, text: str) -> Any:
            return self._client.register_script(text.replace(words, instead))

    assert words in files("infra.store").joinpath("lua", "commit.lua").read_text(encoding="utf-8")
    _put(infra.store.redis_store, "_script", lambda client, name: kept(cast("Any", Rewriting(client)), name))
