"""Events that the product is measured with are of its contract, and its metrics are read as Prometheus means them."""

from __future__ import annotations

from math import inf

import pytest

from benchmarks.metrics import quantile, up_to
from benchmarks.population import lived, under_new_ids
from benchmarks.shop import Shop, when_sent
from rules.context import LaneContext
from rules.loading import shipped
from schemas.actions import encode_action
from schemas.codec import decode_record
from schemas.events import decode_event
from schemas.ids import partition_of
from schemas.record import TimerKind
from schemas.timers import next_due
from schemas.times import DAY
from schemas.topics import TOPIC_OF
from streams.pipeline import handle, new_customer
from tests.builders import START

LATE = {0.5: 50.0, 1.0: 90.0, inf: 100.0}


def test_events_are_of_the_contract_and_lie_where_their_customer_belongs() -> None:
    shop = Shop(["c-1", "c-2", "c-3"], 4)

    for made in (shop.make(number, 7) for number in range(300)):
        event = decode_event(made.value)
        assert made.topic == TOPIC_OF[event.type]
        assert made.partition == partition_of(event.customer, 4)


def test_the_ticket_of_a_complaint_tells_when_it_was_sent_and_no_other_message_does() -> None:
    event = decode_event(Shop(["c-1"], 1, complaints=1.0).make(0, 12).value)
    lane = LaneContext.without_churn(shipped())

    decided = handle(new_customer("c-1", event.at, lane), event, lane, event.at).actions

    told = {action.rule: when_sent(encode_action(action)) for action in decided}
    assert told.pop("complaint_routed") == 12
    assert set(told.values()) <= {None}
    assert when_sent(b'{"rule": "complaint_routed", "complaint_id": "p-1"}') is None


@pytest.mark.parametrize(("share", "late"), [(0.25, 0.25), (0.5, 0.5), (0.9, 1.0), (0.99, inf)])
def test_a_quantile_lies_within_its_bucket(share: float, late: float) -> None:
    assert quantile(LATE, share) == pytest.approx(late)
    assert up_to(LATE, 1.0) == 0.9


def test_a_population_is_moved_in_time_and_armed_as_told() -> None:
    known = lived(1, 20, until=START)
    (one,) = under_new_ids(known, 0, 1, lambda _: START + DAY)
    record = decode_record(one.record)

    assert START - 7 * DAY < record.seen <= START
    assert one.timer == next_due(record) == START + DAY
    assert record.timers[0].kind == TimerKind.TICK
