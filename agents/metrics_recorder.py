"""What workers and the learner do, as metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry

from agents.source_meter import SourceMeter
from agents.worker.lane import LaneRunner
from agents.worker.lane_status import Status
from infra import metrics
from infra.telemetry import Telemetry
from schemas.almanac import Almanac
from schemas.outcome import Decision, Outcome, Verdict
from schemas.outcome_codes import OutcomeCode
from schemas.times import SECOND, Millis
from schemas.topics import TOPIC_OF
from streams.ingest import DeadLetter
from streams.lane_protocol import Save

_OWN_METRIC = {
    OutcomeCode.DUPLICATE: metrics.DUPLICATES,
    OutcomeCode.LATE: metrics.LATE,
}
_UNKNOWN_RECEIPTS = (OutcomeCode.UNKNOWN_RECEIPT, OutcomeCode.FOREIGN_REDEMPTION)


class MetricsRecorder:
    """The metrics of one process.

    Args:
        clock: in service the wall clock, for latencies; None in a replay, where they mean nothing.
    """

    def __init__(self, clock: Callable[[], Millis] | None = None) -> None:
        self.registry = CollectorRegistry()
        self._clock = clock
        self._telemetry = Telemetry(self.registry)
        self._sources = SourceMeter(self._telemetry)
        self._lessons = 0
        self._refused: dict[str, int] = {}

    def status(self, partition: int, status: Status) -> None:
        """A lane has another status."""
        for one in Status:
            self._telemetry.set(metrics.LANE_STATE, float(one is status), str(partition), one.value)

    def stage(self, name: str, seconds: float) -> None:
        """A stage of one batch is over."""
        self._telemetry.observe(metrics.STAGE, seconds, name)

    def fenced(self) -> None:
        """A lane found another owner."""
        self._telemetry.add(metrics.FENCED)

    def away(self, dependency: str) -> None:
        """A call found a dependency away."""
        self._telemetry.add(metrics.AWAY, 1, dependency)

    def saved(self, save: Save) -> None:
        """A micro-batch is committed: count what it did, and what was no event for this lane."""
        micro_batch, tell = save.micro_batch, self._telemetry
        self._sources.saved(save)
        for item in save.aside:
            if isinstance(item, DeadLetter):
                tell.add(metrics.DEAD_LETTERS, 1, item.reason)
            else:
                tell.add(metrics.FORWARDED, 1, item.raw.topic)
        # Counted by kind first: each counter with labels costs two microseconds.
        done = Counter(kind for kind, outcome in micro_batch.outcomes if OutcomeCode.DUPLICATE not in outcome.codes)
        for kind, times in done.items():
            if (topic := TOPIC_OF.get(kind)) is None:
                tell.add(metrics.TIMERS, times)
            else:
                tell.add(metrics.EVENTS, times, topic, kind)
        for kind, outcome in micro_batch.outcomes:
            self._outcome(kind, outcome)
        for failure in micro_batch.failed:
            tell.add(metrics.DEAD_LETTERS, 1, failure.reason if failure.arrival else "timer_failed")
        for body in micro_batch.records.values():
            tell.observe(metrics.RECORD_BYTES, len(body))
        for late in micro_batch.lag:
            tell.observe(metrics.TIMER_LATENESS, late / SECOND)
        tell.observe(metrics.BATCH, len(micro_batch.outcomes))

    def _outcome(self, kind: str, outcome: Outcome) -> None:
        tell, topic = self._telemetry, TOPIC_OF.get(kind)
        for note, times in outcome.codes.items():
            self._note(note, times, topic or "")
        for action in outcome.actions:
            tell.add(metrics.ACTIONS, 1, action.kind, action.rule)
        for decision in outcome.decisions:
            self._decision(decision, woken_by_event=topic is not None)

    def _note(self, note: str, times: int, topic: str) -> None:
        if note in _OWN_METRIC:
            self._telemetry.add(_OWN_METRIC[OutcomeCode(note)], times, topic)
        elif note in _UNKNOWN_RECEIPTS:
            self._telemetry.add(metrics.UNKNOWN_RECEIPTS, times)
        else:
            self._telemetry.add(metrics.NOTES, times, note)

    def _decision(self, decision: Decision, *, woken_by_event: bool) -> None:
        reason = decision.reason.value if decision.reason else ""
        if decision.is_not_due:
            self._telemetry.add(metrics.NOT_DUE, 1, decision.rule)
        elif decision.verdict is Verdict.REFUSED:
            self._telemetry.add(metrics.SUPPRESSED, 1, reason)
        elif decision.verdict is Verdict.HELD:
            self._telemetry.add(metrics.HELD, 1, reason)
        elif decision.verdict is Verdict.EMITTED and woken_by_event and self._clock:
            self._telemetry.observe(metrics.LATENCY, max(0, self._clock() - decision.at) / SECOND)

    def look(self, lanes: Mapping[int, LaneRunner], newest: Almanac | None) -> None:
        """Set what is looked up when somebody asks: where the lanes stand, and how good the model is."""
        tell = self._telemetry
        for partition, lane in lanes.items():
            tell.set(metrics.OUTBOX, lane.waiting_to_publish, str(partition))
            for topic, lag in lane.lag().items():
                tell.set(metrics.LAG, lag, topic, str(partition))
            if lane.state is not None:
                tell.set(metrics.LANE_TIME, lane.state.time / SECOND, str(partition))
                tell.set(metrics.ALMANAC_EPOCH, lane.state.almanac, str(partition))
        self.model(newest)

    def refused(self, by_topic: Mapping[str, int]) -> None:
        """Count the records of internal topics that were left out so far."""
        for topic, count in by_topic.items():
            self._telemetry.add(metrics.REFUSED, count - self._refused.get(topic, 0), topic)
            self._refused[topic] = count

    def model(self, newest: Almanac | None) -> None:
        """Set how good the churn model is, as the newest almanac has it."""
        if newest is None:
            return
        tell = self._telemetry
        for state in newest.churn.horizons:
            horizon = str(state.horizon)
            tell.set(metrics.LOG_LOSS, state.quality.log_loss, horizon)
            tell.set(metrics.AUC, state.quality.auc, horizon)
            tell.set(metrics.CALIBRATION, state.quality.calibration_error, horizon)
            tell.set(metrics.DRIFT, float(state.automation_paused_until >= newest.epoch), horizon)

    def learned(self, almanac: Almanac | None, *, active: bool) -> None:
        """Set where the learner stands."""
        tell = self._telemetry
        tell.set(metrics.LEARNER_ACTIVE, float(active))
        if almanac is not None:
            tell.set(metrics.LEARNER_EPOCH, almanac.epoch)
            tell.add(metrics.LESSONS, max(0, almanac.lessons - self._lessons))
            self._lessons = almanac.lessons
        self.model(almanac)
