"""A simple ledger of loyalty points: earn, reverse, lapse.

At any moment ``earned - reversed - redeemed - lapsed`` is what the lots hold minus the debt. Lots lapse oldest
first. Points of one calendar month (UTC) lapse together, so that a year needs few lots.
"""

from __future__ import annotations

from typing import NamedTuple

from schemas.record import MAX_LOTS, Lot, Points
from schemas.times import Millis, to_datetime, to_millis


def expiry(at: Millis, lifetime: Millis) -> Millis:
    """When points earned at a moment lapse: their lifetime after the end of the month."""
    day = to_datetime(at)
    year, month = divmod(day.year * 12 + day.month, 12)
    following = day.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return to_millis(following) + lifetime


class Change(NamedTuple):
    """What an order changes: points for what was ordered, points back for what was not kept, and when they lapse."""

    earned: int
    back: int
    expires: Millis


def change(points: Points, by: Change, now: Millis) -> bool:
    """Earn or take back. False where lots had to be joined.

    Points that would have lapsed by ``now`` lapse at once. What an order takes back, it takes from its own lot first,
    so that the lots are the same in whatever order the news of orders comes.
    """
    points.earned += by.earned
    points.reversed += by.back
    more = by.earned - by.back
    if more < 0:
        _take(points, -more, by.expires)
        return True
    if by.expires <= now:
        points.lapsed += more
        return True
    return _give(points, more, by.expires)


def redeem(points: Points, amount: int) -> None:
    """Spend points, those that lapse first; what is not there is owed."""
    points.redeemed += amount
    while amount and points.lots:
        amount = _from_lot(points, 0, amount)
    points.debt += amount


def _give(points: Points, amount: int, expires: Millis) -> bool:
    owed = min(points.debt, amount)
    points.debt -= owed
    if amount == owed:
        return True
    _add(points.lots, Lot(expires, amount - owed))
    if len(points.lots) <= MAX_LOTS:
        return True
    newest = points.lots.pop()
    points.lots[-1] = Lot(newest.expires, points.lots[-1].points + newest.points)
    return False


def _take(points: Points, amount: int, expires: Millis) -> None:
    own = next((place for place, lot in enumerate(points.lots) if lot.expires == expires), None)
    if own is not None:
        amount = _from_lot(points, own, amount)
    while amount and points.lots:
        amount = _from_lot(points, -1, amount)
    points.debt += amount


def _from_lot(points: Points, place: int, amount: int) -> int:
    """Take from one lot; what it did not have."""
    lot = points.lots[place]
    taken = min(lot.points, amount)
    lot.points -= taken
    if not lot.points:
        points.lots.pop(place)
    return amount - taken


def lapse(points: Points, now: Millis) -> int:
    """Take out what lapses by ``now``; how much that was."""
    gone = sum(lot.points for lot in points.lots if lot.expires <= now)
    if gone:
        points.lots = [lot for lot in points.lots if lot.expires > now]
        points.lapsed += gone
    return gone


def due_next(points: Points, lead: Millis, after: Millis) -> Millis | None:
    """When next to look: a reminder ``lead`` before a lot lapses, and the lapse itself."""
    moments = [m for lot in points.lots for m in (lot.expires - lead, lot.expires) if m > after]
    return min(moments, default=None)


def _add(lots: list[Lot], new: Lot) -> None:
    """Keep lots sorted by date, with one lot for one date."""
    place = len(lots)
    while place and lots[place - 1].expires > new.expires:
        place -= 1
    if place and lots[place - 1].expires == new.expires:
        lots[place - 1].points += new.points
    else:
        lots.insert(place, new)
