"""What lanes do, as metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from agents.lane import Status
from agents.worker import Worker
from schemas.lane import LaneState
from streams.lane import Batch, Save


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def follow(self, worker: Worker) -> None: ...

    def status(self, partition: int, status: Status, why: str) -> None: ...

    def stage(self, name: str, seconds: float) -> None: ...

    def batch(self, partition: int, batch: Batch) -> None: ...

    def saved(self, partition: int, save: Save, state: LaneState) -> None: ...
