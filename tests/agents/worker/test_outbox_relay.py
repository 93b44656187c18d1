"""What is decided goes out in order and once, and a lane pauses when too much waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest

from agents.worker.outbox_relay import OutboxRelay
from schemas.errors import DependencyUnavailable, Fenced, TakenOver, TendError
from schemas.lane import OutboxEntry
from tests.agents.memory_publisher import MemoryPublisher

Make = Callable[..., OutboxRelay]


@pytest.fixture
async def outgoing() -> AsyncIterator[Make]:
    made: list[OutboxRelay] = []

    def make(
        press: MemoryPublisher,
        limit: int = 5,
        waits: Callable[[str | None], None] = lambda _: None,
        require_ours: Callable[[], Awaitable[None]] = ours,
    ) -> OutboxRelay:
        made.append(OutboxRelay(press, limit, waits, require_ours=require_ours))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def ours() -> None:
    """Nobody has taken the lane over."""


async def anothers() -> None:
    raise TakenOver("lane 0 was taken over")


def entries(first: int, last: int) -> list[OutboxEntry]:
    return [OutboxEntry(number, "care.messages", 0, b"c-1", b"%d" % number) for number in range(first, last + 1)]


def numbers(found: Sequence[OutboxEntry]) -> list[int]:
    return [entry.sequence for entry in found]


async def test_what_is_added_goes_out_in_order(outgoing: Make) -> None:
    press = MemoryPublisher()
    out = outgoing(press)
    await out.open([])
    out.start()

    out.add(entries(1, 3))
    out.add(entries(4, 5))
    await out.flush()

    assert numbers(press.out) == [1, 2, 3, 4, 5]
    assert out.published == 5


async def test_a_new_owner_publishes_what_the_one_before_left(outgoing: Make) -> None:
    press = MemoryPublisher()
    press.out = entries(1, 2)
    out = outgoing(press)

    await out.open(entries(1, 4))
    out.start()
    await out.flush()

    assert numbers(press.out) == [1, 2, 3, 4]


async def test_what_was_decided_again_and_is_out_already_is_not_sent_by_the_next_owner_either(outgoing: Make) -> None:
    """A store forgot, the lane decided again, and its worker was killed before that was published."""

    def named(sequence: int, name: bytes) -> OutboxEntry:
        return OutboxEntry(sequence, "care.tickets", 0, b"c-1", b"", (("ce_id", name),))

    press = MemoryPublisher()
    press.out = [named(1, b"a"), named(2, b"b"), named(3, b"c")]
    out = outgoing(press)

    await out.open([named(4, b"b"), named(5, b"d")])
    await asyncio.sleep(0.05)
    await out.flush()
    assert numbers(press.out) == [1, 2, 3], "nobody has looked yet what is out"
    await out.pass_over(1, [("care.tickets", 0)])
    out.start()
    await out.flush()

    assert [dict(entry.headers)["ce_id"] for entry in press.out] == [b"a", b"b", b"c", b"d"]


async def test_too_much_unpublished_leaves_no_room_until_it_is_out(outgoing: Make) -> None:
    press = MemoryPublisher()
    press.stall()
    out = outgoing(press, limit=5)
    await out.open([])
    out.start()

    out.add(entries(1, 5))
    waiting = asyncio.create_task(out.room())
    await asyncio.sleep(0)

    assert not out.has_room
    assert not waiting.done()
    press.go_on()
    await waiting
    assert out.has_room


async def test_a_broker_that_is_away_is_asked_again_and_said(outgoing: Make) -> None:
    press = MemoryPublisher()
    press.trouble = [DependencyUnavailable("the broker sleeps")]
    told: list[str | None] = []
    out = outgoing(press, waits=told.append)
    await out.open([])
    out.start()

    out.add(entries(1, 2))
    await out.flush()

    assert numbers(press.out) == [1, 2]
    assert "the broker sleeps" in told
    assert told[-1] is None


async def test_a_fenced_publisher_opens_again_and_goes_on_from_what_is_out(outgoing: Make) -> None:
    press = MemoryPublisher()
    out = outgoing(press)
    await out.open([])
    out.start()
    press.out = entries(1, 1)
    press.trouble = [Fenced("opened by another owner")]

    out.add(entries(1, 3))
    await out.flush()

    assert numbers(press.out) == [1, 2, 3]
    assert press.opened == 2


async def test_what_cannot_be_published_is_told_to_the_lane(outgoing: Make) -> None:
    press = MemoryPublisher()
    press.trouble = [TendError("an entry is missing")]
    out = outgoing(press)
    await out.open([])
    out.start()

    out.add(entries(1, 1))

    with pytest.raises(TendError, match="an entry is missing"):
        await out.flush()
    with pytest.raises(TendError, match="an entry is missing"):
        await out.room()


async def test_the_store_keeps_the_last_transaction_until_the_next_one_is_out(outgoing: Make) -> None:
    press = MemoryPublisher()
    out = outgoing(press)
    await out.open([])
    out.start()

    out.add(entries(1, 3))
    await out.flush()
    assert (out.published, out.settled) == (3, 0)

    out.add(entries(4, 5))
    await out.flush()
    assert (out.published, out.settled) == (5, 3)


async def test_what_an_earlier_owner_published_is_settled(outgoing: Make) -> None:
    press = MemoryPublisher()
    press.out = entries(1, 2)
    out = outgoing(press)

    await out.open(entries(1, 2))
    out.start()

    assert out.settled == 2


async def test_a_broker_that_forgot_the_last_transaction_is_given_it_again(outgoing: Make) -> None:
    press = MemoryPublisher()
    out = outgoing(press)
    await out.open([])
    out.start()
    for first in (1, 3):
        out.add(entries(first, first + 1))
        await out.flush()

    press.forget(2)
    out.add(entries(5, 6))
    await out.flush()

    assert numbers(press.out) == [1, 2, 3, 4, 5, 6]
    assert press.given == [3, 4, 5, 6]


async def test_fenced_while_the_last_transaction_was_forgotten_it_is_published_again(outgoing: Make) -> None:
    press = MemoryPublisher()
    out = outgoing(press)
    await out.open([])
    out.start()
    out.add(entries(1, 4))
    await out.flush()

    press.forget(0)
    press.trouble = [Fenced("opened by another owner")]
    out.add(entries(5, 6))
    await out.flush()

    assert numbers(press.out) == [1, 2, 3, 4, 5, 6]
    assert out.settled <= 4


@pytest.mark.parametrize("trouble", [Fenced("opened by another owner"), DependencyUnavailable("it slept too long")])
async def test_who_opens_again_asks_the_store_before_anything_is_sent(outgoing: Make, trouble: Exception) -> None:
    press = MemoryPublisher()
    asked = iter([ours, anothers])
    out = outgoing(press, require_ours=lambda: next(asked)())
    await out.open([])
    out.start()
    press.trouble = [trouble]

    out.add(entries(1, 3))

    with pytest.raises(TakenOver, match="taken over"):
        await out.flush()
    assert press.out == []


async def test_who_slept_before_it_opened_sends_nothing(outgoing: Make) -> None:
    press = MemoryPublisher()
    out = outgoing(press, require_ours=anothers)

    with pytest.raises(TakenOver, match="taken over"):
        await out.open(entries(1, 3))
    await asyncio.sleep(0.02)
    assert press.out == []
