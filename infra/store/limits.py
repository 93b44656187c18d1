"""What one round trip may carry: the server does nothing else meanwhile, so it must be short."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from schemas.lane import Commit, OutboxEntry

MAX_RECORDS: Final = 500
"""Records in one commit."""
MAX_BYTES: Final = 1_000_000
"""Bytes in one commit, as ``size_of`` counts them."""
MAX_ASKED: Final = 5_000
"""Customers in one load. Lua passes at most about 8,000 arguments to one command."""
MAX_ALARMS_DUE: Final = 5_000
"""Alarms in one load."""
MAX_DECISIONS: Final = 32
"""Recent decisions kept for a customer; the older ones are in the ledger."""


def size_of(commit: Commit) -> int:
    """The bytes that a commit carries: keys and values, without the few that framing adds."""
    decisions = commit.decisions
    return (
        len(commit.state)
        + _lengths(commit.records)
        + _lengths(commit.records.values())
        + _lengths(commit.orders)
        + _lengths(commit.orders.values())
        + _lengths(commit.alarms)
        + 8 * len(commit.alarms)
        + _lengths(decisions)
        + sum(_lengths(entries) for entries in decisions.values())
        + sum(size_of_entry(entry) for entry in commit.outbox)
    )


def size_of_entry(entry: OutboxEntry) -> int:
    """The bytes that one outbox entry adds to a commit."""
    headers = sum(len(name) + len(value) for name, value in entry.headers) if entry.headers else 0
    return 16 + len(entry.topic) + len(entry.key) + len(entry.value) + headers


def check_commit(commit: Commit) -> None:
    """Raises ValueError where a commit is too large for one script, or its outbox is not in sequence."""
    if len(commit.records) > MAX_RECORDS:
        raise ValueError(f"a commit of {len(commit.records)} records; at most {MAX_RECORDS}: commit smaller batches")
    size = size_of(commit)
    if size > MAX_BYTES:
        raise ValueError(f"a commit of {size} bytes; at most {MAX_BYTES}: commit smaller batches")
    for before, after in zip(commit.outbox, commit.outbox[1:], strict=False):
        if after.sequence != before.sequence + 1:
            raise ValueError(
                f"outbox sequence {after.sequence} follows {before.sequence}; expected {before.sequence + 1}"
            )


def check_load(customers: Collection[str], orders_of: Collection[str], due_limit: int) -> None:
    """Raises ValueError where a load asks for more than one script may bring."""
    asked = max(len(customers), len(orders_of))
    if asked > MAX_ASKED:
        raise ValueError(f"a load of {asked} customers; at most {MAX_ASKED}: load smaller batches")
    if not 0 <= due_limit <= MAX_ALARMS_DUE:
        raise ValueError(f"a load of up to {due_limit} alarms; expected 0 to {MAX_ALARMS_DUE}")


def _lengths(parts: Iterable[str | bytes]) -> int:
    return sum(map(len, parts))
