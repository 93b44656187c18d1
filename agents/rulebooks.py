"""Rulebooks on their topic: published whole with their moment, read by every worker."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from agents.retry import keep_reading
from agents.signing import installation_key
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import FOLLOW_MS, AsyncConsumer, read_all
from infra.kafka.producers import BroadcastProducer
from infra.settings import Settings
from rules.loading import load_rulebook, parse_rulebook, shipped
from rules.problems import BadRulebook
from rules.rulebook import Rulebook
from schemas.almanac import is_signed_rulebook, sign_rulebook
from schemas.errors import ConfigurationRefused, DependencyUnavailable
from schemas.lane import KafkaRecord
from schemas.signing import SIGNATURE
from schemas.times import Millis
from schemas.topics import RULEBOOKS
from streams.rulebook_schedule import RulebookSchedule

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 5.0
_SEEN_SECONDS, _LOOK_SECONDS = 20.0, 0.05

HEAD_START: Millis = 2_000
"""In service a rulebook comes into force this long after it was published, so that every lane has read it by then."""


def own_rulebook(settings: Settings) -> Rulebook:
    """The rulebook that the settings name, or the shipped one."""
    return shipped() if settings.rulebook is None else load_rulebook(settings.rulebook)


async def publish_rulebook(settings: Settings, rulebook: Rulebook, in_force_from: Millis) -> None:
    """Put a checked rulebook on its topic, signed; its key is version and moment, so compaction keeps the history."""
    connection = KafkaConnection.of(settings)
    key, bundle = f"{rulebook.version}@{in_force_from}".encode(), rulebook.bundle(in_force_from)
    headers = ((SIGNATURE, sign_rulebook(bundle, installation_key(settings))),)
    announcer = BroadcastProducer(connection, f"{settings.group}-rulebooks")
    await announcer.open()
    try:
        await announcer.announce(RULEBOOKS, key, bundle, headers)
    finally:
        await announcer.close()


async def published_rulebooks(connection: KafkaConnection, key: bytes) -> RulebookSchedule:
    """The rulebooks published so far. Raises ConfigurationRefused where there is none."""
    raws = await read_all(connection, RULEBOOKS)
    return _library([book for raw in raws if (book := checked(raw, key)) is not None], len(raws))


def checked(raw: KafkaRecord, key: bytes) -> Rulebook | None:
    """The rulebook in a record; None, told in the log, where it is not signed with this key or cannot be read.

    A bad record ends nobody: what was in force before stays so.
    """
    bundle, why = raw.value or b"", "its signature does not fit (TEND_ALMANAC_KEY)"
    if is_signed_rulebook(bundle, key, dict(raw.headers).get(SIGNATURE, b"")):
        try:
            return parse_rulebook(bundle)
        except BadRulebook as bad:
            why = str(bad)
    log.error("%s, offset %d: %s; this rulebook is not used", RULEBOOKS, raw.offset, why)
    return None


def _library(books: Sequence[Rulebook], found: int) -> RulebookSchedule:
    if not books:
        what = f"None of its {found} records is a rulebook signed with TEND_ALMANAC_KEY" if found else "It is empty"
        raise ConfigurationRefused(f"No rulebook can be read from {RULEBOOKS}. {what}. Run: tend rules publish")
    library = RulebookSchedule(books[0], books[0].in_force_from)
    for book in books[1:]:
        library.add(book, book.in_force_from)
    return library


class RulebookFeed:
    """Fills a library from ``tend.rulebooks`` and keeps it full."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = KafkaConnection.of(settings)
        self._key = installation_key(settings)
        self._next = 0
        self.refused = 0
        """Records that were left out: not signed with our key, or unreadable."""

    async def open(self) -> RulebookSchedule:
        """The rulebooks published so far; the first worker of an installation publishes its own."""
        raws = await read_all(self._connection, RULEBOOKS)
        if not raws:
            await publish_rulebook(self._settings, own_rulebook(self._settings), in_force_from=0)
            raws = await self._until_seen()
        books = [book for raw in raws if (book := self._checked(raw)) is not None]
        self._next = raws[-1].offset + 1
        return _library(books, len(raws))

    async def _until_seen(self) -> list[KafkaRecord]:
        # Kafka says that a transaction is committed a moment before readers are told.
        deadline = time.monotonic() + _SEEN_SECONDS
        while not (raws := await read_all(self._connection, RULEBOOKS)):
            if time.monotonic() > deadline:
                raise DependencyUnavailable(f"Kafka does not show the rulebook that was published to {RULEBOOKS}")
            await asyncio.sleep(_LOOK_SECONDS)
        return raws

    async def run(self, library: RulebookSchedule, told: Callable[[Rulebook], None]) -> None:
        """Add what is published from now on, until cancelled."""
        await keep_reading(lambda: self._follow(library, told))

    async def _follow(self, library: RulebookSchedule, told: Callable[[Rulebook], None]) -> None:
        async with AsyncConsumer(self._connection, {(RULEBOOKS, 0): self._next}, wait_ms=FOLLOW_MS) as reader:
            while True:
                for raw in await reader.read(max_wait_ms=500):
                    self._next = raw.offset + 1
                    if (book := self._checked(raw)) is not None:
                        library.add(book, book.in_force_from)
                        told(book)

    def _checked(self, raw: KafkaRecord) -> Rulebook | None:
        book = checked(raw, self._key)
        self.refused += book is None
        return book


class RulebookShelf:
    """The rulebooks published so far, at hand for pages: each is read once, in a thread, when it comes.

    Until there is one, the store's own stands for them.
    """

    def __init__(self, connection: KafkaConnection, key: bytes, own: Rulebook) -> None:
        self._connection, self._key, self._own = connection, key, own
        self._library: RulebookSchedule | None = None
        self._next = 0
        self._read = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled."""
        await keep_reading(self._follow)

    async def at(self, moment: Millis) -> Rulebook:
        """The rulebook in force at this moment.

        Raises:
            DependencyUnavailable: Kafka has not told yet which ones there are.
        """
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._read.wait()
        except TimeoutError:
            raise DependencyUnavailable(f"Kafka at {self._connection.brokers}: no answer from {RULEBOOKS}") from None
        return self._library.at(moment)[2] if self._library is not None else self._own

    async def _follow(self) -> None:
        await self._put(await read_all(self._connection, RULEBOOKS, start=self._next))
        self._read.set()
        async with AsyncConsumer(self._connection, {(RULEBOOKS, 0): self._next}, wait_ms=FOLLOW_MS) as reader:
            while True:
                await self._put(await reader.read(max_wait_ms=500))

    async def _put(self, raws: Iterable[KafkaRecord]) -> None:
        for raw in raws:
            # Checking all conditions and texts takes tenths of a second, in which no page would be answered.
            book = await asyncio.to_thread(checked, raw, self._key)
            self._next = raw.offset + 1
            if book is not None and self._library is None:
                self._library = RulebookSchedule(book, book.in_force_from)
            elif book is not None and self._library is not None:
                self._library.add(book, book.in_force_from)
