"""Programs of two versions in turn: the newer reads what the older wrote, the older refuses and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

import schemas.almanac
import schemas.codec
import streams.pipeline
from agents.almanacs import RESUME, AlmanacFeed
from agents.worker.lane_status import Status
from infra.kafka.connection import KafkaConnection
from schemas.almanac import Almanac, BadAlmanac, NewerAlmanac, decode_almanac, encode_almanac, sign
from schemas.codec import Unreadable, decode_orders, decode_record, decode_state, encode_orders
from schemas.errors import ConfigurationRefused
from schemas.lane import LAYOUT, Commit, KafkaRecord, LaneState
from schemas.order_book import ORDERS_VERSION, Order, OrderBook
from schemas.record import VERSION, CustomerRecord
from schemas.signing import SIGNATURE
from schemas.times import DAY, HOUR
from schemas.topics import ALMANAC, DEAD_LETTERS, ORDERS
from streams.churn import initial_state
from tests.agents.worker.test_lane import START, World

NEWER = VERSION + 1
Change = Callable[[], None]


@pytest.fixture
async def here() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.end()


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Change:
    """From now on the program is the next one: its records keep the day they were made on, and not the moment."""

    def step(plain: list[Any]) -> list[Any]:
        _, who, created, *rest = plain
        return [NEWER, who, created // DAY * DAY, *rest]

    def upgrade() -> None:
        monkeypatch.setattr(schemas.codec, "VERSION", NEWER)
        monkeypatch.setattr(schemas.codec, "RECORD_STEPS", {VERSION: step})
        monkeypatch.setattr(streams.pipeline, "VERSION", NEWER)

    return upgrade


async def record_of(world: World, who: str) -> CustomerRecord:
    body, _ = await world.store.customer(0, who)
    assert body is not None
    return decode_record(body)


async def handled(world: World, watermarks: int) -> None:
    """Until the lane is behind so many watermarks."""
    for _ in range(2_000):
        held = await world.store.lane(0)
        if held and held[1] and decode_state(held[1]).offsets["tend.watermarks"] == watermarks:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("the lane did not come that far")


async def test_a_newer_program_takes_over_and_an_older_one_refuses_what_it_wrote(
    here: World, newer: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.logs.ordered(START, "anna")
    here.logs.ordered(START, "bert")
    here.logs.watermark(START + HOUR)
    here.start()
    await handled(here, 1)
    await here.end()
    assert (await record_of(here, "anna")).version == VERSION

    # Upgrade: who was not looked at since is read as they were written.
    newer()
    here.logs.ordered(START + 2 * HOUR, "anna")
    here.logs.watermark(START + 3 * HOUR)
    here.start()
    await handled(here, 2)
    await here.end()
    anna, (bert, _) = await record_of(here, "anna"), await here.store.customer(0, "bert")
    assert (anna.version, anna.created, anna.purchases.count) == (NEWER, START // DAY * DAY, 2)
    assert bert is not None

    # Downgrade: the lane parks before anything is committed or sent.
    monkeypatch.undo()
    assert decode_record(bert).version == VERSION
    here.logs.ordered(START + 4 * HOUR, "anna")
    here.logs.watermark(START + 5 * HOUR)
    before, sent = await here.store.customer(0, "anna"), list(here.press.out)
    runner = here.start()
    await here.until(lambda: runner.status is Status.PARKED)
    assert f"customer record of version {NEWER}; this program reads up to version {VERSION}" in runner.why
    assert "run the version of tend that wrote it, or a newer one" in runner.why
    assert await here.store.customer(0, "anna") == before
    assert (await here.state()).offsets[ORDERS] == 3
    assert here.press.out == sent
    await here.end()

    # And up again: nothing was lost.
    newer()
    here.start()
    await handled(here, 3)
    assert (await record_of(here, "anna")).purchases.count == 3
    assert not here.out(DEAD_LETTERS)
    assert [entry.sequence for entry in here.press.out] == list(range(1, len(here.press.out) + 1))


async def test_an_event_is_not_laid_aside_because_a_newer_program_wrote_the_order_book(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.logs.ordered(START, "anna")
    here.logs.watermark(START + HOUR)
    here.start()
    await handled(here, 1)
    await here.end()
    book = msgspec.structs.replace(OrderBook(orders=[Order("o-1", START)]), version=ORDERS_VERSION + 1)
    claimed = await here.store.claim(0)
    await here.store.commit(0, claimed.version, Commit(claimed.state or b"", orders={"anna": encode_orders(book)}))

    here.logs.ordered(START + 2 * HOUR, "anna")
    here.logs.watermark(START + 3 * HOUR)
    runner = here.start()
    await here.until(lambda: runner.status is Status.PARKED)

    assert f"order book of version {ORDERS_VERSION + 1}; this program reads up to" in runner.why
    assert (await here.state()).offsets[ORDERS] == 1
    assert not here.out(DEAD_LETTERS)


async def test_a_lane_of_a_newer_program_parks_and_stays_as_it_is(here: World) -> None:
    here.logs.ordered(START, "anna")
    here.logs.watermark(START + HOUR)
    here.start()
    await handled(here, 1)
    await here.end()
    state = msgspec.structs.replace(await here.state(), layout=LAYOUT + 1)
    claimed = await here.store.claim(0)
    body = msgspec.msgpack.encode([*msgspec.to_builtins(state), "what only the newer one knows"])
    await here.store.commit(0, claimed.version, Commit(body))

    runner = here.start()
    await here.until(lambda: runner.status is Status.PARKED)

    assert f"lane state of version {LAYOUT + 1}; this program reads up to version {LAYOUT}" in runner.why
    held = await here.store.lane(0)
    assert held is not None
    assert held[1] == body


def test_a_lane_state_of_before_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    state = LaneState({"t": 5}, time=7, sequence=3)
    plain = msgspec.to_builtins(state)
    shorter = msgspec.msgpack.encode(plain[:-1])

    assert decode_state(shorter) == state
    assert decode_state(msgspec.msgpack.encode([{"t": 5}])) == LaneState({"t": 5})
    monkeypatch.setattr(schemas.codec, "LAYOUT", LAYOUT + 1)
    monkeypatch.setattr(schemas.codec, "STATE_STEPS", {LAYOUT: lambda old: [*old[:-1], LAYOUT + 1]})
    assert decode_state(msgspec.msgpack.encode(plain)).layout == LAYOUT + 1


@pytest.mark.parametrize("body", [b"", b"\xc1", b"no state", msgspec.msgpack.encode([1, 2])])
def test_other_bytes_are_no_lane_state(body: bytes) -> None:
    with pytest.raises(Unreadable, match=r"no lane state|no step"):
        decode_state(body)


def with_more(known: CustomerRecord | OrderBook | LaneState) -> bytes:
    return msgspec.msgpack.encode([*msgspec.msgpack.decode(msgspec.msgpack.encode(known)), "more"])


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (with_more(CustomerRecord(VERSION, "c-1", 5)), decode_record),
        (with_more(OrderBook()), decode_orders),
        (with_more(LaneState({})), decode_state),
    ],
    ids=["record", "order book", "lane state"],
)
def test_fields_that_only_a_newer_program_knows_are_refused_and_not_dropped(
    body: bytes, read: Callable[[bytes], object]
) -> None:
    with pytest.raises(Unreadable, match=r"fields that this program does not know.*a newer one"):
        read(body)


# ---------------------------------------------------------------- almanacs


def almanac(version: int, epoch: int = 4) -> bytes:
    return encode_almanac(Almanac(version, epoch, 1, initial_state((28,))))


def test_an_almanac_of_before_is_read_and_a_newer_one_is_refused_with_both_versions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = schemas.almanac.VERSION
    with pytest.raises(NewerAlmanac, match=f"version {known + 1}; this program reads up to version {known}.*newer"):
        decode_almanac(almanac(known + 1))
    with pytest.raises(BadAlmanac, match="version 0 cannot be brought"):
        decode_almanac(almanac(0))

    monkeypatch.setattr(schemas.almanac, "STEPS", {0: lambda plain: {**plain, "version": known, "lessons": 9}})

    assert decode_almanac(almanac(0)).lessons == 9


@pytest.mark.parametrize("exact", [True, False])
async def test_a_lane_learns_that_almanacs_come_from_a_newer_program(
    exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, known = almanac(schemas.almanac.VERSION + 1), almanac(schemas.almanac.VERSION, epoch=3)
    raws = [
        KafkaRecord(ALMANAC, 0, n, 0, b"", one, ((RESUME, b"0"), (SIGNATURE, sign(one, 0, b"key"))))
        for n, one in enumerate([known, body])
    ]

    async def tail(*_: object, **__: object) -> AsyncIterator[KafkaRecord]:
        for raw in raws:
            yield raw

    monkeypatch.setattr("agents.almanacs.tail", tail)
    feed = AlmanacFeed(KafkaConnection("127.0.0.1:1"), b"key", exact=exact)
    await feed._follow()

    if exact:
        found = await feed.wait(3)
        assert found is not None
        assert found.epoch == 3
    with pytest.raises(ConfigurationRefused, match="this program reads up to version"):
        await feed.wait(4)
