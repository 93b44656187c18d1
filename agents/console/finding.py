"""Finding customers by what was told of them. The index holds keyed hashes: only what is told exactly is found."""

from __future__ import annotations

from typing import Final

from agents.console.backend import Backend

FIELDS: Final = ("email", "phone", "name", "order", "complaint", "coupon", "action")
_LEAST_BEGINNING: Final = 3
"""Characters from which on ids that begin so are found."""


async def customers_found(backend: Backend, sought: str, most: int) -> list[str]:
    """The customers with this id, address, name, order, complaint, coupon or action; else those whose ids begin so."""
    sought = sought.strip()
    if not sought:
        return []
    found = await backend.rollups.found(backend.keys.index_key(field, sought) for field in FIELDS)
    own = backend.keys.customer_of(sought)
    if (await backend.store.customer(backend.partition(own), own))[0] is not None:
        found = [own, *(one for one in found if one != own)]
    if not found and len(sought) >= _LEAST_BEGINNING:
        found = await backend.rollups.beginning_with(sought, most)
    return found[:most]
