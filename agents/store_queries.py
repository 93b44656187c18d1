"""What people ask the store: one customer, one decision. Reads only; nobody's lane is disturbed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from agents.bootstrap import open_store
from agents.worker.lane_states import lane_state
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import Settings
from schemas.codec import decode_orders, decode_record, with_names
from schemas.errors import NotFound, TendError
from schemas.ids import partition_of
from schemas.lane import LaneState
from schemas.order_book import OrderBook
from schemas.outcome import Decision, decode_decision
from schemas.record import CustomerRecord
from schemas.topics import ORDERS

_SEVERAL = 5


class StoreQueries:
    """Answers from the store of one installation."""

    def __init__(self, settings: Settings) -> None:
        self._store = open_store(settings)
        self._partitions = Topics(KafkaConnection.of(settings)).partitions(ORDERS)

    async def close(self) -> None:
        """Close the connection."""
        await self._store.close()

    async def customer(self, customer: str) -> tuple[CustomerRecord, OrderBook]:
        """The customer's record and order book.

        Raises:
            NotFound: there is no such customer.
        """
        record, orders = await self._store.customer(partition_of(customer, self._partitions), customer)
        if record is None:
            raise _no_such(customer)
        return decode_record(record), decode_orders(orders) if orders else OrderBook()

    async def named(self, beginning: str) -> str:
        """The id of the customer that is named by it, or by a beginning that no other id has.

        Raises:
            NotFound: there is none.
            TendError: there are several.
        """
        record, _ = await self._store.customer(partition_of(beginning, self._partitions), beginning)
        if record is not None:
            return beginning
        found: list[str] = []
        for partition in range(self._partitions):
            found += await self._store.beginning_with(partition, beginning, _SEVERAL)
            if len(found) >= _SEVERAL:
                raise TendError(f"Several customers begin with {beginning}: {', '.join(sorted(found)[:_SEVERAL])} …")
        if len(found) > 1:
            raise TendError(f"Several customers begin with {beginning}: {', '.join(sorted(found))}.")
        if not found:
            raise _no_such(beginning)
        return found[0]

    async def decisions(self, customer: str) -> list[Decision]:
        """The customer's recent decisions, the newest first, those not to act among them."""
        bodies = await self._store.decisions(partition_of(customer, self._partitions), customer)
        return [decode_decision(body) for body in bodies]

    async def lane(self, customer: str) -> LaneState:
        """Where the customer's lane stands. Raises TendError where it has not begun."""
        partition = partition_of(customer, self._partitions)
        state = await lane_state(self._store, partition)
        if state is None:
            raise TendError(f"Partition {partition} has not begun yet; run a worker first: tend worker")
        return state

    async def all(self) -> AsyncIterator[tuple[CustomerRecord, int]]:
        """All customers, with the size of each record in bytes; in no order."""
        for partition in range(self._partitions):
            async for _, record, _ in self._store.scan(partition):
                yield decode_record(record), len(record)


def everything(record: CustomerRecord, orders: OrderBook, decisions: list[Decision]) -> dict[str, Any]:
    """Everything known of a customer, under names; rings of ids are left out."""
    named = with_names(record)
    for ring in ("recent", "browsed", "voiced", "redemptions", "spent", "pending_labels"):
        named.pop(ring)
    return {
        **named,
        "orders": [with_names(order) for order in orders.orders],
        "decisions": [msgspec.to_builtins(decision) for decision in decisions],
    }


def _no_such(customer: str) -> NotFound:
    return NotFound(
        f"There is no customer {customer}. A record is made by a customer's first event; check the id as it stands in "
        "the events (it is case-sensitive)."
    )
