"""Rulebooks at hand for pages: each is read once, and the store's own stands in until there is one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from agents import rulebooks
from agents.rulebooks import RulebookShelf
from infra.kafka.connection import KafkaConnection
from rules.loading import shipped
from schemas.errors import DependencyUnavailable
from schemas.lane import KafkaRecord
from tests.agents.test_rulebooks import KEY, OTHER, POISON, signed

NOWHERE = KafkaConnection("127.0.0.1:1")


class Topic:
    """The topic as it is read: what lies in it, and what is added while somebody reads on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *there: KafkaRecord) -> None:
        self._later: asyncio.Queue[list[KafkaRecord]] = asyncio.Queue()
        self._all_read = asyncio.Event()
        self.checks: Counter[int] = Counter()
        check = rulebooks.checked

        async def read_all(*_: Any, **__: Any) -> Sequence[KafkaRecord]:
            return there

        def counted(raw: KafkaRecord, key: bytes) -> Any:
            self.checks[raw.offset] += 1
            return check(raw, key)

        monkeypatch.setattr(rulebooks, "read_all", read_all)
        monkeypatch.setattr(rulebooks, "checked", counted)
        monkeypatch.setattr(rulebooks, "AsyncConsumer", lambda *_, **__: self)

    async def __aenter__(self) -> Topic:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def read(self, max_wait_ms: int) -> list[KafkaRecord]:
        if self._later.empty():
            self._all_read.set()
        return await self._later.get()

    async def add(self, *records: KafkaRecord) -> None:
        """Publish something more, and wait until it has been taken in."""
        self._all_read.clear()
        await self._later.put(list(records))
        await self._all_read.wait()


async def test_where_nothing_is_published_the_stores_own_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    Topic(monkeypatch)
    shelf = RulebookShelf(NOWHERE, KEY, OTHER)

    reading = asyncio.create_task(shelf.run())

    assert (await shelf.at(1_000)).version == OTHER.version
    reading.cancel()


async def test_each_is_checked_once_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic(monkeypatch, signed(shipped(), 0, offset=0), signed(OTHER, 100, offset=1))
    shelf = RulebookShelf(NOWHERE, KEY, shipped())
    reading = asyncio.create_task(shelf.run())

    found = [(await shelf.at(moment)).version for moment in (50, 150, 50, 150)]

    assert found == [shipped().version, OTHER.version] * 2
    assert topic.checks == {0: 1, 1: 1}
    reading.cancel()


async def test_what_is_published_while_pages_are_open_is_in_force_from_its_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = Topic(monkeypatch, signed(shipped(), 0))
    shelf = RulebookShelf(NOWHERE, KEY, shipped())
    reading = asyncio.create_task(shelf.run())
    assert (await shelf.at(150)).version == shipped().version

    await topic.add(POISON["not signed"], signed(OTHER, 100, offset=1))

    assert [(await shelf.at(moment)).version for moment in (50, 150)] == [shipped().version, OTHER.version]
    reading.cancel()


async def test_before_kafka_has_answered_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebooks, "_PATIENCE_SECONDS", 0.01)

    with pytest.raises(DependencyUnavailable, match="no answer"):
        await RulebookShelf(NOWHERE, KEY, shipped()).at(0)
