"""The metrics as Prometheus' objects, to count with."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from infra.metrics import METRICS, Metric


class Telemetry:
    """The metrics as Prometheus objects in one registry. Not thread-safe beyond what Prometheus' client is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters = {m.name: Counter(m.name, m.help, m.labels, registry=registry) for m in _of("counter")}
        self._gauges = {m.name: Gauge(m.name, m.help, m.labels, registry=registry) for m in _of("gauge")}
        self._histograms = {
            m.name: Histogram(m.name, m.help, m.labels, registry=registry, buckets=m.buckets) for m in _of("histogram")
        }

    def add(self, metric: Metric, amount: float = 1.0, *labels: str) -> None:
        """Raise a counter; the labels' values in the order of the metric's labels."""
        counter = self._counters[metric.name]
        (counter.labels(*labels) if labels else counter).inc(amount)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""
        gauge = self._gauges[metric.name]
        (gauge.labels(*labels) if labels else gauge).set(value)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add a value to a histogram."""
        histogram = self._histograms[metric.name]
        (histogram.labels(*labels) if labels else histogram).observe(value)

    def forget(self, metric: Metric, *labels: str) -> None:
        """Take a gauge of these labels away, as when a partition goes to another worker."""
        self._gauges[metric.name].remove(*labels)


def _of(kind: str) -> list[Metric]:
    return [metric for metric in METRICS if metric.kind == kind]
