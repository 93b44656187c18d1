"""Saved segments: a condition in CEL over the facts, with a count and a sample.

A count looks at customers one after the other, in portions, when somebody asks for it; no page does so by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from agents.rollups.keys import key
from infra.store.errors import translate_errors
from rules.context import Churn, EventContext, LaneContext
from rules.expression import EvaluationFailed, Expression
from rules.fact_types import FactType
from rules.facts import FactReader, asking
from rules.facts.own import own_facts
from rules.language import BadExpression, compile_expression
from rules.rulebook import Rulebook
from schemas.codec import decode_orders, decode_record
from schemas.errors import TendError
from schemas.order_book import OrderBook
from schemas.record import CustomerRecord
from schemas.times import Millis
from schemas.triggers import Trigger

MOST: Final = 100
StoredCustomer = tuple[str, bytes, bytes | None]
"""Id, record and order book, as the store has them."""


class SavedSegment(msgspec.Struct, frozen=True):
    """A condition under a name."""

    name: str
    condition: str
    by: str
    count: int = -1
    """How many it held for when it was counted last; -1 where nobody has."""
    counted: Millis = 0


class SavedSegments:
    """The segments that people have saved; few, and none of them names a person."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address

    async def save(self, segment: SavedSegment) -> None:
        """Keep it under its name. Raises TendError where there are too many."""
        with translate_errors(self._address):
            is_new = not await self._client.hexists(key(0, "segments"), segment.name[:64])
            if is_new and await self._client.hlen(key(0, "segments")) >= MOST:
                raise TendError(f"{MOST} segments are saved already; that is the most")
            await self._client.hset(key(0, "segments"), segment.name[:64], msgspec.json.encode(segment))

    async def one(self, name: str) -> SavedSegment | None:
        """The segment of that name."""
        with translate_errors(self._address):
            body = await self._client.hget(key(0, "segments"), name[:64])
        return msgspec.json.decode(body, type=SavedSegment) if body else None

    async def forget(self, name: str) -> None:
        """Keep it no longer."""
        with translate_errors(self._address):
            await self._client.hdel(key(0, "segments"), name[:64])

    async def all(self) -> list[SavedSegment]:
        """All of them, by name."""
        with translate_errors(self._address):
            found = await self._client.hvals(key(0, "segments"))
        return sorted((msgspec.json.decode(body, type=SavedSegment) for body in found), key=lambda one: one.name)


async def count_segment(
    everybody: AsyncIterator[StoredCustomer], condition: str, rulebook: Rulebook, now: Millis, *, sample: int | None
) -> dict[str, Any]:
    """How many customers the condition holds for, out of how many, with the first of them.

    Args:
        everybody: the customers to look at.
        sample: how many ids are told; None for all.

    Raises:
        TendError: the condition does not compile; the message says where and what to write instead.
    """
    try:
        with asking(own_facts(rulebook.own)):
            expression = compile_expression(condition, FactType.BOOL)
    except BadExpression as bad:
        raise TendError(f"{bad.message} (line {bad.line}, column {bad.column}); {bad.fix}") from None
    count, looked, failed, ids = 0, 0, 0, list[str]()
    lane = LaneContext.without_churn(rulebook)
    async for customer, body, book in everybody:
        record = decode_record(body)
        if record.erased:
            continue
        looked += 1
        try:
            holds = _holds(expression, record, decode_orders(book) if book else OrderBook(), lane, now)
        except (EvaluationFailed, ValueError, TypeError, LookupError, ArithmeticError):
            failed += 1
            continue
        if holds:
            count += 1
            if sample is None or len(ids) < sample:
                ids.append(customer)
    return {"count": count, "of": looked, "failed": failed, "sample": ids}


def _holds(expression: Expression, record: CustomerRecord, orders: OrderBook, lane: LaneContext, now: Millis) -> bool:
    moment = max(now, record.seen)
    context = EventContext(
        record=record,
        orders=orders,
        trigger=Trigger("churn.scored"),
        event=None,
        at=moment,
        acting=moment,
        lane=lane,
        churn=Churn(record.churn[0], 0.0, 1.0, trusted=True) if record.churn else None,
    )
    return bool(expression.evaluate(FactReader(context)))
