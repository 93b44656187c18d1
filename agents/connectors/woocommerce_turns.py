"""What WooCommerce takes back: cancellations of orders that are paid after all, and refunds that are deleted.

Each message tells an order as it is, and nothing of what it was. So what was told is kept, as of its moment, and what
was taken back is read off all of it, in whatever order the messages come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

import orjson

from agents.connectors.told import Told, ToldFact, news, rfc3339
from agents.imports.statuses import Meaning

_news: Final = partial(news, "woocommerce")
_STANDS, _CANCELLED, _CANCELLED_FIRST, _REFUNDS, _REFUND = (
    "stands",
    "cancelled",
    "cancelled first",
    "refunds",
    "refund ",
)


def turns(meaning: Meaning, paid: Iterable[str], named: Iterable[str], changed: datetime) -> Iterator[ToldFact]:
    """What a message tells of an order, as of the moment when it was changed.

    Args:
        paid: references of refunds that have an amount.
        named: those that are there with or without one, as some messages leave amounts out.
    """
    time, at = rfc3339(changed), round(changed.timestamp() * 1_000)
    if meaning == "cancelled":
        yield ToldFact(_CANCELLED, time, at)
        yield ToldFact(_CANCELLED_FIRST, time)
    else:
        yield ToldFact(_STANDS, time, at)
    there = tuple(paid)
    yield ToldFact(_REFUNDS, orjson.dumps([time, *dict.fromkeys((*there, *named))]).decode(), at)
    yield from (ToldFact(f"{_REFUND}{ref}", time) for ref in there)


def taken_back(own: str, facts: Mapping[str, str]) -> Iterator[Told]:
    """What follows for the order; told again, under the same ids."""
    stands, cancelled = facts.get(_STANDS, ""), facts.get(_CANCELLED, "")
    if cancelled and stands > cancelled:
        yield _news("order.restored", own, cancelled, {"time": stands})
    if cancelled > stands > facts.get(_CANCELLED_FIRST, cancelled):
        yield _news("order.cancelled", own, stands, {"time": cancelled})
    time, *named = orjson.loads(facts.get(_REFUNDS, '[""]'))
    for name in facts:
        ref = name.removeprefix(_REFUND)
        if ref != name and ref not in named:
            yield _news("refund.withdrawn", own, ref, {"time": time, "refund": ref})
