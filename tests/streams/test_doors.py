"""A door never stops a lane: what lies in a topic becomes an event, or a dead letter or forward that fits."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.store.commit_limits import check_commit
from schemas.codec import decode_record, encode_record_and_size
from schemas.events import decode_event
from schemas.ids import partition_of
from schemas.lane import Commit, KafkaRecord
from schemas.orders import OrderPlaced
from schemas.outcome import Decision, encode_decision
from schemas.record import CustomerRecord
from schemas.times import DAY, WEEK, Millis
from schemas.topics import BROWSE, CUSTOMERS, DEAD_LETTERS
from streams import ingest
from streams.customer import Customer
from streams.ingest import AdmissionRules, Arrival, DeadLetter, Forward, receive
from streams.outbox import Outbox, chunks
from streams.pipeline import new_customer
from tests.builders import START, event, placed
from tests.streams.service import Service

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
def test_an_optional_moment_beyond_the_bounds_of_the_contract_is_left_out_of_its_event(time: str) -> None:
    body = {
        "id": "e", "type": "order.placed", "customer": "c-1", "time": "2026-03-02T14:00:00Z", "order_id": "o",
        "amount": 1, "currency": "EUR", "promised_at": time,
    }  # fmt: skip

    decoded = decode_event(orjson.dumps(body))

    assert isinstance(decoded, OrderPlaced)
    assert (decoded.promised_at, decoded.left_out) == (None, ("promised_at",))


@given(
    st.binary(max_size=200)
    | st.builds(viewed, st.text(max_size=70), st.text(max_size=30) | st.integers(-(2**63), 2**63 - 1) | st.floats()),
    st.binary(max_size=50),
    st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=20)), max_size=4),
)
def test_whatever_lies_in_a_topic_has_a_place_to_go(body: bytes, key: bytes, headers: list[tuple[str, bytes]]) -> None:
    item = receive(record(body, key, tuple(headers)), ADMISSION)

    assert isinstance(item, Arrival | DeadLetter | Forward)


def test_what_breaks_the_parser_is_that_events_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr(ingest, "receive_event", broken)

    item = receive(record(b"{}"), ADMISSION)

    assert isinstance(item, DeadLetter)
    assert (item.reason, item.message) == ("event_failed", "RecursionError while it was parsed")


@pytest.mark.parametrize("trouble", [MemoryError(), OSError(24, "Too many open files")])
def test_what_the_machine_lacks_is_no_events_failure(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def lacking(body: bytes) -> None:
        raise trouble

    monkeypatch.setattr(ingest, "receive_event", lacking)

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

    pieces = list(chunks([item for item in aside if not isinstance(item, Arrival)]))

    assert sum(map(len, pieces)) == len(items)
    for piece in pieces:
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


# ---------------------------------------------------------------- through a whole lane


YEAR = 365 * DAY


@pytest.mark.parametrize(("customers", "years"), [(64, 4), (10, 29), (200, 2)])
def test_first_events_of_long_ago_fit_into_commits_and_cost_no_more_than_recent_ones(
    customers: int, years: int
) -> None:
    ancient, recent = Service(), Service()

    for service, at in ((ancient, START - years * YEAR), (recent, START - 5 * WEEK)):
        service.feed(*(placed(at + n, who=f"c-{n}") for n in range(customers)))

    assert set(ancient.store.records) == {f"c-{n}" for n in range(customers)}
    assert ancient.timers <= 1.5 * recent.timers


def test_a_store_that_was_away_for_years_comes_back_within_a_few_timers_each() -> None:
    service = Service()
    service.feed(*(placed(START - n, who=f"c-{n}") for n in range(20)))
    before = service.timers

    service.feed(now=START + 3 * YEAR)

    assert service.timers - before < 20 * 40
    assert all(due > START + 3 * YEAR for due in service.store.timers.values())


def test_somebody_new_who_cannot_be_met_is_a_failure_of_that_event_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def touchy(customer: str, at: Millis, *more: Any) -> Customer:
        if at == START - 2:
            raise OverflowError("date value out of range")
        return new_customer(customer, at, *more)

    monkeypatch.setattr("streams.customer_session.new_customer", touchy)
    service = Service()

    service.feed(
        placed(START - 2, "o-1", who="a"), placed(START - 2, "o-2", who="b"), placed(START - 1, "o-3", who="b")
    )

    assert sorted(service.failed) == ["a", "b"]
    assert set(service.store.records) == {"b"}
    assert [entry.topic for entry in service.store.outbox].count(DEAD_LETTERS) == 2


def test_what_cannot_be_said_in_bytes_is_a_failure_of_its_event_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def touchy(decision: Decision) -> bytes:
        if decision.customer == "bad":
            raise TypeError("str is not valid UTF-8: surrogates not allowed")
        return encode_decision(decision)

    monkeypatch.setattr("streams.outbox.encode_decision", touchy)
    service = Service()

    service.feed(event("customer.registered", START - 1, who="bad"), placed(START - 1, who="good"))

    assert set(service.failed) == {"bad"}
    assert decode_record(service.store.records["good"]).purchases.count == 1


def test_a_record_that_cannot_be_encoded_is_a_failure_of_its_event_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def touchy(kept: CustomerRecord) -> tuple[bytes, int]:
        if kept.id == "bad" and kept.purchases.count == 2:
            raise OverflowError("can't serialize ints >= 2**64")
        return encode_record_and_size(kept)

    monkeypatch.setattr("streams.customer_session.encode_record_and_size", touchy)
    service = Service()

    service.feed(*(placed(START - 3 + n, f"o-{n}", who=who) for n in range(2) for who in ("bad", "good")))

    assert service.failed == ["bad"]
    assert {who: decode_record(body).purchases.count for who, body in service.store.records.items()} == {
        "bad": 1,
        "good": 2,
    }


@pytest.mark.parametrize("trouble", [MemoryError(), OSError(24, "Too many open files")])
def test_what_the_machine_lacks_stops_the_lane_with_nothing_lost(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def lacking(*_: Any) -> None:
        raise trouble

    service = Service()
    with monkeypatch.context() as patched:
        patched.setattr("streams.customer_session.handle", lacking)
        with pytest.raises(type(trouble)):
            service.feed(placed(START - 1))
    assert service.store.outbox == []

    service.feed(placed(START - 1))

    assert decode_record(service.store.records["c-1"]).purchases.count == 1


def test_a_failure_does_not_say_what_a_customer_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def touchy(*_: Any) -> None:
        raise ValueError("cannot read 'Anna Meier, anna@example.org'")

    monkeypatch.setattr("streams.customer_session.handle", touchy)
    service = Service()

    service.feed(placed(START - 1))

    (letter,) = (entry for entry in service.store.outbox if entry.topic == DEAD_LETTERS)
    assert b"Anna" not in msgspec.msgpack.encode(letter)
    assert dict(letter.headers)["tend-message"].startswith(b"ValueError at test_doors.py:")
