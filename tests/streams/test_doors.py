"""A door never stops a lane: what lies in a topic becomes an event, or a dead letter or forward that fits."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.store.limits import check_commit
from schemas.events import Invalid, decode_event
from schemas.ids import partition_of
from schemas.lane import Commit, KafkaRecord
from schemas.topics import BROWSE, CUSTOMERS, DEAD_LETTERS
from streams import ingest
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward, receive
from streams.outbox import Outbox, chunks
from tests.builders import START

ADMISSION = AdmissionRules(partition=0, partitions=8, latest=START, forwards=True)
ELSEWHERE = next(f"c-{i}" for i in range(99) if partition_of(f"c-{i}", 8) != 0)
EXTREMES = (
    "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z",
    "1000-01-01T00:00:00Z", "1700-01-01T00:00:00Z", "1970-01-01T00:00:00Z",
)  # fmt: skip


def record(
    body: bytes, key: bytes = b"k", headers: tuple[tuple[str, bytes], ...] = (), topic: str = BROWSE
) -> KafkaRecord:
    return KafkaRecord(topic, 0, 7, START, key, body, headers)


def viewed(who: str, time: Any = "2026-03-02T14:00:00Z") -> bytes:
    return orjson.dumps({"id": "e-1", "type": "product.viewed", "customer": who, "time": time, "sku": "s"})


@pytest.mark.parametrize("time", EXTREMES)
def test_an_event_from_the_ends_of_time_is_a_dead_letter_that_names_its_time(time: str) -> None:
    body = orjson.dumps({"id": "e", "type": "customer.registered", "customer": "c-1", "time": time})

    item = receive(record(body, topic=CUSTOMERS), ADMISSION)

    assert isinstance(item, DeadLetter)
    assert item.field == "time"


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"])
def test_moments_within_an_event_have_bounds_in_the_contract(time: str) -> None:
    body = {
        "id": "e", "type": "order.placed", "customer": "c-1", "time": "2026-03-02T14:00:00Z", "order_id": "o",
        "amount": 1, "currency": "EUR", "promised_at": time,
    }  # fmt: skip

    with pytest.raises(Invalid, match="between 1900 and 8999") as refused:
        decode_event(orjson.dumps(body))

    assert (refused.value.reason, refused.value.field) == ("wrong_field", "promised_at")


@given(
    st.binary(max_size=200)
    | st.builds(viewed, st.text(max_size=70), st.text(max_size=30) | st.integers() | st.floats()),
    st.binary(max_size=50),
    st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=20)), max_size=4),
)
def test_whatever_lies_in_a_topic_has_a_place_to_go(body: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> None:
    item = receive(record(body, key, tuple(headers)), ADMISSION)

    assert isinstance(item, Arrival | DeadLetter | Forward)


def test_what_breaks_the_parser_is_that_events_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(ingest, "decode_event", broken)

    item = receive(record(b"{}"), ADMISSION)

    assert isinstance(item, DeadLetter)
    assert (item.reason, item.message) == ("event_failed", "RecursionError while it was parsed")


@pytest.mark.parametrize("trouble", [MemoryError(), OSError(24, "Too many open files")])
def test_what_the_machine_lacks_is_no_events_failure(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def lacking(body: bytes) -> None:
        raise trouble

    monkeypatch.setattr(ingest, "decode_event", lacking)

    with pytest.raises(type(trouble)):
        receive(record(b"{}"), ADMISSION)


MONSTERS = [
    record(b"x", b"k" * 970_000),
    record(b"x" * 610_000, b"k" * 420_000),
    record(b"x", headers=tuple(("n" * 50_000, b"") for _ in range(20))),
    record(viewed(ELSEWHERE), headers=(("trace", b"h" * 1_020_000),)),
    record(viewed(ELSEWHERE), b"k" * 1_020_000),
]


@pytest.mark.parametrize(
    "monster", MONSTERS, ids=["key", "key and body", "names", "header of a forward", "key of a forward"]
)
def test_a_record_of_any_size_that_kafka_takes_fits_into_a_commit(monster: KafkaRecord) -> None:
    item = receive(monster, ADMISSION)
    assert not isinstance(item, Arrival)
    out = Outbox(0, 8, 0)

    out.put_aside(item)

    check_commit(Commit(b"s" * 10_000, outbox=out.entries))


@pytest.mark.parametrize(
    "items",
    [
        [record(b"x", b"k" * 260_000)] * 4,
        [record(b"x", headers=(("n" * 60_000, b""),))] * 30,
        [record(viewed(ELSEWHERE), headers=(("h", b"y" * 600_000),))] * 5,
    ],
    ids=["keys", "names of headers", "forwards"],
)
def test_pieces_are_cut_by_all_bytes_that_they_commit(items: list[KafkaRecord]) -> None:
    aside = [receive(item, ADMISSION) for item in items]

    for piece in chunks([item for item in aside if not isinstance(item, Arrival)]):
        out = Outbox(0, 8, 0)
        for item in piece:
            out.put_aside(item)
        check_commit(Commit(b"s" * 10_000, outbox=out.entries))


def test_a_dead_letter_says_what_of_its_key_is_missing() -> None:
    out = Outbox(0, 8, 0)

    out.dead_letter(DeadLetter(record(b"x", b"k" * 100_000), "wrong_json", "", "no"))

    (entry,) = out.entries
    assert dict(entry.headers)["tend-key-truncated"] == b"100000"
    assert entry.topic == DEAD_LETTERS
