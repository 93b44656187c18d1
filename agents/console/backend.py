"""Everything that pages and API stand on, wired in one place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from agents.access import AccessKeys, Admitted, AuditLog, access_keys
from agents.almanacs import AlmanacFeed
from agents.bootstrap import open_store, open_tables
from agents.console.letters_done import LettersDone
from agents.console.sampler import Sampler
from agents.console.segments import SavedSegments, StoredCustomer
from agents.console.session import Sessions, first_token
from agents.console.shared_look import SharedLook
from agents.rollups.keeper_process import KeeperProcess
from agents.rollups.model import WorkItem
from agents.rollups.store import RollupStore
from agents.rulebooks import RulebookShelf, own_rulebook
from agents.signing import installation_key
from agents.store_queries import StoreQueries
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer
from infra.settings import Settings
from rules.rulebook import Rulebook
from schemas.errors import ConfigurationRefused
from schemas.ids import partition_of
from schemas.times import Millis, to_datetime

log = logging.getLogger(__name__)


class Backend:
    """The parts, and what one of them alone cannot answer."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.connection = KafkaConnection.of(settings)
        self.keys: AccessKeys = access_keys(settings)
        self.store, self.tables = open_store(settings), open_tables(settings)
        self.rollups = RollupStore(self.tables.client, self.tables.address, settings.partitions)
        self.queries = StoreQueries(settings)
        self.producer = AcknowledgedProducer(self.connection)
        self.audit = AuditLog(self.producer)
        key, own = installation_key(settings), own_rulebook(settings)
        self.almanacs = AlmanacFeed(self.connection, key, exact=False)
        self.rulebooks = RulebookShelf(self.connection, key, own)
        self.keeper = KeeperProcess(self.rollups)
        self.sampler = Sampler(settings, self.store, self.rollups, self.almanacs)
        self.sessions = Sessions(self.keys.sessions, first_token(settings))
        self.zone: str = own.defaults.place.zone
        """Whose clock the console shows: the store's."""
        self.segments = SavedSegments(self.tables.client, self.tables.address)
        self.letters_done = LettersDone(self.tables.client, self.tables.address)
        self.people = capacities(settings.console_people)
        """People of the desk, and how much each can have open."""
        self._letters = SharedLook[int](_LOOK_SECONDS)
        self._work = SharedLook[list[WorkItem]](_LOOK_SECONDS)
        self._days = SharedLook[dict[str, dict[str, int]]](_WEEKS_LOOK_SECONDS)
        self._minutes = SharedLook[dict[str, dict[str, int]]](_LOOK_SECONDS)

    def now(self) -> Millis:
        """The present: by the clock in service, in a replay what its lanes have reached."""
        return self.sampler.now()

    def partition(self, customer: str) -> int:
        """The partition of a customer."""
        return partition_of(customer, self.settings.partitions)

    async def everybody(self) -> AsyncIterator[StoredCustomer]:
        """All customers, as the store has them, lane by lane."""
        for partition in range(self.settings.partitions):
            async for stored in self.store.scan(partition):
                yield stored

    async def rulebook(self) -> Rulebook:
        """The rulebook in force."""
        return await self.rulebooks.at(self.now())

    async def write(self, admitted: Admitted, source: str) -> int:
        """Put an event on its topic; the answer, the event's offset, comes when it is safe.

        Args:
            source: the door that it came in by.
        """
        headers = (("ce_source", f"/tend/{source}".encode()), ("ce_id", admitted.event.id.encode()))
        return await self.producer.send(admitted.topic, admitted.partition, admitted.key, admitted.body, headers)

    async def all_work(self) -> Sequence[WorkItem]:
        """All work as it was at most a moment ago: every open page asks for it, and all of them share one look."""
        return await self._work.at("", self.rollups.all_work)

    async def open_letters(self) -> int:
        """How many dead letters still need somebody, likewise."""

        async def look() -> int:
            return max(self.sampler.counts.get("letters", 0) - await self.letters_done.count(), 0)

        return await self._letters.at("", look)

    async def minutes(self, minutes: Sequence[int]) -> dict[str, dict[str, int]]:
        """The sums of each of these minutes since the epoch, likewise."""
        return await self._minutes.at(tuple(minutes), lambda: self.rollups.minutes(minutes))

    async def last_days(self, days: int) -> dict[str, int]:
        """All sums of the last days by the store's own calendar, added up."""
        today = to_datetime(self.now()).astimezone(ZoneInfo(self.zone))
        names = [f"{today - timedelta(days=back):%Y%m%d}" for back in range(days)]
        total: dict[str, int] = {}
        for of_day in (await self._days.at(tuple(names), lambda: self.rollups.days(names))).values():
            for name, count in of_day.items():
                total[name] = total.get(name, 0) + count
        return total

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """What goes on beside the pages."""
        parts = (self.keeper, self.sampler, self.almanacs, self.rulebooks)
        tasks = [asyncio.create_task(part.run(), name=type(part).__name__) for part in parts]
        for task in tasks:
            task.add_done_callback(_told)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError, Exception):  # an error has been told when it came
                    await task
            await self.producer.close()
            await self.queries.close()
            await self.store.close()
            await self.tables.close()


def _told(ended: asyncio.Task[None]) -> None:
    """Tell the log of a part that has ended by an error: pages go on without it."""
    error = None if ended.cancelled() else ended.exception()
    if error is not None:
        log.error("%s has ended, and pages are without it: start again", ended.get_name(), exc_info=error)


_LOOK_SECONDS = 0.8
_WEEKS_LOOK_SECONDS = 3.0
"""Sums of weeks are large, and a moment more changes little of them."""
USUAL_CAPACITY = 8


def capacities(told: tuple[str, ...]) -> dict[str, int]:
    """How much each person can have open, from ``name:number``.

    Raises:
        ConfigurationRefused: one of them is no such pair.
    """
    found: dict[str, int] = {}
    for part in told:
        name, _, number = part.partition(":")
        if not name or (number and not number.isdigit()):
            raise ConfigurationRefused(f"TEND_CONSOLE_PEOPLE: {part} is no person; expected name:number, as in mei:6")
        found[name] = int(number or USUAL_CAPACITY)
    return found
