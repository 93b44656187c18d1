"""How good what comes in is, source by source, on the metrics: counted as it is handled."""

from __future__ import annotations

from collections import Counter
from typing import Final

from agents.quality import LATE, NOT_TOLD, source_of
from infra import metrics
from infra.telemetry import Telemetry
from schemas.outcome_codes import OutcomeCode
from streams.ingest import DeadLetter
from streams.lane_protocol import Save

MOST_SOURCES: Final = 30
OTHERS: Final = "(others)"
"""Stands for the sources beyond that number, so that nobody can fill the metrics with names."""
OUT_OF_CONTRACT, MISPLACED, LATE_BY_A_DAY = "out_of_contract", "misplaced", "late"
WARNINGS: Final = frozenset(
    {
        OutcomeCode.DUPLICATE,
        OutcomeCode.FIELD_LEFT_OUT,
        OutcomeCode.UNKNOWN_ZONE,
        OutcomeCode.OUTDATED,
        OutcomeCode.UNKNOWN_CART,
        OutcomeCode.FOREIGN_CURRENCY,
        OutcomeCode.IDENTITY_CONFLICT,
        OutcomeCode.TOO_OLD_BROWSE,
        OutcomeCode.TOO_OLD_FEEDBACK,
        OutcomeCode.TOO_OLD_ORDER,
        OutcomeCode.TOO_OLD_REDEMPTION,
        OutcomeCode.TOO_OLD_COMPLAINT,
    }
)
"""Outcomes that tell of whoever sent the event."""


class SourceMeter:
    """Counts what each source sends, and what is wrong with it."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._known: set[str] = set()

    def saved(self, save: Save) -> None:
        """A micro-batch is committed."""
        sent: Counter[str | None] = Counter(one.event.source for one in save.micro_batch.arrivals)
        faults: Counter[tuple[str | None, str]] = Counter()
        for item in save.aside:
            source = source_of(item.raw)
            sent[source] += 1
            faults[source, OUT_OF_CONTRACT if isinstance(item, DeadLetter) else MISPLACED] += 1
        for arrival in save.micro_batch.arrivals:
            if arrival.raw.timestamp - arrival.event.at > LATE:
                faults[arrival.event.source, LATE_BY_A_DAY] += 1
        for arrival, outcome in save.micro_batch.noted:
            for code in outcome.codes.keys() & WARNINGS:
                faults[arrival.event.source, code] += 1
        for failure in save.micro_batch.failed:
            if failure.arrival is not None:
                faults[failure.arrival.event.source, OUT_OF_CONTRACT] += 1
        for name, count in sent.items():
            self._telemetry.add(metrics.SOURCE_EVENTS, count, self._label(name))
        for (name, fault), count in faults.items():
            self._telemetry.add(metrics.SOURCE_FAULTS, count, self._label(name), fault)

    def _label(self, source: str | None) -> str:
        name = source or NOT_TOLD
        if name not in self._known and len(self._known) >= MOST_SOURCES:
            return OTHERS
        self._known.add(name)
        return name
