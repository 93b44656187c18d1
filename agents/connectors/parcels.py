"""Parcels of an order, as a shop tells of them one by one: what is known of each, and what follows for the order.

A message tells of one parcel, or of the whole order as it was at that moment, and they come in any order. So what each
tells is kept (:class:`agents.connectors.told.ToldFact`), and what has happened is read off all of it: an order is there
when the pieces that its customer is to get have arrived.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from agents.connectors.told import Told, ToldFact, news, rfc3339

Pieces = Mapping[str, int]
"""Pieces by line of the order."""
_ORDER: Final = "order"
_SENT, _ARRIVED, _WITHDRAWN = "sent ", "arrived ", "withdrawn "
_MOST_PARCELS: Final = 99
"""What the contract can count."""


def ordered(pieces: Pieces | None, *, partly: bool, at: datetime) -> ToldFact:
    """What the customer is to get, as of a moment.

    Args:
        pieces: None where the lines cannot be told apart; of an order without any no parcel is news.
        partly: whether the shop says that some of it is still to be sent.
    """
    return ToldFact(_ORDER, _json({"pieces": pieces, "partly": partly}), round(at.timestamp() * 1_000))


def sent(parcel: str, at: datetime, pieces: Pieces | None, carrier: str) -> ToldFact:
    """A parcel left.

    Args:
        pieces: None where it is not told what is in it.
    """
    return ToldFact(f"{_SENT}{parcel}", _json({"time": rfc3339(at), "pieces": pieces, "carrier": carrier}))


def arrived(parcel: str, at: datetime) -> ToldFact:
    """A parcel is with the customer."""
    return ToldFact(f"{_ARRIVED}{parcel}", rfc3339(at))


def withdrawn(parcel: str) -> ToldFact:
    """A parcel was none: its label was cancelled, or it was sent anew."""
    return ToldFact(f"{_WITHDRAWN}{parcel}", "yes")


class _Parcel(NamedTuple):
    time: str
    id: str
    pieces: Pieces | None
    carrier: str
    arrived: str
    """Empty while it is on its way."""


class _Order(NamedTuple):
    pieces: Pieces | None
    partly: bool
    parcels: list[_Parcel]
    """In the order in which they left."""

    @property
    def arrived(self) -> list[_Parcel]:
        return sorted((one for one in self.parcels if one.arrived), key=lambda one: (one.arrived, one.id))

    def lacks(self, parcels: list[_Parcel]) -> bool:
        """Whether something is still to come beside these parcels."""
        told = [one.pieces for one in self.parcels if one.pieces is not None]
        if self.pieces is None or len(told) < len(self.parcels):
            return self.partly or len(parcels) < len(self.parcels)
        brought = sum((Counter(one.pieces) for one in parcels), Counter[str]())
        return any(brought[line] < count for line, count in self.pieces.items())


def news_of(system: str, own: str, facts: Mapping[str, str]) -> Iterator[Told]:
    """What happened to an order's parcels, and to the order with its last; told again, under the same ids."""
    order = _read(facts)
    if order.pieces is not None and not order.pieces:
        return
    more = order.lacks(order.parcels)
    expected = min(len(order.parcels) + more, _MOST_PARCELS)
    for one in order.parcels:
        yield news(system, "order.dispatched", own, one.id, _left(one, expected))
    there = order.arrived
    if not there:
        return
    if order.lacks(there):
        if more:  # it may have left before it was known that more comes, as where an order was edited since
            yield news(system, "order.dispatched", own, f"{there[-1].id} of {expected}", _left(there[-1], expected))
        yield from (_came(system, own, one) for one in there)
        return
    yield from (_came(system, own, one) for one in there[:-1])
    yield news(system, "order.delivered", own, "", {"time": there[-1].arrived})


def _left(parcel: _Parcel, expected: int) -> Told:
    told: Told = {"time": parcel.time, "parcel": parcel.id}
    if parcel.carrier:
        told["carrier"] = parcel.carrier
    if expected > 1:
        told["parcels"] = expected
    return told


def _came(system: str, own: str, parcel: _Parcel) -> Told:
    return news(system, "order.delivered", own, parcel.id, {"time": parcel.arrived, "parcel": parcel.id})


def _read(facts: Mapping[str, str]) -> _Order:
    whole: dict[str, Any] = orjson.loads(facts.get(_ORDER, "{}"))
    parcels = []
    for name, told in facts.items():
        id_ = name.removeprefix(_SENT)
        if id_ != name and f"{_WITHDRAWN}{id_}" not in facts:
            read = orjson.loads(told)
            there = facts.get(f"{_ARRIVED}{id_}", "")
            parcels.append(_Parcel(read["time"], id_, read["pieces"], read["carrier"], there))
    return _Order(whole.get("pieces"), bool(whole.get("partly")), sorted(parcels))


def _json(told: dict[str, Any]) -> str:
    return orjson.dumps(told).decode()
