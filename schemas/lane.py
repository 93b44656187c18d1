"""What a lane keeps, reads and commits: the port between the lane and its store and publisher."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from schemas.times import Millis

LAYOUT = 2
"""Version of a lane's state; ``schemas.codec`` brings older ones up to date."""


class KafkaRecord(msgspec.Struct, frozen=True, gc=False):
    """One record as it lies in a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: Millis
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """Bytes of key, body and headers, their names included."""
        headers = sum(len(name.encode()) + len(value) for name, value in self.headers) if self.headers else 0
        return len(self.key or b"") + len(self.value or b"") + headers


class OutboxEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One message that a lane has decided to publish; ``sequence`` counts from 1 within the lane."""

    sequence: int
    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()

    @property
    def size(self) -> int:
        """The bytes that it adds to a commit."""
        headers = sum(len(name.encode()) + len(value) for name, value in self.headers) if self.headers else 0
        return 16 + len(self.topic) + len(self.key) + len(self.value) + headers


class BrokerIdentity(msgspec.Struct, frozen=True, array_like=True):
    """Which broker a store's offsets speak of."""

    cluster: str
    topics: dict[str, str]
    """Topic name to topic id (empty where the broker reports none)."""
    partitions: int = 0
    """Of each of the topics; 0 where it was not written down yet."""
    group: str = ""
    """The workers' group (TEND_GROUP); empty where it was not written down yet."""


class LaneState(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Where a lane stands. All of it is data of the commit; only ``version`` (kept beside it) fences.

    ``layout`` stays where it is; new fields go behind it, with a default.
    """

    offsets: dict[str, int]
    """Next offset to read, per input topic."""
    time: Millis = 0
    """T: everything before it has been handled."""
    epoch: int = -1
    """The epoch being decided; -1 before the first event or watermark."""
    sequence: int = 0
    """The last outbox sequence given out."""
    broker: BrokerIdentity | None = None
    clock: str = "wall"
    """Whose time acting takes: ``wall`` (service) or ``event`` (replay)."""
    act_from: Millis = 0
    """Before this moment no rule is decided."""
    interval_done: int = 0
    """In a replay: how many events of the interval at hand are already committed."""
    position: dict[str, int] = msgspec.field(default_factory=dict)
    """In a replay: the replay's own input position at the last watermark taken."""
    rulebook: str = ""
    """Version of the rulebook in force."""
    rulebook_since: Millis = 0
    almanac: int = -2
    """Epoch of the almanac in force; -2 where none has been made yet."""
    first_epoch: int = -1
    """The epoch this lane began with: no almanac is waited for that would be older."""
    aside: dict[str, int] = msgspec.field(default_factory=dict)
    """Per topic: what is no event for this lane has been put aside before this offset."""
    out_since: int = -1
    """After the store forgot its last moments: what is published beyond this sequence may be decided again. Else -1."""
    out_until: Millis = 0
    """So long the lane remembers that."""
    dead_letter_share: float = 0.0
    """Share of the records taken in lately that became dead letters."""
    layout: int = LAYOUT
    """Version of this struct when it was written."""


class Loaded(msgspec.Struct):
    """What one round trip to the store brought."""

    records: dict[str, bytes]
    """Customer id to encoded record, for the customers asked and those due."""
    orders: dict[str, bytes]
    """Customer id to encoded order book, where asked for, and for those due."""
    due: list[tuple[Millis, str]]
    """Timers due, by (moment, customer), no more than the limit asked for."""


class Commit(msgspec.Struct):
    """Everything that one batch changes; all of it happens, or none."""

    state: bytes
    records: dict[str, bytes] = msgspec.field(default_factory=dict)
    orders: dict[str, bytes] = msgspec.field(default_factory=dict)
    timers: dict[str, Millis | None] = msgspec.field(default_factory=dict)
    """Customer id to the moment of the next timer; ``None`` where no timer is set."""
    decisions: dict[str, list[bytes]] = msgspec.field(default_factory=dict)
    """Customer id to new entries of the bounded list of recent decisions."""
    outbox: Sequence[OutboxEntry] = ()
    published: int = 0
    """The store may drop outbox entries up to this sequence."""

    @property
    def size(self) -> int:
        """The bytes that it carries: keys and values, without the few that framing adds."""
        return (
            len(self.state)
            + _lengths(self.records)
            + _lengths(self.records.values())
            + _lengths(self.orders)
            + _lengths(self.orders.values())
            + _lengths(self.timers)
            + 8 * len(self.timers)
            + _lengths(self.decisions)
            + sum(_lengths(entries) for entries in self.decisions.values())
            + sum(entry.size for entry in self.outbox)
        )


class Claimed(msgspec.Struct):
    """What a new owner finds after raising the lane's version."""

    version: int
    state: bytes | None
    outbox: list[OutboxEntry]
    owner: str = ""
    """Names this claim among all, whatever versions a store that was rolled back comes to again."""


def _lengths(parts: Iterable[str | bytes]) -> int:
    return sum(map(len, parts))
