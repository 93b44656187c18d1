"""What a lane was, as the store remembers it, and where it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from agents.worker.same_broker import require_same_broker
from infra.store import Store
from schemas.codec import decode_state
from schemas.errors import ConfigurationRefused
from schemas.lane import BrokerIdentity, LaneState
from schemas.times import WEEK, Millis
from schemas.topics import EVENT_TOPICS, LANE_TOPICS, OUTBOUND_TOPICS, SINGLE_TOPICS

REMEMBERED: Millis = 2 * WEEK
"""Longer than anything is held back before it is decided for good."""
UNFINISHED = "rebuild"
"""The clock of a lane that is being rebuilt: no worker takes it up."""
HALF_RESTORED = "restore"
"""The clock of a lane that is being restored from a snapshot: no worker takes it up."""


def recover_state(
    body: bytes | None, partition: int, identity: BrokerIdentity, clock: str, begins: Mapping[str, int]
) -> LaneState:
    """The lane's state, or that of a lane which begins.

    Args:
        body: what the store holds, if anything.
        partition: the lane's number, for messages.
        identity: the broker at hand.
        clock: whose time acting takes here, ``wall`` or ``event``.
        begins: the first readable offset of each topic, where a lane without a state begins.

    Raises:
        ConfigurationRefused: the store belongs to another broker, to topics that were made anew, or was written by
        another clock.
    """
    if body is None:
        return LaneState(offsets=dict(begins), broker=identity, clock=clock)
    state = decode_state(body)
    if state.broker is not None:
        require_same_broker(state.broker, identity)
    if state.clock == UNFINISHED:
        raise ConfigurationRefused(
            f"The lane of partition {partition} was rebuilt in part only. Run tend rebuild again."
        )
    if state.clock == HALF_RESTORED:
        raise ConfigurationRefused(
            f"The lane of partition {partition} was restored in part only. Run tend restore again."
        )
    if state.clock != clock:
        raise ConfigurationRefused(
            f"The store of partition {partition} was written with TEND_CLOCK={state.clock}, this worker has "
            f"TEND_CLOCK={clock}. Set it to {state.clock}, or start with an empty store."
        )
    state.broker = identity
    for topic in LANE_TOPICS:
        state.offsets.setdefault(topic, begins[topic])
    return state


async def lane_state(store: Store, partition: int) -> LaneState | None:
    """The state of a lane, as the store holds it; None where it has not begun."""
    held = await store.lane(partition)
    return decode_state(held[1]) if held and held[1] else None


async def lane_states(store: Store, partitions: int) -> list[LaneState | None]:
    """The state of each lane."""
    return [await lane_state(store, partition) for partition in range(partitions)]


async def begin_empty(store: Store, partitions: int, unfinished: str, purpose: str) -> None:
    """Let a lost store be filled again: what an earlier try left unfinished goes.

    Args:
        unfinished: the clock of lanes that such a try marks.
        purpose: what is done, for the message.

    Raises:
        ConfigurationRefused: the store holds lanes. One that was claimed only is empty: its worker refused to go on.
    """
    states = [state for state in await lane_states(store, partitions) if state]
    if any(state.clock != unfinished for state in states):
        raise ConfigurationRefused(
            f"The store at {store.address} holds lanes already; {purpose} an empty one. Stop all workers, then point "
            "TEND_REDIS_URL at another database, or empty this one."
        )
    if states:
        await store.wipe()


class Published(Protocol):
    """What is out already, and stays the only one of its kind."""

    async def pass_over(self, sequence: int, places: Sequence[tuple[str, int]]) -> int:
        """Leave out from now on what is out with a higher sequence; the highest that is out."""
        ...


async def continue_behind(state: LaneState, partition: int, published: Published, *, exact: bool) -> None:
    """Let a lane whose store forgot its last moments give out no sequence again that is published.

    Where a clock takes part, other things are decided when those moments are lived again: under a sequence that is out
    they would be taken for published. In an exact replay the same ones are decided, and the sequence is enough.

    Raises:
        ConfigurationRefused: the store has forgotten everything.
    """
    if exact:
        return
    since = state.sequence
    begins = state.epoch < 0 and not since
    if state.out_since >= 0 and state.time <= state.out_until:
        since = min(since, state.out_since)
    furthest = await published.pass_over(since, outbound_places(partition))
    if begins and furthest:
        raise ConfigurationRefused(
            f"The store holds nothing of partition {partition}, which has published {furthest} messages: all events "
            "would be acted on anew, by today's clock. Stop all workers, then run tend restore with a snapshot, or "
            "tend rebuild."
        )
    if furthest > state.sequence:
        state.sequence, state.out_since, state.out_until = furthest, since, state.time + REMEMBERED


def outbound_places(partition: int) -> list[tuple[str, int]]:
    """Topics and partitions that a lane publishes to, but for what it forwards to other lanes."""
    own = (topic for topic in OUTBOUND_TOPICS if topic not in EVENT_TOPICS)
    return [(topic, 0 if topic in SINGLE_TOPICS else partition) for topic in own]


class Lanes(Protocol):
    """Who knows where each lane stands: the store."""

    async def lane(self, partition: int) -> tuple[int, bytes | None] | None:
        """Version and state of a lane, if there is one."""
        ...


async def check_together(
    store: Lanes, identity: BrokerIdentity, clock: str, firsts: Mapping[str, Sequence[int]]
) -> None:
    """Look at all lanes before any of them begins; where some may run, the others park by themselves.

    Args:
        store: where the lanes' states are.
        identity: the broker at hand.
        clock: whose time acting takes here.
        firsts: the first readable offset of each partition, by topic.

    Raises:
        ConfigurationRefused: of all lanes that the store holds, none may run; see ``recover_state``.
    """
    refusals: list[ConfigurationRefused] = []
    for partition in range(min(map(len, firsts.values()))):
        held = await store.lane(partition)
        if held is None or held[1] is None:
            continue
        try:
            recover_state(
                held[1], partition, identity, clock, {topic: first[partition] for topic, first in firsts.items()}
            )
        except ConfigurationRefused as refusal:
            refusals.append(refusal)
        else:
            return
    if refusals:
        raise refusals[0]
