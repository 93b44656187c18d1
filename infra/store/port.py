"""What a lane and what people may ask of a store, whichever it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from typing import Protocol, Self

import msgspec

from schemas.lane import Claimed, Commit, Loaded, OutboxEntry
from schemas.times import Millis


class LaneCounts(msgspec.Struct, frozen=True):
    """How much one lane holds."""

    customers: int
    order_books: int
    timers: int
    outbox: int
    """Entries not yet trimmed: those published since the last commit are among them."""


class CustomerImage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that a lane holds of one customer."""

    customer: str
    record: bytes
    orders: bytes | None
    timer: Millis | None
    decisions: list[bytes]
    """The customer's recent decisions, the oldest first."""


class LaneCopy(msgspec.Struct, frozen=True):
    """A lane as it was at one moment."""

    version: int
    """0 where nobody ever claimed it."""
    state: bytes | None
    outbox: list[OutboxEntry]
    customers: AsyncGenerator[list[CustomerImage], None]
    """In portions, in no order; who comes twice is the same both times. To be read to its end, or closed."""


class LaneStore(Protocol):
    """What a lane needs: take it over, load a batch, commit a batch.

    All of it may raise ``DependencyUnavailable``; asking again is always safe.
    """

    async def time(self) -> Millis:
        """What the store's own clock says."""
        ...

    async def claim(self, partition: int) -> Claimed:
        """Take the lane over: raises its version by one, which fences every earlier owner."""
        ...

    async def owner(self, partition: int) -> str | None:
        """Whose claim was the last (``Claimed.owner``); ``None`` where nobody ever claimed the lane."""
        ...

    async def load(
        self,
        partition: int,
        customers: Collection[str],
        orders_of: Collection[str] = (),
        due_until: Millis | None = None,
        due_limit: int = 0,
    ) -> Loaded:
        """In one round trip: the timers due, and the records and order books of those asked for and those due.

        Args:
            customers: whose records are wanted; who has none is left out of the answer.
            orders_of: whose order books are wanted.
            due_until: timers at or before this moment are due; ``None`` asks for none.
            due_limit: how many timers at most, the earliest first, by (moment, customer).

        Raises:
            ValueError: more is asked for than ``infra.store.commit_limits`` allows.
        """
        ...

    async def commit(self, partition: int, version: int, commit: Commit) -> int:
        """Write all of the commit, or nothing; returns the lane's new version.

        A customer whose new record is empty (``b""``) is forgotten: record, order book, timer and decisions;
        an empty order book is removed. Told again with the same version because its answer was lost, a commit
        is not done twice; it must not be changed once it was handed over.

        Raises:
            Fenced: another owner has raised the version, or this one has committed something else at it.
            ValueError: it is larger than ``infra.store.commit_limits`` allows, or its outbox does not go on where
                the one held ends; nothing was written.
        """
        ...


class StoreReads(Protocol):
    """What people may ask; nobody's version counts here, and nothing is written."""

    async def customer(self, partition: int, customer: str) -> tuple[bytes | None, bytes | None]:
        """Record and order book of the customer, each ``None`` where there is none."""
        ...

    async def decisions(self, partition: int, customer: str) -> list[bytes]:
        """The customer's recent decisions, the newest first."""
        ...

    async def timer(self, partition: int, customer: str) -> Millis | None:
        """When the customer is to be looked at again."""
        ...

    async def lane(self, partition: int) -> tuple[int, bytes | None] | None:
        """Version and state of the lane; ``None`` where nobody ever claimed it."""
        ...

    async def counts(self, partition: int) -> LaneCounts:
        """How much the lane holds."""
        ...

    def scan(self, partition: int) -> AsyncIterator[tuple[str, bytes, bytes | None]]:
        """All customers of the lane in no order: id, record, order book. Who comes or goes meanwhile may be missed."""
        ...

    async def beginning_with(self, partition: int, prefix: str, limit: int) -> list[str]:
        """Ids of the lane's customers that begin so, in order; no more than ``limit`` are looked for."""
        ...

    async def copy(self, partition: int) -> LaneCopy:
        """The lane as it is now, to be read bit by bit while its owner goes on."""
        ...


class Store(LaneStore, StoreReads, Protocol):
    """A back end as programs hold it: all that lanes and people may ask, and its own beginning and end."""

    @property
    def address(self) -> str:
        """Where it is, for messages; without credentials."""
        ...

    async def check(self) -> list[str]:
        """See that it can keep what it is given.

        Returns:
            Warnings for people: what is weaker than it could be.

        Raises:
            ConfigurationRefused: it would forget customers; with what was found, what is expected, and how to mend it.
            DependencyUnavailable: it does not answer.
        """
        ...

    async def wipe(self) -> None:
        """Remove everything that is tend's."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...
