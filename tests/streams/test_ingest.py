"""At the door: an event that may be handled, or the reason why not."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agents.bootstrap import receiver
from infra.settings import load_settings
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import DAY, MINUTE, to_rfc3339
from schemas.topics import BROWSE, ORDERS
from streams.ingest import FORWARDED, AdmissionRules, Arrival, DeadLetter, Forward, receive
from tests.builders import START, WHO

HERE = partition_of(WHO, 8)
DOOR = AdmissionRules(HERE, 8, START, forwards=True)


def raw(topic: str = ORDERS, headers: tuple[tuple[str, bytes], ...] = (), **changes: Any) -> KafkaRecord:
    told = {
        "id": "e-1",
        "type": "order.placed",
        "customer": WHO,
        "time": to_rfc3339(START),
        "order_id": "o-1",
        "amount": 100,
        "currency": "EUR",
    }
    body = orjson.dumps({name: value for name, value in {**told, **changes}.items() if value is not None})
    return KafkaRecord(topic, HERE, 7, START, WHO.encode(), body, headers)


def letter(record: KafkaRecord, admission: AdmissionRules = DOOR) -> tuple[str, str]:
    found = receive(record, admission)
    assert isinstance(found, DeadLetter)
    assert found.raw is record
    return found.reason, found.field


def test_a_valid_event_arrives_with_its_time_and_place() -> None:
    found = receive(raw(), DOOR)

    assert isinstance(found, Arrival)
    assert (found.event.id, found.at, found.topic, found.offset) == ("e-1", START, ORDERS, 7)
    assert found.size == len(raw().value or b"")


@pytest.mark.parametrize(
    ("record", "reason", "field"),
    [
        (KafkaRecord(ORDERS, HERE, 0, 0, None, b"{"), "wrong_json", ""),
        (KafkaRecord(ORDERS, HERE, 0, 0, None, None), "wrong_json", ""),
        (raw(type="order.dreamt"), "unknown_type", "type"),
        (raw(amount=None), "missing_field", "amount"),
        (raw(amount="much"), "wrong_field", "amount"),
        (raw(order_id="o" * 65), "too_long", "order_id"),
        (raw(topic=BROWSE), "wrong_topic", "type"),
    ],
)
def test_what_is_no_event_is_a_dead_letter_with_its_reason(record: KafkaRecord, reason: str, field: str) -> None:
    assert letter(record) == (reason, field)


def test_five_minutes_ahead_of_its_arrival_is_the_limit() -> None:
    assert isinstance(receive(raw(time=to_rfc3339(START + 5 * MINUTE)), DOOR), Arrival)
    assert letter(raw(time=to_rfc3339(START + 5 * MINUTE + 1))) == ("time_in_future", "time")


@pytest.mark.parametrize("time", ["1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_a_date_that_no_stores_history_reaches_back_to_is_a_dead_letter_that_names_the_setting(time: str) -> None:
    found = receive(raw(time=time), DOOR)

    assert isinstance(found, DeadLetter)
    assert (found.reason, found.field) == ("time_too_old", "time")
    assert "TEND_OLDEST_DAYS" in found.message


def test_the_span_of_dates_is_a_setting() -> None:
    settings = load_settings({"oldest_days": 40_000 // 365, "future_tolerance_seconds": 10})
    check = receiver(settings)

    assert isinstance(receive(raw(time="1999-05-01T10:00:00Z"), DOOR), Arrival)
    assert isinstance(check(raw(time=to_rfc3339(START - 110 * DAY)), DOOR), DeadLetter)
    assert isinstance(check(raw(time=to_rfc3339(START + 11_000)), DOOR), DeadLetter)
    assert isinstance(check(raw(time=to_rfc3339(START + 9_000)), DOOR), Arrival)


def test_a_record_on_a_wrong_partition_is_moved_once() -> None:
    elsewhere = AdmissionRules((HERE + 1) % 8, 8, START, forwards=True)

    found = receive(raw(), elsewhere)

    assert isinstance(found, Forward)
    assert found.partition == HERE
    assert letter(raw(headers=((FORWARDED, b"0:0"),)), elsewhere) == ("wrong_partition", "customer")


def test_in_a_replay_a_record_on_a_wrong_partition_is_a_dead_letter() -> None:
    assert letter(raw(), AdmissionRules((HERE + 1) % 8, 8, START, forwards=False)) == ("wrong_partition", "customer")
