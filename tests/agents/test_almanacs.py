"""Which almanac a lane decides with: in a replay the very one, in service the nearest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.almanacs import RESUME, AlmanacFeed, read_almanac
from infra.kafka.connection import KafkaConnection
from schemas.almanac import VERSION, Almanac, BadAlmanac, encode_almanac, sign
from schemas.lane import KafkaRecord
from schemas.signing import SIGNATURE
from schemas.topics import ALMANAC
from streams.churn import initial_state

KEY = b"key"


def announced(epoch: int, key: bytes = KEY) -> KafkaRecord:
    body = encode_almanac(Almanac(VERSION, epoch, 1, initial_state((28,))))
    headers = ((RESUME, b"0"), (SIGNATURE, sign(body, 0, key)))
    return KafkaRecord(ALMANAC, 0, epoch, 0, b"", body, headers)


@pytest.fixture
async def feed(monkeypatch: pytest.MonkeyPatch) -> AlmanacFeed:
    """In service, with the almanacs of epochs 5 to 10 in the topic, and one that somebody else signed."""

    async def tail(*_: Any, **__: Any) -> AsyncIterator[KafkaRecord]:
        for epoch in range(5, 11):
            yield announced(epoch)
        yield announced(11, key=b"another")

    monkeypatch.setattr("agents.almanacs.tail", tail)
    made = AlmanacFeed(KafkaConnection("127.0.0.1:1"), KEY, exact=False)
    await made._follow()
    return made


@pytest.mark.parametrize(("asked", "given"), [(8, 8), (10, 10), (30, 10)])
async def test_in_service_it_is_the_newest_one_not_later(feed: AlmanacFeed, asked: int, given: int) -> None:
    found = await feed.wait(asked)

    assert found is not None
    assert found.epoch == given


async def test_a_lane_far_behind_decides_with_the_oldest_one_kept(feed: AlmanacFeed) -> None:
    found = await feed.wait(2)

    assert found is not None
    assert found.epoch == 7


async def test_one_that_somebody_else_signed_is_counted_and_not_used(feed: AlmanacFeed) -> None:
    assert feed.refused == 1
    assert feed.newest is not None
    assert feed.newest.epoch == 10


async def test_before_the_first_there_is_none() -> None:
    assert await AlmanacFeed(KafkaConnection("127.0.0.1:1"), KEY, exact=False).wait(3) is None


@pytest.mark.parametrize("resume", [b"", b"x", b"-1", b"9" * 400, b"\xff", "٣".encode()])
def test_a_position_that_is_none_is_refused_before_anything_else_is_read(resume: bytes) -> None:
    record = KafkaRecord(ALMANAC, 0, 0, 0, b"", b"\xc1", ((RESUME, resume), (SIGNATURE, b"")))

    with pytest.raises(BadAlmanac, match="position"):
        read_almanac(record, KEY)
