"""Whose a link is, and what is told of what they did by it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from agents.access import CUSTOMER, AccessKeys, Admitted, ContactPurpose, ShownContact, admit, contact_of
from agents.access.audit import Audit
from agents.access.authority import Actor
from agents.links.links import Deed, Links
from rules.defaults import Defaults
from schemas.codec import decode_record
from schemas.ids import digest, partition_of
from schemas.record import CustomerRecord
from schemas.times import Millis, to_rfc3339

_PAGES: Final = Actor("system", "pages")


class CustomerRecords(Protocol):
    """Where records of customers lie."""

    async def customer(self, partition: int, customer: str) -> tuple[bytes | None, bytes | None]:
        """The record and the order book, as they are kept."""
        ...


class Writes(Protocol):
    """Where events go; the answer comes when they are safe."""

    async def __call__(self, admitted: Admitted) -> None: ...


class LinkedCustomers:
    """What public pages stand on."""

    def __init__(
        self,
        links: Links,
        customers: CustomerRecords,
        defaults: Defaults,
        write: Writes,
        audit: Audit,
        keys: AccessKeys,
        partitions: int,
        now: Callable[[], Millis],
    ) -> None:
        self.links, self.defaults, self.now = links, defaults, now
        self._customers, self._write, self._audit = customers, write, audit
        self._keys, self._partitions = keys, partitions

    async def record(self, deed: Deed) -> CustomerRecord | None:
        """The customer whom a link belongs to, unless they were erased."""
        body, _ = await self._customers.customer(partition_of(deed.customer, self._partitions), deed.customer)
        record = decode_record(body) if body else None
        return None if record is None or record.erased else record

    async def masked(self, deed: Deed) -> str:
        """The address that a page belongs to, masked."""
        record = await self.record(deed)
        if record is None:
            return "***"
        contact: ShownContact = await contact_of(record, actor=_PAGES, purpose=ContactPurpose.LOOK, audit=self._audit)
        return (contact.phone if deed.channel == "sms" else contact.email) or "***"

    async def tell(self, deed: Deed, kind: str, about: str, **fields: Any) -> None:
        """Write an event that a customer caused; the same deed told twice is one event."""
        told = {
            "type": kind,
            "id": digest("link", deed.action_id, deed.deed, kind, about, size=16).hex(),
            "customer": deed.customer,
            "time": to_rfc3339(self.now()),
            **fields,
        }
        told = {name: value for name, value in told.items() if value not in ("", None)}
        admitted = admit(told, actor=CUSTOMER, source="link", keys=self._keys, partitions=self._partitions)
        await self._write(admitted)
