"""Whatever is written to the topics goes through a whole lane within the limits of a commit, and the lane goes on."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import decode_record
from schemas.examples import example
from schemas.lane import KafkaRecord
from schemas.times import DAY
from schemas.topics import TOPIC_OF
from streams.ingest import AdmissionRules, Arrival, receive
from streams.outbox import Outbox
from tests.builders import START, placed
from tests.streams.service import Service

NOW = START + 3 * DAY
ADMISSION = AdmissionRules(partition=0, partitions=1, latest=NOW, forwards=True)
EXAMPLES = [example("events", kind) for kind in TOPIC_OF]
VALUES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=80)
    | st.sampled_from(["", "2026-03-02T10:00:00Z", "1997-01-01T00:00:00Z", "EUR", "\u202e", "c-1"])
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """An example of the contract with some of its fields changed, dropped or doubled; sometimes cut in the middle."""
    event: dict[str, Any] = dict(draw(st.sampled_from(EXAMPLES)))
    event |= {"customer": draw(st.sampled_from(["c-1", "c-2"])), "id": draw(st.text("abc", min_size=1, max_size=3))}
    for field in draw(st.lists(st.sampled_from(sorted(event)), max_size=2)):
        event[field] = draw(VALUES | st.lists(VALUES, max_size=3) | st.just(event.get(field)))
    body = orjson.dumps(event)
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 9)) == 0 else body


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(mutated(), min_size=1, max_size=8))
def test_a_lane_goes_on_whatever_was_written(bodies: list[bytes]) -> None:
    service, aside = Service(), Outbox(0, 1, 0)

    events = []
    for offset, body in enumerate(bodies):
        topic = next((TOPIC_OF[kind] for kind in TOPIC_OF if f'"{kind}"'.encode() in body), "storefront.browse")
        item = receive(KafkaRecord(topic, 0, offset, NOW, b"k", body), ADMISSION)
        if isinstance(item, Arrival):
            events.append(item.event)
        else:
            aside.put_aside(item)
    service.feed(*sorted(events, key=lambda event: event.at), now=NOW)

    assert len(aside.entries) + len(events) == len(bodies)
    service.feed(placed(NOW, who="afterwards"), now=NOW)
    assert decode_record(service.store.records["afterwards"]).purchases.count == 1
