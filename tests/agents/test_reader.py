"""What a lane has read of its topics and not yet handled."""

from __future__ import annotations

import asyncio

from agents.reader import TopicReader
from schemas.topics import BROWSE, ORDERS
from tests.agents.logs import Logs
from tests.builders import START


def logs_with(views: int, piece: int = 1_000) -> Logs:
    logs = Logs(piece=piece)
    for number in range(views):
        logs.viewed(START + number)
    return logs


async def test_reading_goes_on_behind_what_was_read() -> None:
    logs = logs_with(5, piece=2)
    reader = TopicReader(logs, 0, {BROWSE: 0})

    while await reader.read([BROWSE], max_wait_ms=1):
        pass

    assert [raw.offset for raw in reader.take(BROWSE, 99)] == [0, 1, 2, 3, 4]
    assert [fetch[BROWSE] for fetch in logs.fetches] == [0, 2, 4, 5]


async def test_a_topic_of_which_enough_waits_is_not_read() -> None:
    logs = logs_with(9, piece=3)
    logs.ordered(START)
    reader = TopicReader(logs, 0, {BROWSE: 0, ORDERS: 0}, bound=3)

    await reader.read([BROWSE, ORDERS], max_wait_ms=1)
    await reader.read([BROWSE, ORDERS], max_wait_ms=1)

    assert logs.fetches == [{BROWSE: 0, ORDERS: 0}, {ORDERS: 1}]


async def test_nothing_at_or_behind_an_end_is_taken() -> None:
    reader = TopicReader(logs_with(5), 0, {BROWSE: 0})
    await reader.read([BROWSE], max_wait_ms=1)

    assert [raw.offset for raw in reader.take(BROWSE, 3)] == [0, 1, 2]
    assert [raw.offset for raw in reader.take(BROWSE, 99)] == [3, 4]


async def test_up_to_an_end_means_until_the_position_says_so() -> None:
    logs = logs_with(5, piece=1)
    reader = TopicReader(logs, 0, {BROWSE: 0})

    await reader.up_to({BROWSE: 4})

    assert reader.shelves[BROWSE].next_offset == 4


async def test_up_to_waits_for_what_is_not_there_yet() -> None:
    logs = logs_with(1)
    reader = TopicReader(logs, 0, {BROWSE: 0})
    waiting = asyncio.create_task(reader.up_to({BROWSE: 2}))
    await asyncio.sleep(0.02)
    assert not waiting.done()

    logs.viewed(START + 1)
    await waiting


async def test_a_topic_is_caught_up_only_when_its_end_is_known_and_reached() -> None:
    logs = logs_with(3, piece=2)
    reader = TopicReader(logs, 0, {BROWSE: 0})
    shelf = reader.shelves[BROWSE]
    assert not shelf.caught_up

    await reader.read([BROWSE], max_wait_ms=1)
    assert not shelf.caught_up
    await reader.read([BROWSE], max_wait_ms=1)
    assert shelf.caught_up


async def test_lag_counts_from_what_is_handled_and_not_from_what_is_read() -> None:
    reader = TopicReader(logs_with(5), 0, {BROWSE: 0, ORDERS: 0})
    await reader.read([BROWSE], max_wait_ms=1)

    assert reader.lag({BROWSE: 2}) == {BROWSE: 3}


async def test_lag_is_no_guess_where_the_broker_has_not_told_the_end() -> None:
    logs = logs_with(5, piece=4)
    reader = TopicReader(logs, 0, {BROWSE: 0})
    await reader.read([BROWSE], max_wait_ms=1)
    logs.silent.add(BROWSE)
    await reader.read([BROWSE], max_wait_ms=1)

    assert reader.lag({BROWSE: 2}) == {BROWSE: 3}
