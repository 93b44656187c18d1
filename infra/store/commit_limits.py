"""What one round trip may carry: the server does nothing else meanwhile, so it must be short."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from schemas.lane import Commit

MAX_RECORDS: Final = 500
"""Records in one commit."""
MAX_BYTES: Final = 1_000_000
"""Bytes in one commit."""
MAX_ASKED: Final = 5_000
"""Customers in one load. Lua passes at most about 8,000 arguments to one command."""
MAX_TIMERS_DUE: Final = 5_000
"""Timers in one load."""
MAX_DECISIONS: Final = 32
"""Recent decisions kept for a customer; the older ones are in the ledger."""


def check_commit(commit: Commit) -> None:
    """Raises ValueError where a commit is too large for one script, or its outbox is not in sequence."""
    if len(commit.records) > MAX_RECORDS:
        raise ValueError(f"a commit of {len(commit.records)} records; at most {MAX_RECORDS}: commit smaller batches")
    if (size := commit.size) > MAX_BYTES:
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
    if not 0 <= due_limit <= MAX_TIMERS_DUE:
        raise ValueError(f"a load of up to {due_limit} timers; expected 0 to {MAX_TIMERS_DUE}")
