"""All that is kept of customers beside their records, in one list: what an erasure must reach.

The record itself and the rollups are erased by those who keep them, as the event passes; these are not on that way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agents.connectors.known_orders import KnownOrders
from agents.links import Links
from agents.senders.ledger import Ledger
from agents.senders.numbers import Numbers
from agents.senders.waiting import Waiting
from infra.store import Tables
from schemas.channels import CHANNELS

SYSTEMS = ("shopify", "woocommerce")


class Holder(Protocol):
    """Something that keeps something of customers."""

    async def erase(self, customer: str) -> None:
        """Forget the customer; again, it changes nothing."""
        ...

    async def holds(self, customer: str) -> bool:
        """Whether anything of the customer is kept."""
        ...


def holders(tables: Tables) -> Mapping[str, Holder]:
    """All of them, by name."""
    client, address = tables.client, tables.address
    found: dict[str, Holder] = {"links": Links(client, address, b"", "")}
    for channel in CHANNELS:
        found[f"sent by {channel}"] = Ledger(client, address, channel)
        found[f"waiting for {channel}"] = Waiting(client, address, channel)
    found["numbers written to"] = Numbers(client, address)
    for system in SYSTEMS:
        found[f"orders of {system}"] = KnownOrders(client, address, system)
    return found


async def forget(kept: Mapping[str, Holder], customer: str) -> None:
    """Erase a customer everywhere.

    Raises:
        DependencyUnavailable: the store is away; do it again.
    """
    for holder in kept.values():
        await holder.erase(customer)


async def still_held(kept: Mapping[str, Holder], customer: str) -> list[str]:
    """Where something of a customer is kept."""
    return [name for name, holder in kept.items() if await holder.holds(customer)]
