"""Topics that were deleted and made anew, taken on: each lane reads them from their beginning."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from agents.bootstrap import open_store
from agents.catalogue import topic_specs
from agents.worker.same_broker import made_anew
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import Settings
from infra.store import Store
from schemas.codec import decode_state
from schemas.errors import ConfigurationRefused
from schemas.lane import BrokerIdentity, Commit, LaneState
from schemas.topics import EVENT_TOPICS, LANE_TOPICS


async def adopt_topics(settings: Settings, names: Sequence[str]) -> int:
    """Let every lane begin anew in these topics; how many lanes do.

    Raises:
        ConfigurationRefused: a topic is not one of events; no lane has read another one of the name; or the store
            belongs to another broker altogether.
        DependencyUnavailable: broker or store does not answer.
    """
    if foreign := [name for name in names if name not in EVENT_TOPICS]:
        raise ConfigurationRefused(
            f"{', '.join(foreign)}: only a topic of events can be adopted, one of: {', '.join(EVENT_TOPICS)}"
        )
    topics = Topics(KafkaConnection.of(settings))
    await asyncio.to_thread(topics.check, topic_specs(settings))
    identity = await asyncio.to_thread(topics.identity, LANE_TOPICS)
    firsts = await asyncio.to_thread(topics.first_offsets, names)
    async with open_store(settings) as store:
        lanes = [
            await _adopt(store, partition, identity, {name: firsts[name][partition] for name in names})
            for partition in range(settings.partitions)
        ]
    if not any(lanes):
        raise ConfigurationRefused(
            f"{', '.join(names)}: no lane has read another topic of this name; there is nothing to adopt."
        )
    return sum(lanes)


async def _adopt(store: Store, partition: int, identity: BrokerIdentity, begins: Mapping[str, int]) -> bool:
    """Whether the lane had read others of these names."""
    held = await store.lane(partition)
    if held is None or held[1] is None or not _made_anew(partition, decode_state(held[1]), identity, begins):
        return False
    # Fences whoever runs the lane, and finds other topics in the store than its own when it asks again.
    claimed = await store.claim(partition)
    state = decode_state(claimed.state or held[1])
    anew = _made_anew(partition, state, identity, begins)
    _begin_anew(state, identity, {name: begins[name] for name in anew})
    await store.commit(partition, claimed.version, Commit(msgspec.msgpack.encode(state)))
    return True


def _made_anew(partition: int, state: LaneState, identity: BrokerIdentity, begins: Mapping[str, int]) -> list[str]:
    known = state.broker
    if known is None or known.cluster != identity.cluster:
        raise ConfigurationRefused(
            f"Lane {partition} belongs to cluster {known.cluster if known else 'unknown'}, and the broker at hand is "
            f"cluster {identity.cluster}. Point TEND_BROKERS at the broker that the store belongs to."
        )
    return [name for name in made_anew(known, identity) if name in begins]


def _begin_anew(state: LaneState, identity: BrokerIdentity, begins: Mapping[str, int]) -> None:
    known = state.broker
    assert known is not None
    ids = {**known.topics, **{name: identity.topics[name] for name in begins}}
    state.broker = msgspec.structs.replace(known, topics=ids)
    state.offsets |= begins
    state.aside = {topic: offset for topic, offset in state.aside.items() if topic not in begins}
