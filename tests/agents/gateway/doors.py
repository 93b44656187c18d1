"""Doors of the gateway with what they write at hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from prometheus_client import CollectorRegistry

from agents.access import Admitted
from agents.gateway.intake import Intake, Tally
from infra.telemetry import Telemetry
from tests.agents.senders.sending import KEYS


def intake_of(write: Callable[[Admitted], Awaitable[None]], registry: CollectorRegistry | None = None) -> Intake:
    """The way to Kafka, of eight partitions."""

    async def write_all(admitted: Sequence[Admitted]) -> None:
        for one in admitted:
            await write(one)

    return Intake(write_all, KEYS, 8, Tally(Telemetry(registry or CollectorRegistry())))
