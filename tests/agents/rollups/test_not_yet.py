"""In a replay nothing is told of what lanes have not come to."""

from __future__ import annotations

import orjson

from agents.rollups.not_yet import MOST_WAITING, NotYet
from schemas.events import encode_event
from schemas.lane import KafkaRecord
from schemas.times import Millis, to_rfc3339
from schemas.topics import BROWSE, DEAD_LETTERS, DECISIONS, MESSAGES, MOVES, ORDERS
from tests.builders import event, placed, when

LAST = when(100)


def order(offset: int, at: Millis) -> KafkaRecord:
    return KafkaRecord(ORDERS, 0, offset, 0, b"c-1", encode_event(placed(at, f"o-{offset}")))


def test_an_event_waits_for_its_lane_and_what_lies_behind_it_waits_with_it() -> None:
    not_yet = NotYet()
    told_late = order(2, when(1))

    assert not_yet.come([order(0, when(1)), order(1, when(5)), told_late], when(3)) == [order(0, when(1))]
    assert not_yet.come([], when(4)) == []
    assert not_yet.come([], when(5)) == [order(1, when(5)), told_late]
    assert not_yet.is_empty


def test_what_was_decided_waits_as_the_events_do() -> None:
    decision = KafkaRecord(DECISIONS, 0, 0, 0, b"c-1", orjson.dumps({"acting": when(5), "at": when(1)}))
    move = KafkaRecord(MOVES, 0, 0, 0, b"c-1", orjson.dumps({"at": when(5)}))
    action = KafkaRecord(MESSAGES, 0, 0, 0, b"c-1", orjson.dumps({"decided_at": to_rfc3339(when(5))}))

    for record in (decision, move, action):
        not_yet = NotYet()
        assert not_yet.come([record], when(4)) == []
        assert not_yet.come([], when(5)) == [record]


def test_what_cannot_be_read_waits_for_nobody() -> None:
    seen = event("product.viewed", when(9), sku="s-1")
    waiting = KafkaRecord(BROWSE, 0, 0, 0, b"c-1", encode_event(seen))
    letter, garbage = KafkaRecord(DEAD_LETTERS, 0, 0, 0, b"c-1", b"{}"), KafkaRecord(ORDERS, 0, 0, 0, b"c-1", b"{")

    assert NotYet().come([waiting, letter, garbage], when(3)) == [letter, garbage]


def test_where_enough_waits_no_more_is_read_until_its_time_has_come() -> None:
    not_yet = NotYet()

    not_yet.come([order(number, when(5)) for number in range(MOST_WAITING)], when(3))
    assert not_yet.full == {(ORDERS, 0)}

    assert len(not_yet.come([], LAST)) == MOST_WAITING
    assert not_yet.full == set()
