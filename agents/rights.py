"""What each program may do at the broker and in the store, and no more: one list, from which ACLs are written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import NamedTuple

import msgspec

from infra.store.keys import lane_keys
from schemas.channels import CHANNELS
from schemas.topics import (
    ACTION_TOPICS,
    ALMANAC,
    AUDIT,
    CUSTOMERS,
    DEAD_LETTERS,
    DECISIONS,
    EVENT_TOPICS,
    LANE_TOPICS,
    LESSONS,
    MOVES,
    OUTBOUND_TOPICS,
    POSITIONS,
    RECEIPTS,
    RULEBOOKS,
    WATERMARKS,
)

GROUP = "tend"
"""The default of TEND_GROUP: names the workers' group, and begins the transactional ids."""

PROBES = "tend-probe-"
"""Transactional ids with which transactions are tried out."""

READERS = "tend-reader"
"""The group that consumers without one are given; see ``infra.kafka.connection``."""

_ACTIONS = tuple(ACTION_TOPICS.values())
_ALL_TOPICS = tuple(
    dict.fromkeys(
        (*LANE_TOPICS, *_ACTIONS, DECISIONS, MOVES, LESSONS, ALMANAC, RULEBOOKS, POSITIONS, DEAD_LETTERS, AUDIT)
    )
)
_LANE = tuple(re.sub(r"\{0\}", "{*}", name) for name in lane_keys(0))
"""Patterns of the keys of all lanes."""
_ROLLUPS = "tend:{*}:roll:*"
_LINKS = ("tend:link:*", "tend:links:*")
_LEDGERS = ("tend:sent:*", "tend:waiting:*", "tend:number:*", "tend:numbers:*")


class Allowed(NamedTuple):
    """One thing that a program may do at the broker, in Kafka's words."""

    resource: str
    """``topic``, ``group``, ``transactional-id`` or ``cluster``."""
    name: str
    operation: str
    prefixed: bool = False
    """Whether it stands for all names that begin so."""


class Role(msgspec.Struct, frozen=True):
    """A program, or several with the same rights."""

    name: str
    does: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    describes: tuple[str, ...] = ()
    """Topics whose settings it checks at the start."""
    groups: tuple[str, ...] = ()
    transactions: tuple[str, ...] = ()
    """Beginnings of transactional ids."""
    makes_topics: bool = False
    keys: tuple[str, ...] = ()
    """Patterns of keys that it reads and writes."""
    read_keys: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    """Rules of Redis for commands; none where it needs no store."""

    def kafka(self) -> Iterable[Allowed]:
        """Everything that it may do at the broker."""
        for topic in self.reads:
            yield Allowed("topic", topic, "read")
        for topic in self.writes:
            yield Allowed("topic", topic, "write")
        for topic in sorted({*self.reads, *self.writes, *self.describes}):
            yield Allowed("topic", topic, "describe")
        for topic in self.describes:
            yield Allowed("topic", topic, "describe_configs")
        if self.reads:
            yield Allowed("group", READERS, "describe")  # asked for by the client, whoever only reads
        for group in self.groups:
            yield Allowed("group", group, "read")
        for beginning in self.transactions:
            yield Allowed("transactional-id", beginning, "write", prefixed=True)
            yield Allowed("transactional-id", beginning, "describe", prefixed=True)
        if self.makes_topics:
            yield Allowed("cluster", "kafka-cluster", "create")

    def redis(self) -> str:
        """The line of a Redis ACL file; its password is put in by who installs it."""
        patterns = [*(f"~{key}" for key in self.keys), *(f"%R~{key}" for key in self.read_keys)]
        user = f"user tend-{self.name} on >PASSWORD_OF_{self.name.upper()} resetchannels"
        return " ".join([user, *patterns, "-@all", *self.commands])


_CONNECTS = (
    "+auth", "+hello", "+select", "+ping", "+client|setname", "+cluster|slots", "+cluster|shards", "+asking",
    "+command",
)  # fmt: skip
_SCRIPTS = ("+evalsha", "+eval", "+script|load")
_CHECKS = ("+info", "+config|get")
_WRITES = ("+@read", "+@write", "+@transaction", "-@dangerous")


def commands_of_scripts() -> tuple[str, ...]:
    """What the lanes' scripts call: the store checks those as well."""
    texts = [file.read_text(encoding="utf-8") for file in files("infra.store").joinpath("lua").iterdir()]
    found = {name.lower() for text in texts for name in re.findall(r"call\(\s*'([A-Z]+)'", text)}
    return tuple(f"+{name}" for name in sorted(found))


ROLES = (
    Role(
        "worker", "`tend worker`",
        reads=(*LANE_TOPICS, ALMANAC, RULEBOOKS, *_ACTIONS, DECISIONS, MOVES, DEAD_LETTERS, LESSONS, POSITIONS),
        writes=(*dict.fromkeys((*OUTBOUND_TOPICS, POSITIONS)),),
        describes=_ALL_TOPICS,
        groups=(GROUP,),
        transactions=(f"{GROUP}-lane-", PROBES),
        keys=_LANE,
        commands=(*_CONNECTS, *_CHECKS, *_SCRIPTS, *commands_of_scripts(), "+hget"),
    ),
    Role(
        "learner", "`tend learn`",
        reads=(LESSONS, ALMANAC),
        writes=(ALMANAC,),
        groups=(f"{GROUP}-learn",),
        transactions=(f"{GROUP}-learn", PROBES),
    ),
    Role(
        "gateway", "`tend gateway`: events by HTTP, webhooks of shops, pages behind links, erasures",
        reads=(CUSTOMERS,),
        writes=(*EVENT_TOPICS, AUDIT),
        groups=(f"{GROUP}-forget",),
        keys=(*_LINKS, *_LEDGERS, "tend:order:*", "tend:orders:*", "tend:token:*"),
        read_keys=_LANE,
        commands=(*_CONNECTS, *_WRITES),
    ),
    Role(
        "sender", "`tend send`",
        reads=_ACTIONS,
        writes=(RECEIPTS, AUDIT),
        groups=tuple(f"{GROUP}-send-{channel}" for channel in CHANNELS),
        keys=(*_LINKS, *_LEDGERS),
        read_keys=_LANE,
        commands=(*_CONNECTS, *_WRITES),
    ),
    Role(
        "console", "`tend console` with its API",
        reads=(*EVENT_TOPICS, *_ACTIONS, DECISIONS, MOVES, DEAD_LETTERS, ALMANAC, RULEBOOKS, POSITIONS),
        writes=(*EVENT_TOPICS, RULEBOOKS, AUDIT),
        transactions=(f"{GROUP}-rulebooks",),
        keys=(_ROLLUPS,),
        read_keys=_LANE,
        commands=(*_CONNECTS, *_SCRIPTS, *_WRITES, "+info"),
    ),
    Role(
        "operator", "people at the command line: topics, rules, replays, snapshots, dead letters",
        reads=_ALL_TOPICS,
        writes=(*EVENT_TOPICS, WATERMARKS, RULEBOOKS, AUDIT),
        describes=_ALL_TOPICS,
        groups=(GROUP,),
        transactions=(f"{GROUP}-rulebooks",),
        makes_topics=True,
        keys=("tend:*",),
        commands=(*_CONNECTS, *_CHECKS, *_SCRIPTS, *_WRITES),
    ),
    Role("storefront", "the shop's own services", writes=tuple(t for t in EVENT_TOPICS if t != RECEIPTS)),
    Role("desk", "senders and desks of others, which answer with receipts", reads=_ACTIONS, writes=(RECEIPTS,)),
)  # fmt: skip
