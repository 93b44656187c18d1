"""The lane that the promises are tried on."""

from __future__ import annotations

from infra.store import Store
from schemas.lane import OutboxEntry

P = 7


def entries(*sequences: int) -> tuple[OutboxEntry, ...]:
    return tuple(
        OutboxEntry(n, "care.messages", P, b"anna", b"\xff\x00 hello", (("tend-rule", b"welcome"),)) for n in sequences
    )


async def contents(store: Store) -> object:
    """Everything that can be read of the lane."""
    customers = sorted([row async for row in store.scan(P)])
    decisions = {name: await store.decisions(P, name) for name, _, _ in customers}
    loaded = await store.load(P, [], due_until=2**53, due_limit=5_000)
    return await store.lane(P), await store.counts(P), customers, decisions, loaded.due
