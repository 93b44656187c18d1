from __future__ import annotations

import msgspec
import orjson

from rules.loading import shipped
from schemas.churn import Tick
from schemas.codec import decode_record
from schemas.lane import KafkaRecord
from schemas.times import DAY, WEEK, to_rfc3339
from schemas.topics import ORDERS
from streams.churn import initial_state
from streams.churn.progressive import PastOrder, Point, ProgressiveEvaluation, Signal
from streams.lane_protocol import LaneConfig
from streams.rulebook_schedule import RulebookSchedule
from tests.in_process_runner import InProcessRunner as Engine
from tests.in_process_runner import WatermarkInterval
from tests.streams.churn.stores import START, store

HORIZON = 14


def points_of(orders: list[PastOrder], horizon: int = HORIZON) -> list[Point]:
    return list(ProgressiveEvaluation(initial_state([horizon]), horizon, START).run(orders))


def test_there_is_a_point_after_each_order_and_at_each_tick_for_those_who_ordered_before() -> None:
    orders = store()

    points = points_of(orders)

    assert [(p.customer, p.at) for p in points if not p.ticked] == [(order.customer, order.at) for order in orders]
    first = {order.customer: order.at for order in reversed(orders)}
    ticks = range(START, orders[-1].at + 1, WEEK)
    expected = {(customer, tick) for tick in ticks for customer, at in first.items() if at < tick}
    assert {(p.customer, p.at) for p in points if p.ticked} == expected
    assert len([p for p in points if p.ticked]) == len(expected)


def test_points_come_in_the_order_of_time() -> None:
    points = points_of(store())

    assert [p.at for p in points] == sorted(p.at for p in points)


def test_signals_make_no_points_and_are_looked_at() -> None:
    orders = store()
    late = [Signal(order.customer, order.at + 1, "late_delivery") for order in orders[::3]]
    strangers = [Signal("nobody", START + day * DAY + 5, "visit") for day in range(100)]
    everything: list[PastOrder | Signal] = [*orders, *late, *strangers]
    both = sorted(everything, key=lambda event: event.at)

    points, plain = list(ProgressiveEvaluation(initial_state([HORIZON]), HORIZON, START).run(both)), points_of(orders)

    times = {(p.customer, p.at) for p in plain}
    assert {(p.customer, p.at) for p in points if p.at <= orders[-1].at} == times
    assert any(p.score.features != q.score.features for p, q in zip(points, plain, strict=False))


def test_nothing_that_happens_after_a_moment_changes_a_prediction_up_to_it() -> None:
    orders = store()
    middle = START + 70 * DAY
    until = [order for order in orders if order.at <= middle]
    other = [msgspec.structs.replace(order, at=order.at + DAY, amount_minor=1) for order in orders if order.at > middle]
    strangers = [PastOrder(f"x{i}", middle + 1 + i, 100) for i in range(50)]

    as_it_was = [p for p in points_of(orders) if p.at <= middle]
    otherwise = [p for p in points_of(until + sorted(strangers + other[::2], key=lambda o: o.at)) if p.at <= middle]

    assert as_it_was == otherwise


def test_what_is_evaluated_is_what_runs_live() -> None:
    """The whole pipeline, with its alarms, examples and almanacs, comes to the same weights to the bit."""
    orders = store()
    rehearsal = ProgressiveEvaluation(initial_state([HORIZON]), HORIZON, START)
    points = list(rehearsal.run(orders))

    engine = live(orders)

    epoch = rehearsal.state.epoch
    assert msgspec.msgpack.encode(engine.almanacs[epoch].churn) == msgspec.msgpack.encode(rehearsal.state)
    last = {point.customer: point for point in points}
    records = {customer: decode_record(body) for customer, body in engine.shelves[0].records.items()}
    assert {customer: record.churn for customer, record in records.items()} == {
        customer: [round(point.score.p, 4)] for customer, point in last.items()
    }


def live(orders: list[PastOrder]) -> Engine:
    ground = LaneConfig(0, 1, DAY, (HORIZON,), Tick(START, WEEK), initial_state([HORIZON]))
    engine = Engine([ground], RulebookSchedule(shipped()))
    raws = [
        KafkaRecord(ORDERS, 0, i, order.at, order.customer.encode(), placed(order, i)) for i, order in enumerate(orders)
    ]
    days = list(range(START + DAY, orders[-1].at + 1, DAY))
    intervals = [
        WatermarkInterval([raw for raw in raws if until - DAY <= raw.timestamp < until], until) for until in days
    ]
    rest = [raw for raw in raws if raw.timestamp >= days[-1]]
    engine.run([[*intervals, WatermarkInterval(rest, orders[-1].at)]])
    return engine


def placed(order: PastOrder, number: int) -> bytes:
    return orjson.dumps(
        {
            "id": f"e{number}", "type": "order.placed", "customer": order.customer, "time": to_rfc3339(order.at),
            "order_id": f"o{number}", "amount": order.amount_minor, "currency": "EUR",
        }
    )  # fmt: skip
