"""At the door: an event that may be handled, or the reason why not."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.times import MINUTE, to_rfc3339
from schemas.topics import BROWSE, ORDERS
from streams.arrivals import FORWARDED, Arrival, DeadLetter, Door, Forward, receive
from tests.builders import START, WHO

HERE = partition_of(WHO, 8)
DOOR = Door(HERE, 8, START, forwards=True)


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


def letter(record: KafkaRecord, door: Door = DOOR) -> tuple[str, str]:
    found = receive(record, door)
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


def test_a_record_on_a_wrong_partition_is_moved_once() -> None:
    elsewhere = Door((HERE + 1) % 8, 8, START, forwards=True)

    found = receive(raw(), elsewhere)

    assert isinstance(found, Forward)
    assert found.partition == HERE
    assert letter(raw(headers=((FORWARDED, b"0:0"),)), elsewhere) == ("wrong_partition", "customer")


def test_in_a_replay_a_record_on_a_wrong_partition_is_a_dead_letter() -> None:
    assert letter(raw(), Door((HERE + 1) % 8, 8, START, forwards=False)) == ("wrong_partition", "customer")
