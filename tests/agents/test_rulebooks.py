"""Rulebooks as a door: what is not signed, or cannot be read, is left out, and the last good one stays in force."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest

from agents import rulebooks
from agents.rulebooks import RulebookFeed, checked, publish_rulebook, published_rulebooks
from infra.kafka.connection import KafkaConnection
from infra.settings import load_settings
from rules.loading import shipped
from rules.rulebook import Rulebook
from schemas.almanac import sign, sign_rulebook
from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord
from schemas.signing import SIGNATURE
from schemas.topics import RULEBOOKS

KEY = b"a key of this installation"
OTHER = shipped("defaults: {orders: {second_order_days: 9}}")


def record(body: bytes, signature: bytes, offset: int = 0) -> KafkaRecord:
    return KafkaRecord(RULEBOOKS, 0, offset, 0, b"", body, ((SIGNATURE, signature),))


def signed(book: Rulebook, since: int, offset: int = 0) -> KafkaRecord:
    return record(book.bundle(since), sign_rulebook(book.bundle(since), KEY), offset)


def stored(monkeypatch: pytest.MonkeyPatch, *records: KafkaRecord) -> None:
    async def read_all(*_: Any) -> Sequence[KafkaRecord]:
        return records

    monkeypatch.setattr(rulebooks, "read_all", read_all)


BUNDLE = shipped().bundle(0)
POISON = {
    "not signed": KafkaRecord(RULEBOOKS, 0, 0, 0, b"", BUNDLE),
    "another key": record(BUNDLE, sign_rulebook(BUNDLE, b"another")),
    "signed as an almanac": record(BUNDLE, sign(BUNDLE, 0, KEY)),
    "a byte changed": record(BUNDLE.replace(b"version", b"versiom"), sign_rulebook(BUNDLE, KEY)),
    "signed nonsense": record(b"nonsense", sign_rulebook(b"nonsense", KEY)),
    "signed nothing": record(b"", sign_rulebook(b"", KEY)),
    "signed, of a version that reads otherwise": record(
        b'{"files":{},"base":"defaults: {}","in_force_from":0,"version":"x"}',
        sign_rulebook(b'{"files":{},"base":"defaults: {}","in_force_from":0,"version":"x"}', KEY),
    ),
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_a_bad_record_is_left_out_counted_and_told_and_the_others_are_in_force(
    poison: KafkaRecord, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stored(monkeypatch, signed(shipped(), 0), poison, signed(OTHER, 100))
    feed = RulebookFeed(load_settings({"almanac_key": KEY.decode()}))

    with caplog.at_level(logging.ERROR):
        library = await feed.open()

    assert [library.at(moment)[0] for moment in (50, 150)] == [shipped().version, OTHER.version]
    assert feed.refused == 1
    assert "this rulebook is not used" in caplog.text


async def test_where_none_is_good_the_refusal_says_how_many_there_are_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored(monkeypatch, *POISON.values())

    with pytest.raises(ConfigurationRefused, match=r"None of its 7 records.*tend rules publish"):
        await published_rulebooks(KafkaConnection("127.0.0.1:1"), KEY)


async def test_what_is_published_is_signed_and_keyed_by_version_and_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[Any, ...]] = []

    class BroadcastProducer:
        def __init__(self, *_: Any) -> None: ...

        async def open(self) -> None: ...

        async def close(self) -> None: ...

        async def announce(self, *message: Any) -> None:
            said.append(message)

    monkeypatch.setattr(rulebooks, "BroadcastProducer", BroadcastProducer)
    settings = load_settings({"almanac_key": KEY.decode()})

    for since in (1_000, 2_000):
        await publish_rulebook(settings, shipped(), since)

    assert [key for _, key, _, _ in said] == [f"{shipped().version}@{since}".encode() for since in (1_000, 2_000)]
    for topic, key, bundle, headers in said:
        found = checked(KafkaRecord(topic, 0, 0, 0, key, bundle, tuple(headers)), KEY)
        assert found is not None
        assert found.version == shipped().version


async def test_compaction_by_key_does_not_change_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollback: the first rulebook, another one, the first again."""
    history = [signed(shipped(), 1_000), signed(OTHER, 2_000), signed(shipped(), 3_000)]
    keys = [(b"%d" % n) for n in (1_000, 2_000, 3_000)]
    compacted = list(dict(zip(keys, history, strict=True)).values())

    stored(monkeypatch, *compacted)
    library = await published_rulebooks(KafkaConnection("127.0.0.1:1"), KEY)

    assert [library.at(moment)[0] for moment in (1_500, 2_500, 3_500)] == [
        shipped().version, OTHER.version, shipped().version,
    ]  # fmt: skip


async def test_the_first_worker_waits_until_readers_are_shown_what_it_has_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([[], [], [signed(shipped(), 0)]])

    async def read_all(*_: Any) -> Sequence[KafkaRecord]:
        return next(answers)

    async def publish(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(rulebooks, "read_all", read_all)
    monkeypatch.setattr(rulebooks, "publish_rulebook", publish)

    library = await RulebookFeed(load_settings({"almanac_key": KEY.decode()})).open()

    assert library.at(0)[2].version == shipped().version
