"""Where programs are put together from the settings: what all of one installation must agree on, and their parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from agents.access import access_keys
from agents.clock import wall_clock
from agents.signing import installation_key, signing_of
from agents.worker.batches import Receive
from infra.kafka.connection import KafkaConnection
from infra.redis_url import address_of
from infra.settings import Settings
from infra.store import RedisStore, Store, Tables, connect
from schemas.churn import ChurnState, Tick
from schemas.times import DAY, Millis
from streams.churn import initial_state
from streams.ingest import Span, receive
from streams.lane_protocol import LaneConfig

if TYPE_CHECKING:
    from agents.learner import Learner
    from agents.worker.lane_dependencies import LaneObserver
    from agents.worker.worker import Worker

_SUNDAY: Millis = 3 * DAY
"""1970-01-04, 00:00: weekly ticks fall on Sundays."""


def initial_churn(settings: Settings) -> ChurnState:
    """What is known of churn before the first almanac."""
    return msgspec.structs.replace(initial_state(settings.churn_horizons), epoch_length=settings.epoch)


def lane_config(settings: Settings, partition: int, known: ChurnState) -> LaneConfig:
    """What one lane knows from the settings."""
    period = settings.look_days * DAY
    spread = period if settings.clock == "wall" else 0
    return LaneConfig(
        partition=partition,
        partitions=settings.partitions,
        epoch_length=settings.epoch,
        horizons=settings.churn_horizons,
        tick=Tick(origin=_SUNDAY, period=period, spread=spread),
        beginning=known,
        letters_limit=settings.dead_letters_percent / 100,
        # A secret drawn on one machine would be another on the next: codes are keyed where it is given.
        coupon_key=access_keys(settings).coupons if settings.access_key is not None else b"",
    )


def receiver(settings: Settings) -> Receive:
    """How records are checked at the door, with the span of dates that the settings allow."""
    return partial(receive, span=Span(settings.oldest, settings.future_tolerance))


def open_store(settings: Settings) -> Store:
    """Where lanes keep their customers. Nothing is connected yet."""
    return RedisStore(
        settings.redis_url,
        cluster=settings.redis_cluster,
        username=settings.redis_username,
        password=_redis_password(settings),
    )


def open_tables(settings: Settings) -> Tables:
    """Where senders, pages, console and rollups keep what is no lane's. Nothing is connected yet."""
    client = connect(settings.redis_url, settings.redis_cluster, settings.redis_username, _redis_password(settings))
    return Tables(client, address_of(settings.redis_url))


def _redis_password(settings: Settings) -> str | None:
    return settings.redis_password.get_secret_value() if settings.redis_password else None


# A program pays for the parts that it runs: what is made below is imported where it is made.


def new_worker(settings: Settings, watch: LaneObserver) -> Worker:
    """A member of the workers' group."""
    from agents.almanacs import AlmanacFeed
    from agents.rulebooks import RulebookFeed
    from agents.worker.leap import LeapGuard
    from agents.worker.trusted_clock import TrustedClock
    from agents.worker.worker import Worker, WorkerParts
    from infra.kafka.publishing.outbox_publisher import OutboxPublisher

    connection, store, known = KafkaConnection.of(settings), open_store(settings), initial_churn(settings)
    signing, refused = signing_of(settings), Counter[str]()
    parts = WorkerParts(
        connection=connection,
        store=store,
        almanacs=AlmanacFeed(connection, signing.key, exact=settings.clock == "event"),
        rulebooks=RulebookFeed(settings),
        clock=TrustedClock(wall_clock, store.time) if settings.clock == "wall" else None,
        leap=LeapGuard.of(connection, settings.partitions, wall_clock) if settings.clock == "wall" else None,
        config=lambda partition: lane_config(settings, partition, known),
        publisher=lambda partition: OutboxPublisher(
            connection, partition, signing, group=settings.group, refused=refused
        ),
        receive=receiver(settings),
        signing=signing,
        refused=refused,
    )
    return Worker(settings, watch, parts)


def new_learner(settings: Settings) -> Learner:
    """The learner of an installation; of all that run, one at a time is active."""
    from agents.learner import Learner

    return Learner(settings, initial_churn(settings), installation_key(settings), service_clock(settings))


def service_clock(settings: Settings) -> Callable[[], Millis] | None:
    """The wall clock in service; none in a replay, where event time acts."""
    return wall_clock if settings.clock == "wall" else None
