"""The vital signs, looked up once a second: where lanes stand, what waits, what workers say of themselves."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, cast

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from agents.almanacs import AlmanacFeed
from agents.clock import wall_clock
from agents.replay.steering import AT as PACE_AT
from agents.replay.steering import Steered
from agents.rollups.store import RollupStore
from agents.worker.lane_states import lane_states
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import Settings
from infra.store import Store
from schemas.errors import DependencyUnavailable, TendError
from schemas.lane import LaneState
from schemas.times import SECOND, Millis
from schemas.topics import EVENT_TOPICS

KEPT: Final = 24
"""Samples behind a spark line."""
_SECONDS: Final = 1.0
_ENDS_EVERY: Final = 2
_RATE_OVER: Final = 20
LEARNER: Final = "learner"
"""The name of what is no worker."""
_FIGURES: Final = (
    "process_cpu_seconds_total",
    "tend_event_to_action_seconds_bucket",
    "tend_lane_state",
    "tend_learner_active",
    "tend_timer_lateness_seconds_bucket",
)
_ASKED: Final = [("name[]", name) for name in _FIGURES]
"""No more than these: to write all figures down costs a worker milliseconds."""


class WorkerSigns(msgspec.Struct):
    """What one worker or learner says of itself."""

    name: str
    lanes: list[int] = []
    cpu: float = 0.0
    """Seconds of processor time since its start."""
    share: float | None = None
    """Of one processor, lately; None before the second look."""


class Signs(msgspec.Struct):
    """One look at everything."""

    at: float = 0.0
    read: int = 0
    """Events read from the topics since the beginning."""
    acted: int = 0
    letters: int = 0
    held: int = 0
    waiting: int | None = None
    """Events in the topics that no lane has handled yet."""
    latency: tuple[float, float] | None = None
    """Seconds from event to action, median and 99th percentile; None where no worker is asked."""
    lateness: float | None = None
    auc: float | None = None
    lane_time: Millis = 0
    away: str = ""
    """What does not answer."""


class Sampler:
    """Looks once a second, and keeps the last looks."""

    def __init__(self, settings: Settings, store: Store, rollups: RollupStore, almanacs: AlmanacFeed) -> None:
        self._settings, self._store, self._rollups, self._almanacs = settings, store, rollups, almanacs
        self._topics = Topics(KafkaConnection.of(settings))
        self.history: deque[Signs] = deque(maxlen=max(KEPT, _RATE_OVER + 1))
        self.workers: list[WorkerSigns] = []
        self.lanes: list[LaneState | None] = []
        self.counts: dict[str, int] = {}
        self.caught_up = False
        """Whether all that lay in the topics is in the rollups."""
        self.pace: Steered | None = None
        """How fast a replay is asked to go; None where nobody can ask."""
        self.revision = 0
        """Goes up with each look."""
        self._ends: dict[str, list[int]] = {}
        self._buckets: dict[str, dict[str, dict[float, float]]] = {}

    @property
    def latest(self) -> Signs:
        """The newest look."""
        return self.history[-1] if self.history else Signs()

    @property
    def replays(self) -> bool:
        """Whether this is a replay, whose days pass by themselves."""
        return self._settings.clock == "event"

    def now(self) -> Millis:
        """The present: by the clock in service, in a replay the time that the slowest lane has reached."""
        if not self.replays:
            return wall_clock()
        reached = [state.time for state in self.lanes if state is not None and state.time > 0]
        return min(reached, default=0) or wall_clock()

    def began(self) -> Millis:
        """When the first lane began, by its own time; now where none has."""
        length = self._settings.epoch_seconds * SECOND
        epochs = [state.first_epoch for state in self.lanes if state is not None and state.first_epoch >= 0]
        return min(epochs) * length if epochs else self.now()

    def rate(self, field: str) -> float:
        """How fast a sum has grown lately, a second."""
        looks = list(self.history)[-_RATE_OVER:]
        if len(looks) < 2 or looks[-1].at == looks[0].at:
            return 0.0
        return float(getattr(looks[-1], field) - getattr(looks[0], field)) / (looks[-1].at - looks[0].at)

    def speed(self) -> float:
        """How many seconds of the replay pass in one of ours."""
        return self.rate("lane_time") / SECOND

    async def run(self) -> None:
        """Look until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
            while True:
                began = time.monotonic()
                signs = Signs(at=began)
                try:
                    await self._look(signs)
                except (DependencyUnavailable, TendError) as away:
                    signs.away = str(away)
                await self._ask_workers(http, signs)
                self.history.append(signs)
                self.revision += 1
                await asyncio.sleep(max(_SECONDS - (time.monotonic() - began), 0.1))

    async def _look(self, signs: Signs) -> None:
        self.lanes = await lane_states(self._store, self._settings.partitions)
        self.counts = await self._rollups.counts()
        signs.lane_time = min((state.time for state in self.lanes if state), default=0)
        signs.read = sum(self.counts.get(f"read.{topic}", 0) for topic in EVENT_TOPICS)
        signs.acted, signs.letters = self.counts.get("decided.acted", 0), self.counts.get("letters", 0)
        signs.held = await self._rollups.held()
        self.caught_up = await self._rollups.is_caught_up()
        asked = await cast("Any", self._rollups.client).get(PACE_AT)
        self.pace = msgspec.json.decode(asked, type=Steered) if asked else None
        if self.revision % _ENDS_EVERY == 0:
            self._ends = {t: list(e) for t, e in (await asyncio.to_thread(self._read_ends)).items()}
        signs.waiting = self._waiting()
        if self._almanacs.newest is not None and self._almanacs.newest.lessons:
            signs.auc = self._almanacs.newest.churn.horizons[0].quality.auc

    def _read_ends(self) -> Mapping[str, list[int]]:
        return self._topics.end_offsets(EVENT_TOPICS)

    def _waiting(self) -> int:
        waiting = 0
        for partition, state in enumerate(self.lanes):
            for topic in EVENT_TOPICS:
                ends = self._ends.get(topic, [])
                if partition < len(ends):
                    waiting += max(ends[partition] - (state.offsets.get(topic, 0) if state else 0), 0)
        return waiting

    # ------------------------------------------------------------ workers

    async def _ask_workers(self, http: aiohttp.ClientSession, signs: Signs) -> None:
        before = {worker.name: worker for worker in self.workers}
        found: list[WorkerSigns] = []
        sums: dict[str, dict[float, float]] = {"tend_event_to_action_seconds": {}, "tend_timer_lateness_seconds": {}}
        for address in self._settings.console_metrics:
            text = await _text(http, address)
            if text is None:
                continue
            found.append(_worker(text, sum(one.name != LEARNER for one in found), sums))
        for worker in found:
            earlier = before.get(worker.name)
            if earlier is not None and self.history and worker.cpu:
                passed = max(signs.at - self.history[-1].at, 0.1)
                worker.share = max(worker.cpu - earlier.cpu, 0.0) / passed
        self.workers = found
        latency, lateness = sums["tend_event_to_action_seconds"], sums["tend_timer_lateness_seconds"]
        if latency and max(latency.values()) > 0:
            signs.latency = _quantile(latency, 0.5), _quantile(latency, 0.99)
        if lateness and max(lateness.values()) > 0:
            signs.lateness = _quantile(lateness, 0.99)


async def _text(http: aiohttp.ClientSession, address: str) -> str | None:
    try:
        async with http.get(f"http://{address}/metrics", params=_ASKED) as answer:
            return await answer.text() if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _worker(text: str, number: int, sums: dict[str, dict[float, float]]) -> WorkerSigns:
    worker = WorkerSigns(f"worker-{number + 1}")
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "process_cpu_seconds_total":
                worker.cpu = sample.value
            elif sample.name == "tend_lane_state" and sample.value == 1 and sample.labels.get("state") != "ended":
                worker.lanes.append(int(sample.labels["partition"]))
            elif sample.name == "tend_learner_active" and sample.value == 1:
                worker.name = LEARNER
            elif sample.name.endswith("_bucket") and sample.name.removesuffix("_bucket") in sums:
                buckets = sums[sample.name.removesuffix("_bucket")]
                edge = float(sample.labels["le"])
                buckets[edge] = buckets.get(edge, 0.0) + sample.value
    worker.lanes = sorted(set(worker.lanes))
    return worker


def _quantile(buckets: Mapping[float, float], share: float) -> float:
    """The value below which this share lies, read off between the edges of cumulative buckets."""
    edges = sorted(buckets)
    wanted = buckets[edges[-1]] * share
    low_edge, low_count = 0.0, 0.0
    for edge in edges:
        if buckets[edge] >= wanted:
            if edge == float("inf"):
                return low_edge
            inside = (wanted - low_count) / ((buckets[edge] - low_count) or 1)
            return low_edge + (edge - low_edge) * inside
        low_edge, low_count = edge, buckets[edge]
    return low_edge
