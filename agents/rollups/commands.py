"""What a batch writes, as commands of the store: a function of its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from agents.rollups.keys import CLAIMS, key
from agents.rollups.model import (
    DAY_LIFE_SECONDS,
    FEED_ROWS,
    LIST_LIMITS,
    MINUTE_LIFE_SECONDS,
    RULE_ROWS,
    Changes,
    encode,
)

Command = Sequence[str | bytes | int]
AMONG_ALL: Final = ("seen", "ids", "risk")
"""Sorted sets of all customers."""
_MOST: Final = 1_000
"""Values that one command carries: Lua passes some thousand at once."""


def commands_of(
    partition: int, changes: Changes, forgotten: Mapping[str, list[str]], erased: Iterable[Command]
) -> Iterator[Command]:
    """Everything that a batch changes, its positions first.

    Args:
        partition: whose.
        changes: what it adds.
        forgotten: search keys by which a customer is found no longer, as newer ones need their room.
        erased: what forgets customers, see ``erasure_of``.
    """
    yield from _added("HSET", key(partition, "positions"), _flat(changes.positions))
    yield from erased
    yield from _sums(partition, changes)
    yield from _lists(partition, changes)
    yield from _sets(partition, changes)
    yield from _answers(partition, changes)
    yield from _index(partition, changes, forgotten)
    yield from _standings(partition, changes)


def erasure_of(
    partition: int, customer: str, search_keys: Sequence[str], decided: Mapping[bytes, str]
) -> Iterator[Command]:
    """Forgets everything about a customer that lies there, but for work and where they stand.

    Args:
        partition: whose.
        customer: who.
        search_keys: by which they are found.
        decided: their decisions as they are kept, each with its rule.
    """
    for body, rule in decided.items():
        yield "LREM", key(partition, "feed"), 0, body
        yield "LREM", key(partition, "rule", rule), 0, body
    yield ("DEL", *(key(partition, name, customer) for name in LIST_LIMITS))
    yield from _added("HDEL", key(partition, "index"), search_keys)
    yield ("DEL", *kept_beside(partition, customer))
    for name in AMONG_ALL:
        yield "ZREM", key(partition, name), customer


def kept_beside(partition: int, customer: str) -> list[str]:
    """The keys about a customer that are no lists."""
    return [key(partition, name, customer) for name in ("found-by", "answers", CLAIMS)]


def _sums(partition: int, changes: Changes) -> Iterator[Command]:
    counts = key(partition, "counts")
    yield from (("HINCRBY", counts, name, by) for name, by in changes.counts.items())
    for day, sums in changes.days.items():
        at = key(partition, "day", day)
        yield from (("HINCRBY", at, name, by) for name, by in sums.items())
        yield "EXPIRE", at, DAY_LIFE_SECONDS
    for minute, sums in changes.minutes.items():
        at = key(partition, "minute", str(minute))
        yield from (("HINCRBY", at, name, by) for name, by in sums.items())
        yield "EXPIRE", at, MINUTE_LIFE_SECONDS


def _lists(partition: int, changes: Changes) -> Iterator[Command]:
    for (name, of), bodies in changes.rows.items():
        yield from _newest(key(partition, name, of), bodies, LIST_LIMITS.get(name, RULE_ROWS))
    if changes.feed:
        yield from _newest(key(partition, "feed"), changes.feed, FEED_ROWS)


def _newest(at: str, bodies: Sequence[bytes], most: int) -> Iterator[Command]:
    yield ("LPUSH", at, *bodies[-most:])
    yield "LTRIM", at, 0, most - 1


def _sets(partition: int, changes: Changes) -> Iterator[Command]:
    held = key(partition, "held")
    yield from _added("SADD", held, [action for action, is_held in changes.held.items() if is_held])
    yield from _added("SREM", held, [action for action, is_held in changes.held.items() if not is_held])
    seen = [part for customer, at in changes.seen.items() for part in (at, customer)]
    yield from _added("ZADD", key(partition, "seen"), seen, "GT")
    yield from _added("ZADD", key(partition, "ids"), [part for customer in changes.seen for part in (0, customer)])
    for name, work in changes.work.items():
        yield "HSET", key(partition, "work"), name, encode(work)


def _standings(partition: int, changes: Changes) -> Iterator[Command]:
    places, erased = key(partition, "places"), key(partition, "erased")
    yield from (("HINCRBY", places, name, by) for name, by in changes.flows.items())
    for customer, standing in changes.standings.items():
        # The script's own: it counts them there instead of where they stood.
        yield "STAND", key(partition, "standing"), places, customer, encode(standing) if standing else b""
        if standing is None:
            yield "ZREM", key(partition, "risk"), customer
    yield from _added("HSET", erased, _flat(changes.erased))


def _answers(partition: int, changes: Changes) -> Iterator[Command]:
    for customer, actions in changes.answers.items():
        at = key(partition, "answers", customer)
        yield from _added("HSET", at, _flat({name: body for name, body in actions.items() if body is not None}))
        yield from _added("HDEL", at, [name for name, body in actions.items() if body is None])


def _index(partition: int, changes: Changes, forgotten: Mapping[str, list[str]]) -> Iterator[Command]:
    index = key(partition, "index")
    for customer, found in changes.index.items():
        yield from _added("HSET", index, _flat(dict.fromkeys(found, customer)))
        yield from _added(
            "ZADD", key(partition, "found-by", customer), [part for name, at in found.items() for part in (at, name)]
        )
    for customer, keys in forgotten.items():
        yield from _added("HDEL", index, keys)
        yield from _added("ZREM", key(partition, "found-by", customer), keys)


def _added(command: str, at: str, values: Sequence[str | bytes | int], *how: str) -> Iterator[Command]:
    """The command for these values, as often as it takes; not at all where there are none."""
    for first in range(0, len(values), _MOST):
        yield (command, at, *how, *values[first : first + _MOST])


def _flat(pairs: Mapping[str, str | bytes | int]) -> list[str | bytes | int]:
    told: Iterable[tuple[str, str | bytes | int]] = pairs.items()
    return list(chain.from_iterable(told))
