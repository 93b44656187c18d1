"""From an event to an action to a receipt there is one trace, and its id is the action's."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agents.traces.export import OtlpExporter, readable
from agents.traces.reading import spans_in
from schemas.errors import DependencyUnavailable
from schemas.lane import KafkaRecord
from schemas.outcome import Decision, Verdict, encode_decision
from schemas.times import HOUR
from schemas.topics import DECISIONS, RECEIPTS

T0 = 1_772_740_800_000
ACTION = "0538de114363e8621896b345cc3d2a07"


def decided(verdict: Verdict, acting: int = T0) -> KafkaRecord:
    decision = Decision(
        ACTION, "c-1", "welcome", "once", 0, "message", "email", "service", verdict, T0, acting, "r-1", 0,
        "customer.registered", "e-1",
    )  # fmt: skip
    return KafkaRecord(DECISIONS, 0, 0, acting, b"c-1", encode_decision(decision))


def receipt(kind: str, name: str = "r-1") -> KafkaRecord:
    told = {
        "id": name, "type": kind, "customer": "c-1", "time": "2026-03-05T20:00:00Z", "action_id": ACTION,
    }  # fmt: skip
    return KafkaRecord(RECEIPTS, 0, 0, T0, b"c-1", orjson.dumps(told))


def test_event_action_and_receipt_are_one_trace() -> None:
    spans = spans_in([decided(Verdict.EMITTED), receipt("receipt.delivered")])

    assert {span.trace for span in spans} == {ACTION}
    assert [span.name for span in spans] == ["customer.registered", "emitted welcome", "receipt.delivered"]
    assert spans[0].parent == ""
    assert {span.parent for span in spans[1:]} == {spans[0].own}


def test_what_is_read_again_is_the_same_spans() -> None:
    records = [decided(Verdict.HELD), decided(Verdict.RELEASED, T0 + HOUR), receipt("receipt.accepted")]

    assert spans_in(records) == spans_in(records)
    assert len({span.own for span in spans_in(records)}) == 4  # the event is told twice, and is one


def test_a_trace_names_no_customer() -> None:
    told = str([readable(span).to_json() for span in spans_in([decided(Verdict.EMITTED), receipt("receipt.failed")])])

    assert "c-1" not in told


def test_garbage_and_a_shops_own_ids_of_calls_are_passed_over() -> None:
    foreign = orjson.loads(receipt("receipt.accepted").value or b"") | {"action_id": "call-77"}

    assert spans_in([KafkaRecord(DECISIONS, 0, 0, T0, b"", b"no decision")]) == []
    assert spans_in([KafkaRecord(RECEIPTS, 0, 0, T0, b"", orjson.dumps(foreign))]) == []
    assert spans_in([KafkaRecord(RECEIPTS, 0, 0, T0, b"", b"{")]) == []


def test_a_collector_gets_them_by_otlp() -> None:
    bodies: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        OtlpExporter(f"http://127.0.0.1:{server.server_port}/v1/traces").export(spans_in([decided(Verdict.EMITTED)]))
        server.shutdown()
        thread.join()

    told = ExportTraceServiceRequest.FromString(bodies[0]).resource_spans[0].scope_spans[0].spans
    assert {span.trace_id.hex() for span in told} == {ACTION}


def test_a_collector_that_refuses_is_said_to_be_away() -> None:
    class Refuses(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        with pytest.raises(DependencyUnavailable, match="does not take spans"):
            OtlpExporter(f"http://127.0.0.1:{server.server_port}/").export(spans_in([decided(Verdict.EMITTED)]))
        server.shutdown()
        thread.join()
