"""A simple ledger of loyalty points: earn, reverse, lapse.

At any moment ``earned - reversed - lapsed`` is what the lots hold minus the debt. Lots lapse oldest first. Points
of one calendar month (UTC) lapse together, so that a year needs few lots.
"""

from __future__ import annotations

from schemas.record import MAX_LOTS, Lot, Points
from schemas.times import Millis, to_datetime, to_millis


def expiry(at: Millis, lifetime: Millis) -> Millis:
    """When points earned at a moment lapse: their lifetime after the end of the month."""
    day = to_datetime(at)
    year, month = divmod(day.year * 12 + day.month, 12)
    following = day.replace(year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return to_millis(following) + lifetime


def earn(points: Points, amount: int, expires: Millis) -> bool:
    """Add points, after setting off what is owed. False where lots had to be joined."""
    points.earned += amount
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


def reverse(points: Points, amount: int) -> None:
    """Take points back, the ones that last longest first; what is not there is owed."""
    points.reversed += amount
    while amount and points.lots:
        last = points.lots[-1]
        taken = min(last.points, amount)
        last.points -= taken
        amount -= taken
        if not last.points:
            points.lots.pop()
    points.debt += amount


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
