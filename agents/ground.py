"""What all programs of one installation must agree on, made from the settings in one place."""

from __future__ import annotations

import time
from functools import partial

import msgspec

from agents.batches import Receive
from infra.settings import Settings
from infra.store import Store
from schemas.churn import ChurnState, Tick
from schemas.codec import decode_state
from schemas.errors import ConfigurationRefused
from schemas.lane import LaneState
from schemas.times import DAY, WEEK, Millis
from streams.churn import initial_state
from streams.ingest import Span, receive
from streams.lane_protocol import LaneConfig

_SUNDAY: Millis = 3 * DAY
"""1970-01-04, 00:00: weekly ticks fall on Sundays."""
_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_UNSIGNED = b"unsigned: set TEND_ALMANAC_KEY"


def wall_clock() -> Millis:
    """Now, in milliseconds since the epoch. The only clock in the engine."""
    return time.time_ns() // 1_000_000


def beginning(settings: Settings) -> ChurnState:
    """What is known of churn before the first almanac."""
    return msgspec.structs.replace(initial_state(settings.churn_horizons), epoch_length=settings.epoch)


def ground_of(settings: Settings, partition: int, known: ChurnState) -> LaneConfig:
    """The ground of one lane."""
    spread = WEEK if settings.clock == "wall" else 0
    return LaneConfig(
        partition=partition,
        partitions=settings.partitions,
        epoch_length=settings.epoch,
        horizons=settings.churn_horizons,
        tick=Tick(origin=_SUNDAY, period=WEEK, spread=spread),
        beginning=known,
        letters_limit=settings.dead_letters_percent / 100,
    )


def receiver(settings: Settings) -> Receive:
    """How records are checked at the door, with the span of dates that the settings allow."""
    return partial(receive, span=Span(settings.oldest, settings.future_tolerance))


def almanac_key(settings: Settings) -> bytes:
    """The key that authenticates almanacs."""
    given = settings.almanac_key.get_secret_value() if settings.almanac_key is not None else ""
    return given.encode() or _UNSIGNED


def require_key(settings: Settings) -> None:
    """Raises ConfigurationRefused where a service of a network would trust what anybody may have written."""
    alone = all(host_of(server) in _OWN_MACHINE for server in settings.brokers.split(","))
    if settings.clock == "wall" and not alone and almanac_key(settings) == _UNSIGNED:
        raise ConfigurationRefused(
            "TEND_ALMANAC_KEY is not set: whoever can write to the broker could give out rulebooks and almanacs of "
            "their own. Set the same secret for all programs of this installation, such as one of: openssl rand -hex 32"
        )


def host_of(server: str) -> str:
    """The host of ``host:port``."""
    return server.strip().rpartition(":")[0].strip("[]")


async def lane_state(store: Store, partition: int) -> LaneState | None:
    """Where a lane stands, as the store holds it; None where it has not begun."""
    held = await store.lane(partition)
    return decode_state(held[1]) if held and held[1] else None


async def lane_states(store: Store, partitions: int) -> list[LaneState | None]:
    """Where each lane stands."""
    return [await lane_state(store, partition) for partition in range(partitions)]


async def begin_empty(store: Store, partitions: int, unfinished: str, purpose: str) -> None:
    """Let a lost store be filled again: what an earlier try left unfinished goes.

    Args:
        unfinished: the clock of lanes that such a try marks; see ``agents.recall``.
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


def open_store(settings: Settings) -> Store:
    """The store that the settings name; nothing is connected yet."""
    password = settings.redis_password.get_secret_value() if settings.redis_password else None
    return Store(
        settings.redis_url, cluster=settings.redis_cluster, username=settings.redis_username, password=password
    )
