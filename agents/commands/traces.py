"""``tend traces``: from event to action to receipt, to OpenTelemetry."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Final

from confluent_kafka import Consumer

from agents.commands.serving import begin
from agents.traces.export import OtlpExporter
from agents.traces.reading import TOPICS, spans_in
from agents.traces.spans import TraceSpan
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import poll_batch, record_of
from infra.settings import Settings
from schemas.errors import DependencyUnavailable

_LOG: Final = logging.getLogger(__name__)
_MOST: Final = 500
_PATIENCE_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 5.0


def traces() -> None:
    """Export a trace of every action: the event it came from, what was decided, and what became of it at the sender's.

    The trace's id is the action's id, which `tend why` takes too. Needs the extra `otel`.

    Example: TEND_OTLP_ENDPOINT=http://collector:4318/v1/traces tend traces
    """
    settings = begin("traces")
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    export(settings, ended)


def export(settings: Settings, ended: threading.Event) -> None:
    """Read on and export until it is asked to end; what was not exported is read again."""
    exporter = OtlpExporter(settings.otlp_endpoint)
    config = KafkaConnection.of(settings).librdkafka(group_id=f"{settings.group}-traces", enable_auto_commit=False)
    consumer = Consumer(config | {"isolation.level": "read_committed", "auto.offset.reset": "earliest"})
    consumer.subscribe(list(TOPICS))
    try:
        while not ended.is_set():
            messages = [one for one in poll_batch(consumer, _MOST, _PATIENCE_SECONDS) if one.error() is None]
            if messages and _exported(exporter, spans_in(map(record_of, messages)), ended):
                consumer.commit(asynchronous=False)
    finally:
        consumer.close()


def _exported(exporter: OtlpExporter, spans: list[TraceSpan], ended: threading.Event) -> bool:
    """Whether the collector has them; it is asked until it does, or until the end."""
    while not ended.is_set():
        try:
            exporter.export(spans)
        except DependencyUnavailable as away:
            _LOG.warning("%s", away)
            ended.wait(_PAUSE_SECONDS)
        else:
            return True
    return False
