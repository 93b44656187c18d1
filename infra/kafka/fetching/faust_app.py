"""The Faust app, made in one place and not at import: its one agent hands each lane the batches of its partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import faust
from faust.app.base import BootStrategy
from faust.types import TP

from infra.kafka.fetching.buffer import FetchedBatch
from infra.kafka.fetching.group import WorkerGroup
from infra.kafka.fetching.prefetcher import Prefetcher
from infra.kafka.fetching.transport import BatchTransport
from infra.settings import Settings

_SILENCE_SECONDS = 10.0
_DISPLAY_SECONDS = 5.0


class _Boot(BootStrategy):
    # Publishing is not Faust's business here: see infra.kafka.publishing.outbox_publisher.
    enable_kafka_producer = False
    enable_web = False


class LaneApp(faust.App):
    """A Faust app whose batches go to lanes."""

    BootStrategy = _Boot

    def __init__(self, name: str, *, group: WorkerGroup, prefetcher: Prefetcher, **options: Any) -> None:
        self.group = group
        self._prefetcher = prefetcher
        super().__init__(name, **options)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self, self.group, self._prefetcher)

    async def _on_partitions_revoked(self, revoked: set[TP]) -> None:
        # Lanes end first, while the group still waits for this worker.
        await self.group.on_revoked()
        await super()._on_partitions_revoked(revoked)

    async def _on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await super()._on_partitions_assigned(assigned, generation_id)
        if self.should_stop:
            return
        try:
            await self.group.on_assigned(assigned)
        except Exception as error:  # noqa: BLE001 - it ends the app, whatever it is
            # The client would go on with partitions that nobody handles.
            await self.crash(error)


class Engine:
    """A running member of the workers' group: from ``group`` lanes get their records."""

    def __init__(self, app: LaneApp, group: WorkerGroup, prefetcher: Prefetcher) -> None:
        self.app = app
        self.group = group
        self._prefetcher = prefetcher
        self._starting: asyncio.Future[Any] | None = None
        self.running = False

    async def start(self) -> None:
        """Join the group; partitions arrive through the group's callbacks.

        Raises:
            TendError: Kafka does not let this worker in.
        """
        self.running = True
        # Faust waits for its share of the partitions, even where the group has refused this worker.
        starting = self._starting = asyncio.ensure_future(self.app.start())
        crashed = asyncio.ensure_future(self.app._crashed.wait())
        try:
            await asyncio.wait({starting, crashed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            crashed.cancel()
        if self.app.crash_reason is not None:
            starting.cancel()
            raise self.app.crash_reason
        await starting

    async def stop(self) -> None:
        """End the lanes, tell the group how far they came, and leave it at once."""
        self.running = False
        await self.group.on_revoked()
        await self._prefetcher.close()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self.app.stop()

    def not_ready(self) -> list[str]:
        """Why no records may come: no share of the partitions yet, or Kafka is silent. Empty when all is well."""
        if not self.running:
            return []
        silence = self._prefetcher.silence
        # First, as a broker that is silent for longer than the session takes the partitions away as well.
        reasons = [f"Kafka has not answered for {silence:.0f} s"] if silence > _SILENCE_SECONDS else []
        return reasons if self.group.joined else [*reasons, "waiting for the group to share out the partitions"]

    async def failed(self) -> BaseException | None:
        """Wait until the app has stopped or crashed; the reason of a crash."""
        await self.app._crashed.wait()
        return self.app.crash_reason


def make_engine(
    settings: Settings,
    topics: Sequence[str],
    on_owned: Callable[[int], Awaitable[None]],
    on_lost: Callable[[int], Awaitable[None]],
    *,
    group_instance_id: str | None = None,
) -> Engine:
    """Make the app and what it reads from for these input topics. Nothing is connected before ``start``.

    Args:
        settings: addresses, group, fetch sizes.
        topics: the input topics, all with the same number of partitions.
        on_owned: see :class:`infra.kafka.fetching.group.WorkerGroup`.
        on_lost: see :class:`infra.kafka.fetching.group.WorkerGroup`.
        group_instance_id: overrides the one in the settings, where a process runs several workers.
    """
    # A worker that does not end its lanes within its session is as good as dead.
    patience = settings.session_seconds * 0.7
    prefetcher = Prefetcher(settings, topics, group_instance_id or settings.group_instance_id)
    group = WorkerGroup(topics, prefetcher, on_owned, on_lost, patience=patience, partitions=settings.partitions)
    app = LaneApp(settings.group, group=group, prefetcher=prefetcher, **_options(settings))
    source = app.topic(*topics, key_type=None, value_type=None, key_serializer="raw", value_serializer="raw")

    async def engage(stream: faust.StreamT[FetchedBatch]) -> None:
        # Not acknowledged by Faust: how far a lane has come is in the store.
        async for batch in cast("faust.Stream[FetchedBatch]", stream).noack():
            group.hand_over(batch)

    app.agent(source, name="engage")(engage)
    return Engine(app, group, prefetcher)


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{server.strip()}" for server in settings.brokers.split(",")],
        "broker_session_timeout": settings.session_seconds,
        "broker_commit_interval": _DISPLAY_SECONDS,
        "store": "memory://",
        "datadir": str(settings.data_dir / "faust"),
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        # A rebalance must not wait for batches that lanes hold back.
        "stream_wait_empty": False,
        "stream_buffer_maxsize": 64,
    }
