"""Doors of the gateway with what they write at hand."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from agents.gateway.intake import Intake, Tally, Write
from infra.telemetry import Telemetry
from tests.agents.senders.sending import KEYS


def intake_of(write: Write, registry: CollectorRegistry | None = None) -> Intake:
    """The way to Kafka, of eight partitions."""
    return Intake(write, KEYS, 8, Tally(Telemetry(registry or CollectorRegistry())))
