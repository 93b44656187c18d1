"""Everything that pages and API stand on, wired in one place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from agents.access import AccessKeys, Admitted, AuditLog, access_keys
from agents.almanacs import AlmanacFeed
from agents.bootstrap import open_store, open_tables
from agents.console.letters_done import LettersDone
from agents.console.sampler import Sampler
from agents.console.segments import SavedSegments
from agents.console.session import Sessions, first_token
from agents.console.shared_look import SharedLook
from agents.rollups.keeper import RollupKeeper
from agents.rollups.model import WorkItem
from agents.rollups.store import RollupStore
from agents.rulebooks import own_rulebook, published_rulebooks
from agents.signing import installation_key
from agents.store_queries import StoreQueries
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer
from infra.settings import Settings
from rules.rulebook import Rulebook
from schemas.errors import ConfigurationRefused, TendError
from schemas.ids import partition_of
from schemas.times import Millis, to_datetime


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
        self.almanacs = AlmanacFeed(self.connection, installation_key(settings), exact=False)
        self.keeper = RollupKeeper(settings, self.store, self.rollups, self.keys)
        self.sampler = Sampler(settings, self.store, self.rollups, self.almanacs)
        self.sessions = Sessions(self.keys.sessions, first_token(settings))
        self.zone: str = own_rulebook(settings).defaults.place.zone
        """Whose clock the console shows: the store's."""
        self.segments = SavedSegments(self.tables.client, self.tables.address)
        self.letters_done = LettersDone(self.tables.client, self.tables.address)
        self.people = capacities(settings.console_people)
        """People of the desk, and how much each can have open."""
        self._rulebook: tuple[float, Rulebook] | None = None
        self._letters = SharedLook[int](_LOOK_SECONDS)
        self._work = SharedLook[list[WorkItem]](_LOOK_SECONDS)
        self._days = SharedLook[dict[str, dict[str, int]]](_LOOK_SECONDS)
        self._minutes = SharedLook[dict[str, dict[str, int]]](_LOOK_SECONDS)

    def now(self) -> Millis:
        """The present: by the clock in service, in a replay what its lanes have reached."""
        return self.sampler.now()

    def partition(self, customer: str) -> int:
        """The partition of a customer."""
        return partition_of(customer, self.settings.partitions)

    async def rulebook(self) -> Rulebook:
        """The rulebook in force; read again every few seconds at most."""
        moment = asyncio.get_running_loop().time()
        if self._rulebook is None or moment - self._rulebook[0] > _RULEBOOK_SECONDS:
            self._rulebook = moment, await self._read_rulebook()
        return self._rulebook[1]

    async def _read_rulebook(self) -> Rulebook:
        try:
            library = await published_rulebooks(self.connection, installation_key(self.settings))
        except TendError:  # no worker has published one yet
            return own_rulebook(self.settings)
        return library.at(self.now())[2]

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
        tasks = [asyncio.create_task(part.run()) for part in (self.keeper, self.sampler, self.almanacs)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
            await self.producer.close()
            await self.queries.close()
            await self.store.close()
            await self.tables.close()


_RULEBOOK_SECONDS = 5.0
_LOOK_SECONDS = 0.8
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
