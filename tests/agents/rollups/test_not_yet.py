"""In a replay nothing is told of what lanes have not come to."""

from __future__ import annotations

from agents.rollups.not_yet import MOST_WAITING, NotYet
from schemas.events import encode_event
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import BROWSE, DECISIONS, ORDERS
from tests.builders import event, placed, when

LAST = when(100)


def order(offset: int, at: Millis, partition: int = 0) -> KafkaRecord:
    return KafkaRecord(ORDERS, partition, offset, 0, b"c-1", encode_event(placed(at, f"o-{offset}")))


def test_an_event_waits_for_its_lane_and_what_lies_behind_it_waits_with_it() -> None:
    not_yet = NotYet()
    told_late = order(2, when(1))

    assert not_yet.come([order(0, when(1)), order(1, when(5)), told_late], [when(3)]) == [order(0, when(1))]
    assert not_yet.come([], [when(4)]) == []
    assert not_yet.come([], [when(5)]) == [order(1, when(5)), told_late]
    assert not_yet.is_empty


def test_each_lane_has_its_own_time() -> None:
    first, second = order(0, when(5)), order(0, when(5), partition=1)

    assert NotYet().come([first, second], [when(3), when(6)]) == [second]


def test_other_topics_and_what_cannot_be_read_wait_for_nobody() -> None:
    seen = event("product.viewed", when(9), sku="s-1")
    waiting = KafkaRecord(BROWSE, 0, 0, 0, b"c-1", encode_event(seen))
    decision, garbage = KafkaRecord(DECISIONS, 0, 0, 0, b"c-1", b"{}"), KafkaRecord(ORDERS, 0, 0, 0, b"c-1", b"{")

    assert NotYet().come([waiting, decision, garbage], [when(3)]) == [decision, garbage]


def test_where_enough_waits_no_more_is_read_until_its_time_has_come() -> None:
    not_yet = NotYet()

    not_yet.come([order(number, when(5)) for number in range(MOST_WAITING)], [when(3)])
    assert not_yet.full == {(ORDERS, 0)}

    assert len(not_yet.come([], [LAST])) == MOST_WAITING
    assert not_yet.full == set()
