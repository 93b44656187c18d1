"""Rulebooks on their topic: published whole with their moment, read by every worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agents.patience import lastingly
from infra.kafka.announcer import Announcer
from infra.kafka.connection import KafkaConnection
from infra.kafka.reader import Reader, read_all
from infra.settings import Settings
from rules.loading import load_rulebook, parse_rulebook, shipped
from rules.rulebook import Rulebook
from schemas.errors import ConfigurationRefused
from schemas.lane import KafkaRecord
from schemas.times import Millis
from schemas.topics import RULEBOOKS
from streams.rulebook_schedule import RulebookSchedule

HEAD_START: Millis = 2_000
"""In service a rulebook comes into force this long after it was published, so that every lane has read it by then."""


def own_rulebook(settings: Settings) -> Rulebook:
    """The rulebook that the settings name, or the shipped one."""
    return shipped() if settings.rulebook is None else load_rulebook(settings.rulebook)


async def publish_rulebook(settings: Settings, rulebook: Rulebook, in_force_from: Millis) -> None:
    """Put a checked rulebook on its topic."""
    connection = KafkaConnection.of(settings)
    announcer = Announcer(connection, f"{settings.group}-rulebooks")
    await announcer.open()
    try:
        await announcer.announce(RULEBOOKS, rulebook.version.encode(), rulebook.bundle(in_force_from))
    finally:
        await announcer.close()


async def published_rulebooks(connection: KafkaConnection) -> RulebookSchedule:
    """The rulebooks published so far. Raises ConfigurationRefused where there is none."""
    return _library(await read_all(connection, RULEBOOKS))


def _library(raws: Sequence[KafkaRecord]) -> RulebookSchedule:
    if not raws:
        raise ConfigurationRefused(f"No rulebook can be read from {RULEBOOKS}. Run: tend rules publish")
    books = [parse_rulebook(raw.value or b"") for raw in raws]
    library = RulebookSchedule(books[0], books[0].in_force_from)
    for book in books[1:]:
        library.add(book, book.in_force_from)
    return library


class RulebookFeed:
    """Fills a library from ``tend.rulebooks`` and keeps it full."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = KafkaConnection.of(settings)
        self._next = 0

    async def open(self) -> RulebookSchedule:
        """The rulebooks published so far; the first worker of an installation publishes its own."""
        raws = await read_all(self._connection, RULEBOOKS)
        if not raws:
            await publish_rulebook(self._settings, own_rulebook(self._settings), in_force_from=0)
            raws = await read_all(self._connection, RULEBOOKS)
        library = _library(raws)
        self._next = raws[-1].offset + 1
        return library

    async def run(self, library: RulebookSchedule, told: Callable[[Rulebook], None]) -> None:
        """Add what is published from now on, until cancelled."""
        await lastingly(lambda: self._follow(library, told))

    async def _follow(self, library: RulebookSchedule, told: Callable[[Rulebook], None]) -> None:
        async with Reader(self._connection, {(RULEBOOKS, 0): self._next}) as reader:
            while True:
                for raw in await reader.read(max_wait_ms=500):
                    book = parse_rulebook(raw.value or b"")
                    library.add(book, book.in_force_from)
                    self._next = raw.offset + 1
                    told(book)
