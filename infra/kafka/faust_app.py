"""The Faust app, made in one place and not at import: it holds the group membership and one agent that routes."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import faust
from aiokafka.errors import KafkaConnectionError
from faust.app.base import BootStrategy
from faust.streams import Stream
from faust.types import TP
from faust.types.auth import CredentialsT

from infra.kafka.connection import KafkaConnection
from infra.kafka.intake import Intake
from infra.kafka.lane_logs import LaneLogs
from infra.kafka.seldom import tell_seldom
from infra.kafka.transport import LaneTransport
from infra.settings import Settings
from schemas.errors import DependencyUnavailable

_HEARTBEAT_SECONDS = 1.0
_REQUEST_SECONDS = 30.0
_SILENCE_SECONDS = 10.0
_REBALANCE_SECONDS = 40.0
_DISPLAY_SECONDS = 5.0
_NEVER_EVICT_SECONDS = 7 * 86_400.0


class _Boot(BootStrategy):
    # Publishing is not Faust's business here: see infra.kafka.publisher.
    enable_kafka_producer = False
    enable_web = False


class LaneApp(faust.App):
    """A Faust app whose records go to lanes."""

    BootStrategy = _Boot

    def __init__(self, name: str, *, intake: Intake, **options: Any) -> None:
        self.intake = intake
        super().__init__(name, **options)

    def _new_transport(self) -> LaneTransport:
        return LaneTransport(self.conf.broker_consumer, self, self.intake)

    async def _on_partitions_revoked(self, revoked: set[TP]) -> None:
        # Lanes end first, while the group still waits for this worker.
        await self.intake.lose_all()
        await super()._on_partitions_revoked(revoked)

    async def _on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        await super()._on_partitions_assigned(assigned, generation_id)
        if self.should_stop:
            return
        try:
            await self.intake.gain(assigned)
        except Exception as error:  # noqa: BLE001 - it ends the app, whatever it is
            # aiokafka would log it and go on with partitions that nobody handles.
            await self.crash(error)


class Engine:
    """A running member of the workers' group: ``intake`` gives lanes their records."""

    def __init__(self, app: LaneApp, intake: Intake, logs: LaneLogs) -> None:
        self.app = app
        self.intake = intake
        self._logs = logs
        self.running = False

    async def start(self) -> None:
        """Join the group; partitions arrive through the intake's callbacks.

        Raises:
            TendError: Kafka does not let this worker in.
            DependencyUnavailable: no broker answers; make another engine to try again.
        """
        self.running = True
        try:
            await self.app.start()
        except KafkaConnectionError as error:
            raise DependencyUnavailable(f"Kafka does not answer: {error}") from error
        if self.app.crash_reason is not None:
            raise self.app.crash_reason

    async def stop(self) -> None:
        """End the lanes, tell the group how far they came, and leave it at once."""
        self.running = False
        await self.app.consumer.commit()
        await self.intake.lose_all()
        await self._logs.close()
        await self.app.stop()

    def not_ready(self) -> list[str]:
        """Why no records may come: no share of the partitions yet, or Kafka is silent. Empty when all is well."""
        if not self.running:
            return []
        if not self.intake.joined:
            return ["waiting for the group to share out the partitions"]
        if not self.intake.owned:
            return []
        silence = self._logs.silence
        return [f"Kafka has not answered for {silence:.0f} s"] if silence > _SILENCE_SECONDS else []

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
    contiguous: bool = False,
    group_instance_id: str | None = None,
) -> Engine:
    """Make the app and its intake for these input topics. Nothing is connected before ``start``.

    Args:
        settings: addresses, group, fetch sizes.
        topics: the input topics, all with the same number of partitions.
        on_owned: see :class:`infra.kafka.intake.Intake`.
        on_lost: see :class:`infra.kafka.intake.Intake`.
        contiguous: whether the broker's offsets are without gaps, as without transactions they are.
        group_instance_id: overrides the one in the settings, where a process runs several workers.
    """
    tell_seldom()
    # While its lanes end, a worker sends no sign of life: they must not take longer than its session.
    patience = settings.session_seconds * 0.7
    logs = LaneLogs(settings, contiguous=contiguous)
    intake = Intake(topics, logs, on_owned, on_lost, patience=patience, partitions=settings.partitions)
    app = LaneApp(
        settings.group,
        intake=intake,
        **_options(settings, group_instance_id or settings.group_instance_id),
    )
    source = app.topic(*topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    async def engage(stream: faust.StreamT[Any]) -> None:
        # Not acknowledged by Faust: how far a lane has come is in the store.
        async for knock in cast(Stream[Any], stream).noack():
            intake.hand_over(int(knock))

    app.agent(source, name="engage")(engage)
    return Engine(app, intake, logs)


def _options(settings: Settings, group_instance_id: str | None) -> dict[str, Any]:
    connection = KafkaConnection.of(settings)
    return {
        "broker": [f"aiokafka://{server.strip()}" for server in connection.brokers.split(",")],
        "broker_client_id": "tend",
        "broker_credentials": _credentials(connection),
        "broker_request_timeout": max(_REQUEST_SECONDS, settings.session_seconds),
        "broker_session_timeout": settings.session_seconds,
        "broker_heartbeat_interval": min(_HEARTBEAT_SECONDS, settings.session_seconds / 4),
        "broker_rebalance_timeout": _REBALANCE_SECONDS,
        "broker_max_poll_interval": _NEVER_EVICT_SECONDS,
        "broker_commit_interval": _DISPLAY_SECONDS,
        "consumer_group_instance_id": group_instance_id,
        "store": "memory://",
        "datadir": str(settings.data_dir / "faust"),
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        # A rebalance must not wait for records that lanes hold back.
        "stream_wait_empty": False,
        "stream_buffer_maxsize": 16,
    }


def _credentials(connection: KafkaConnection) -> CredentialsT | None:
    if connection.protocol == "PLAINTEXT":
        return None
    context = ssl.create_default_context(cafile=connection.ca_file or None) if "SSL" in connection.protocol else None
    if not connection.uses_sasl:
        return faust.SSLCredentials(context)
    return faust.SASLCredentials(
        username=connection.username,
        password=connection.password,
        ssl_context=context,
        mechanism=connection.mechanism,
    )
