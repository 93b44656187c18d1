"""Who saw or changed what: written down, and safe, before it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from agents.clock import wall_clock
from schemas.audit import AuditEntry
from schemas.times import to_rfc3339
from schemas.topics import AUDIT


class Audit(Protocol):
    """Where the audit trail is written."""

    async def write(self, entry: AuditEntry) -> None:
        """Write it down and wait until it is safe. Raises DependencyUnavailable where that cannot be."""
        ...


class _Writes(Protocol):
    async def send(
        self, topic: str, partition: int, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()
    ) -> int: ...


class AuditLog:
    """The audit trail on ``tend.audit``."""

    def __init__(self, producer: _Writes) -> None:
        self._producer = producer

    async def write(self, entry: AuditEntry) -> None:
        """See ``Audit.write``."""
        dated = msgspec.structs.replace(entry, at=entry.at or to_rfc3339(wall_clock()))
        await self._producer.send(AUDIT, 0, entry.subject.encode(), msgspec.json.encode(dated))
