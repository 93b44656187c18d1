"""Which events a lane gets at once, in which order, and how far time may go with them."""

from __future__ import annotations

import asyncio

import pytest

from agents.worker.batches import MarkedBatches
from agents.worker.crowd_turns import BESIDE_EVENTS, PORTION, CrowdTurns
from agents.worker.live_batches import LiveBatches
from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord, LaneState
from schemas.times import MINUTE, SECOND, Millis
from schemas.topics import BROWSE, ORDERS, WATERMARKS
from streams.ingest import DeadLetter, Forward
from streams.lane_protocol import Batch
from tests.agents.logs import Logs
from tests.builders import START

NOW = START + 10 * MINUTE


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, now: Millis = NOW) -> None:
        self.now = now

    def __call__(self) -> Millis:
        return self.now


def live(
    logs: Logs, clock: Clock | None, partitions: int = 1, held: int = 20_000, turns: CrowdTurns | None = None
) -> LiveBatches:
    batches = LiveBatches(logs.open(logs.begins), logs.partition, partitions, clock, SECOND, turns=turns)
    batches.held = held
    return batches


def marked(logs: Logs) -> MarkedBatches:
    return MarkedBatches(logs.open(logs.begins), 0, 1)


def ids(batch: Batch | None) -> list[str]:
    assert batch is not None
    return [arrival.event.id for arrival in batch.arrivals]


def nothing_yet() -> LaneState:
    return LaneState(offsets={})


# ---------------------------------------------------------------- service


async def test_topics_are_merged_by_time() -> None:
    logs = Logs()
    first, second, third = logs.viewed(START), logs.ordered(START + 1), logs.viewed(START + 2)

    batch = await live(logs, Clock()).next(nothing_yet())

    assert ids(batch) == [first, second, third]


async def test_within_a_topic_offsets_count_and_not_times() -> None:
    logs = Logs()
    told = [logs.viewed(START + 5), logs.viewed(START)]

    batch = await live(logs, Clock()).next(nothing_yet())

    assert ids(batch) == told


async def test_time_never_passes_the_head_of_an_unread_backlog() -> None:
    logs = Logs(piece=1)
    order = logs.ordered(START)
    logs.ordered(START + 10)
    view = logs.viewed(START + 5)
    batches = live(logs, Clock())

    first = await batches.next(nothing_yet())
    assert first is not None
    assert (ids(first), first.until) == ([order], START), "behind the first order something unread may lie"

    second = await batches.next(nothing_yet())
    assert second is not None
    assert ids(second)[0] == view
    assert second.until == NOW


async def test_a_topic_of_which_nothing_is_known_holds_everything_back() -> None:
    logs = Logs()
    logs.viewed(START)
    logs.silent = {ORDERS}
    batches = live(logs, Clock())

    assert await batches.next(nothing_yet()) is None
    logs.silent = set()

    assert len(ids(await batches.next(nothing_yet()))) == 1


async def test_a_silent_lane_gets_an_empty_batch_with_each_tick() -> None:
    clock = Clock()
    batches = live(Logs(), clock)

    first = await batches.next(nothing_yet())
    assert first is not None
    assert (first.arrivals, first.until, first.acting) == ([], NOW, NOW)
    assert await batches.next(LaneState(offsets={}, time=NOW)) is None

    clock.now += SECOND
    again = await batches.next(LaneState(offsets={}, time=NOW))
    assert again is not None
    assert again.until == NOW + SECOND


async def test_a_lane_that_left_timers_behind_need_not_wait_for_the_tick() -> None:
    clock = Clock()
    batches = live(Logs(), clock)
    await batches.next(nothing_yet())

    clock.now += 1
    again = await batches.next(LaneState(offsets={}, time=NOW - SECOND))
    batches.done()

    assert again is not None
    assert (again.until, again.timers) == (NOW + 1, PORTION)
    assert await batches.next(LaneState(offsets={}, time=NOW + 1)) is None


async def test_a_lane_that_left_timers_behind_waits_for_its_turn_and_events_go_first() -> None:
    turns, logs = CrowdTurns(at_once=1), Logs()
    batches = live(logs, Clock(), turns=turns)
    left = LaneState(offsets={}, time=NOW - SECOND)
    first = await batches.next(left)
    batches.done()
    await turns.ask(7)

    assert first is not None
    assert first.timers == BESIDE_EVENTS
    assert await batches.next(left) is None
    view = logs.viewed(NOW - 1)
    beside = await batches.next(left)
    batches.done()

    assert beside is not None
    assert (ids(beside), beside.timers) == ([view], 1), "as many timers as events, so that they get on all the same"
    turns.give_back(7)
    in_turn = await batches.next(left)
    assert in_turn is not None
    assert (in_turn.arrivals, in_turn.timers) == ([], BESIDE_EVENTS), "an event came a moment ago"


async def test_a_batch_given_up_gives_its_turn_back() -> None:
    turns, logs = CrowdTurns(at_once=1), Logs()
    batches, others = live(logs, Clock(), turns=turns), live(logs, Clock(), turns=turns)
    left = LaneState(offsets={}, time=NOW - SECOND)
    for each in (batches, others):
        await each.next(left)
        each.done()

    assert await batches.next(left) is not None
    batches.done()
    assert await others.next(left) is not None


async def test_with_many_events_go_as_many_timers() -> None:
    logs = Logs()
    for number in range(100):
        logs.viewed(START + number)

    batch = await live(logs, Clock()).next(nothing_yet())

    assert batch is not None
    assert batch.timers == 100


async def test_a_lane_looks_seldom_while_it_has_nothing_to_do_but_never_misses_a_tick() -> None:
    clock, logs, idle = Clock(), Logs(), LaneState(offsets={}, time=NOW)
    batches = live(logs, clock)
    await batches.next(nothing_yet())

    await batches.next(idle)
    clock.now += SECOND - 50
    await batches.next(idle)

    assert logs.waits[1:] == [200, 50]


async def test_a_lane_looks_often_while_something_waits() -> None:
    logs = Logs()
    logs.viewed(START)
    logs.silent = {ORDERS}
    batches = live(logs, Clock())
    await batches.next(nothing_yet())

    assert await batches.next(nothing_yet()) is None

    assert logs.waits[1:] == [20]


async def test_a_clock_ahead_does_not_hold_the_topic_up() -> None:
    logs = Logs()
    early, later = logs.viewed(NOW + MINUTE), logs.viewed(NOW)

    batch = await live(logs, Clock()).next(nothing_yet())

    assert ids(batch) == [early, later]
    assert batch is not None
    assert batch.until == NOW


async def test_what_is_no_event_is_told_apart_once_and_never_waits() -> None:
    logs = Logs(piece=1)
    logs.ordered(START)
    logs.ordered(START + 10)
    logs.put(BROWSE, b"not json")
    logs.viewed(NOW)
    batches = live(logs, Clock())

    first, second = await batches.next(nothing_yet()), await batches.next(nothing_yet())

    assert first is not None
    assert second is not None
    assert [type(item) for item in first.aside] == [DeadLetter]
    assert second.aside == []


async def test_offsets_stay_before_what_still_waits() -> None:
    logs = Logs(piece=2)
    logs.ordered(START)
    logs.ordered(START + 1)
    logs.ordered(START + 2)
    logs.viewed(START + 5)
    logs.put(BROWSE, b"not json")

    batch = await live(logs, Clock()).next(nothing_yet())

    assert batch is not None
    assert (batch.offsets[ORDERS], batch.offsets[BROWSE]) == (2, 0)


async def test_a_misplaced_event_is_forwarded() -> None:
    logs = Logs()
    logs.viewed(START, who="c-1")

    batch = await live(logs, Clock(), partitions=64).next(nothing_yet())

    assert batch is not None
    assert [type(item) for item in batch.aside] == [Forward]


async def test_what_waits_for_another_topic_is_bounded() -> None:
    logs = Logs(piece=10)
    for second in range(100):
        logs.viewed(START + 5 * MINUTE + second)
        logs.ordered(START + second)
    batches = live(logs, Clock(), held=20)

    handled = []
    for _ in range(40):
        batch = await batches.next(nothing_yet())
        handled += ids(batch) if batch else []
        assert max(len(queue.arrivals) for queue in batches._queues.values()) <= 30

    assert len(handled) == 200


async def test_each_event_comes_with_its_record_as_it_lay() -> None:
    logs = Logs()
    logs.viewed(START)

    batch = await live(logs, Clock()).next(nothing_yet())

    assert batch is not None
    assert [arrival.raw for arrival in batch.arrivals] == logs.records[BROWSE]


async def test_without_a_clock_nothing_begins_before_the_first_event() -> None:
    logs = Logs()
    logs.put(BROWSE, b"not json", START)
    batches = live(logs, None)

    assert await batches.next(nothing_yet()) is None
    logs.viewed(START)

    batch = await batches.next(nothing_yet())
    assert batch is not None
    assert (batch.until, len(batch.aside), batch.acting) == (START, 1, None)


# ---------------------------------------------------------------- a replay with watermarks


async def test_an_interval_ends_at_its_mark_whatever_lies_behind_it() -> None:
    logs = Logs()
    view = logs.viewed(START + 1)
    order = logs.ordered(START)
    logs.watermark(START + MINUTE, position={"events": 2})
    logs.ordered(START + 2 * MINUTE)

    batch = await marked(logs).next(nothing_yet())

    assert batch is not None
    assert ids(batch) == [order, view]
    assert (batch.until, batch.offsets, batch.position) == (
        START + MINUTE,
        {BROWSE: 1, ORDERS: 1, WATERMARKS: 1},
        {"events": 2},
    )


async def test_the_order_of_arrival_within_an_interval_does_not_matter() -> None:
    straight, shuffled = Logs(), Logs()
    for second in (0, 1, 2):
        straight.viewed(START + second)
    for second in (2, 0, 1):
        shuffled.viewed(START + second)
    straight.watermark(START + MINUTE)
    shuffled.watermark(START + MINUTE)

    one, other = await marked(straight).next(nothing_yet()), await marked(shuffled).next(nothing_yet())

    assert ids(one) == ids(other)


async def test_an_interval_waits_until_each_topic_is_read_up_to_its_end() -> None:
    logs = Logs(piece=1)
    for second in range(5):
        logs.viewed(START + second)
    logs.watermark(START + MINUTE)

    batch = await marked(logs).next(nothing_yet())

    assert len(ids(batch)) == 5


async def test_an_empty_answer_is_not_taken_for_the_end() -> None:
    logs = Logs()
    logs.viewed(START)
    logs.watermark(START + MINUTE)
    logs.silent = {BROWSE}
    waiting = asyncio.create_task(marked(logs).next(nothing_yet()))

    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    logs.silent = set()

    assert len(ids(await waiting)) == 1


async def test_there_is_no_batch_before_there_is_a_mark() -> None:
    logs = Logs()
    logs.viewed(START)

    assert await marked(logs).next(nothing_yet()) is None


async def test_a_mark_that_is_none_is_refused_with_its_place() -> None:
    logs = Logs()
    logs.put(WATERMARKS, b"{}")

    with pytest.raises(ConfigurationRefused, match=r"tend\.watermarks, partition 0, offset 0: no watermark"):
        await marked(logs).next(nothing_yet())


@pytest.mark.parametrize("body", [b"", b"nonsense", b'{"number": 0, "time": 9, "ends": {}}', b"[" * 10_000], ids=str)
async def test_a_watermark_that_is_not_ours_is_passed_over(body: bytes) -> None:
    logs, passed = Logs(), list[KafkaRecord]()
    logs.put(WATERMARKS, body)
    logs.viewed(START)
    logs.watermark(START + MINUTE)

    def is_ours(raw: KafkaRecord) -> bool:
        passed.append(raw)
        return raw.offset > 0

    batch = await MarkedBatches(logs.open(logs.begins), 0, 1, is_ours=is_ours).next(nothing_yet())

    assert batch is not None
    assert (batch.until, batch.offsets[WATERMARKS]) == (START + MINUTE, 2)
    assert [raw.offset for raw in passed] == [0, 1]
