"""What each source sends, and what is wrong with it, on the metrics."""

from __future__ import annotations

import orjson
from prometheus_client import CollectorRegistry

from agents.quality import NOT_TOLD
from agents.source_meter import MOST_SOURCES, OTHERS, SourceMeter
from infra.telemetry import Telemetry
from schemas.events import AnyEvent
from schemas.lane import Commit, KafkaRecord, Loaded
from schemas.times import DAY, Millis
from schemas.topics import BROWSE
from streams.ingest import Arrival, DeadLetter, Forward
from streams.lane_protocol import Save
from streams.micro_batch import MicroBatch, run_micro_batch
from tests.builders import START, event, lane_context, placed, when


class Metrics:
    """A registry, and the meter that counts in it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.meter = SourceMeter(Telemetry(self.registry))

    def events(self, source: str) -> float:
        return self.registry.get_sample_value("tend_source_events_total", {"source": source}) or 0.0

    def faults(self, source: str, fault: str) -> float:
        labels = {"source": source, "fault": fault}
        return self.registry.get_sample_value("tend_source_faults_total", labels) or 0.0


def arrival(told: AnyEvent, offset: int, came: Millis = START) -> Arrival:
    return Arrival(told, told.at, KafkaRecord(BROWSE, 0, offset, came, b"c-1", b""))


def saved(*arrivals: Arrival, aside: tuple[DeadLetter | Forward, ...] = ()) -> Save:
    micro_batch = run_micro_batch(arrivals, Loaded({}, {}, []), when(9), lane_context(), None)
    return Save(Commit(b""), micro_batch, aside)


def test_duplicates_warnings_and_what_comes_late_are_counted_for_their_source() -> None:
    metrics = Metrics()
    viewed = event("product.viewed", sku="s-1", source="shop")
    nowhere = event("customer.registered", zone="Nowhere/At_All", source="crm")

    searched = event("search.performed", query="birds", results=0)
    late = arrival(placed(source="shop"), 3, came=START + 2 * DAY)

    metrics.meter.saved(saved(arrival(viewed, 0), arrival(viewed, 1), arrival(nowhere, 2), late, arrival(searched, 4)))

    assert (metrics.events("shop"), metrics.events("crm"), metrics.events(NOT_TOLD)) == (3, 1, 1)
    assert metrics.faults("shop", "duplicate") == metrics.faults("shop", "late") == 1
    assert metrics.faults("crm", "unknown_zone") == 1
    assert metrics.faults("crm", "duplicate") == 0


def test_what_is_out_of_contract_counts_for_the_source_that_it_names() -> None:
    metrics = Metrics()
    raw = KafkaRecord(BROWSE, 0, 0, START, b"c-1", orjson.dumps({"source": "crm", "id": 7}))

    metrics.meter.saved(saved(aside=(DeadLetter(raw, "wrong_field", "id", ""), Forward(raw, 1))))

    assert metrics.events("crm") == 2
    assert metrics.faults("crm", "out_of_contract") == metrics.faults("crm", "misplaced") == 1


def test_nobody_fills_the_metrics_with_names() -> None:
    metrics = Metrics()
    arrivals = [
        arrival(event("product.viewed", sku="s", source=f"bot-{number}"), number) for number in range(MOST_SOURCES + 5)
    ]

    metrics.meter.saved(Save(Commit(b""), MicroBatch(arrivals=arrivals)))

    assert metrics.events("bot-0") == 1
    assert metrics.events(OTHERS) == 5
