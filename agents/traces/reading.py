"""Records of the ledger and of receipts, to spans."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

import msgspec

from agents.traces.spans import TraceSpan, is_trace, span_of_receipt, spans_of_decision
from schemas.compression import BadCompression
from schemas.events import Invalid, decode_event
from schemas.lane import KafkaRecord
from schemas.outcome import decode_decision
from schemas.topics import DECISIONS, RECEIPTS

TOPICS: Final = (DECISIONS, RECEIPTS)
_LOG: Final = logging.getLogger(__name__)


def spans_in(records: Iterable[KafkaRecord]) -> list[TraceSpan]:
    """The spans of these records; what cannot be read is passed over, as lanes put it aside with its reason."""
    found: list[TraceSpan] = []
    for record in records:
        found += _of_decision(record) if record.topic == DECISIONS else _of_receipt(record)
    return found


def _of_decision(record: KafkaRecord) -> list[TraceSpan]:
    try:
        decision = decode_decision(record.value or b"")
    except (msgspec.MsgspecError, BadCompression):
        _LOG.warning("%s:%s:%s is no decision", record.topic, record.partition, record.offset)
        return []
    return list(spans_of_decision(decision)) if is_trace(decision.action_id) else []


def _of_receipt(record: KafkaRecord) -> list[TraceSpan]:
    try:
        event = decode_event(record.value or b"")
    except Invalid:
        return []
    span = span_of_receipt(msgspec.json.decode(record.value or b""), event.at)
    return [span] if span is not None else []
