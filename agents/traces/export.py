"""Spans to a collector of OpenTelemetry, by OTLP over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from agents.traces.spans import TraceSpan
from schemas.errors import DependencyUnavailable

_RESOURCE: Final = Resource({"service.name": "tend"})
_NANOS: Final = 1_000_000


class OtlpExporter:
    """Exports spans; the same span told twice is one for the collector.

    Args:
        endpoint: of the collector, with its path.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._exporter = OTLPSpanExporter(endpoint=endpoint)

    def export(self, spans: Sequence[TraceSpan]) -> None:
        """Export these. Raises DependencyUnavailable where the collector does not take them."""
        if self._exporter.export([readable(span) for span in spans]) is not SpanExportResult.SUCCESS:
            raise DependencyUnavailable(f"the collector at {self._endpoint} does not take spans; the same again later")


def readable(span: TraceSpan) -> ReadableSpan:
    """The span as OpenTelemetry has it."""
    return ReadableSpan(
        name=span.name,
        context=_context(span.trace, span.own),
        parent=_context(span.trace, span.parent) if span.parent else None,
        resource=_RESOURCE,
        attributes=dict(span.about),
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR if span.failed else StatusCode.UNSET),
        start_time=span.begins * _NANOS,
        end_time=max(span.ends, span.begins) * _NANOS,
    )


def _context(trace: str, own: str) -> SpanContext:
    return SpanContext(int(trace, 16), int(own, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
