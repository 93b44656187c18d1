"""Each metric is defined once, with what to do about it."""

from __future__ import annotations

import re

import pytest
from prometheus_client import CollectorRegistry

from infra.metrics import DEAD_LETTERS, EVENTS, LANE_STATE, METRICS, STAGE, UNKNOWN_RECEIPTS, Metric, metrics_table
from infra.telemetry import Telemetry


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def telemetry(registry: CollectorRegistry) -> Telemetry:
    return Telemetry(registry)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_explained_and_followed_by_an_action(metric: Metric) -> None:
    assert re.fullmatch(r"tend_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.help.endswith(".")
    assert metric.act.endswith(".")
    assert bool(metric.buckets) == (metric.kind == "histogram")


def test_no_name_is_given_twice() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_counters_gauges_and_histograms_show_in_their_registry(
    telemetry: Telemetry, registry: CollectorRegistry
) -> None:
    telemetry.add(EVENTS, 3, "storefront.orders", "order_placed")
    telemetry.add(UNKNOWN_RECEIPTS)
    telemetry.set(LANE_STATE, 1, "7", "running")
    telemetry.observe(STAGE, 0.004, "commit")

    labels = {"topic": "storefront.orders", "type": "order_placed"}
    assert registry.get_sample_value("tend_events_total", labels) == 3
    assert registry.get_sample_value("tend_unknown_receipts_total") == 1
    assert registry.get_sample_value("tend_lane_state", {"partition": "7", "state": "running"}) == 1
    assert registry.get_sample_value("tend_stage_seconds_count", {"stage": "commit"}) == 1


def test_a_gauge_of_a_partition_that_went_away_is_forgotten(telemetry: Telemetry, registry: CollectorRegistry) -> None:
    telemetry.set(LANE_STATE, 1, "7", "running")

    telemetry.forget(LANE_STATE, "7", "running")

    assert registry.get_sample_value("tend_lane_state", {"partition": "7", "state": "running"}) is None


def test_wrong_labels_are_an_error(telemetry: Telemetry) -> None:
    with pytest.raises(ValueError, match="label"):
        telemetry.add(DEAD_LETTERS, 1, "too", "many")


def test_every_metric_is_in_the_table() -> None:
    table = metrics_table()

    assert len(table.splitlines()) == len(METRICS) + 2
    assert all(f"`{metric.name}`" in table for metric in METRICS)
