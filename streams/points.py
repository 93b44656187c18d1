"""A simple ledger of loyalty points: earn, reverse, spend, regain, lapse.

At any moment ``earned - reversed - redeemed - lapsed`` is what the lots hold minus the debt. Lots lapse oldest
first. Points of one calendar month (UTC) lapse together, so that a year needs few lots. What is spent is set off
against lots when it is asked for or they lapse, and not before: so it does not matter whether an order or the spending
of its points is heard of first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from schemas.readings import open_lots
from schemas.record import MAX_LOTS, MAX_SPENDINGS, Lot, Points, Spending
from schemas.times import DAY, Millis, to_datetime, to_millis


def expiry(at: Millis, lifetime: Millis) -> Millis:
    """When points earned at a moment lapse: their lifetime after the end of the month."""
    return _month_end(at // DAY) + lifetime


@lru_cache(maxsize=4_096)
def _month_end(day: int) -> Millis:
    """The end of the month that a day since 1970 lies in."""
    first = to_datetime(day * DAY).replace(day=1)
    year, month = divmod(first.year * 12 + first.month, 12)
    return to_millis(first.replace(year=year, month=month + 1))


class Change(NamedTuple):
    """What an order changes: points for what was ordered, points back for what was not kept, and when they lapse.

    ``regained`` are points that had been spent on the order and come back; they live as long as those it earns.
    """

    earned: int
    back: int
    expires: Millis
    regained: int = 0


def change(points: Points, by: Change, now: Millis) -> bool:
    """Earn, take back or regain. False where lots had to be joined.

    What would have lapsed by ``now`` lapses at once. What an order takes back, it takes from its own lot; where that is
    gone, it counts as spent.
    """
    points.earned += by.earned
    points.reversed += by.back
    points.redeemed -= by.regained
    more = by.earned - by.back + by.regained
    if more < 0:
        _take(points, -more, by.expires)
        return True
    if not more:
        return True
    _add(points.lots, Lot(by.expires, more))
    if by.expires <= now:
        _lapse_first(points, by.expires)
    return _fits(points)


def move(points: Points, amount: int, before: Millis, after: Millis) -> None:
    """Points of an order lapse at another time than was thought, as it was placed earlier."""
    if amount and before != after:
        _take(points, amount, before)
        _add(points.lots, Lot(after, amount))
        _fits(points)


def redeem(points: Points, spending: Spending) -> None:
    """Spend points, those that lapse first; what is not there is owed."""
    points.redeemed += spending.points
    points.debt += spending.points
    points.spendings = [*points.spendings, spending][-MAX_SPENDINGS:]


def lapse(points: Points, now: Millis) -> int:
    """Take out what lapses by ``now``; how much that was."""
    gone = 0
    while points.lots and points.lots[0].expires <= now:
        gone += _lapse_first(points, points.lots[0].expires)
    return gone


def due_next(points: Points, lead: Millis, after: Millis) -> Millis | None:
    """When next to look: a reminder ``lead`` before something lapses, and the lapse itself."""
    moments = [lot.expires - lead for lot in open_lots(points)] + [lot.expires for lot in points.lots]
    return min((moment for moment in moments if moment > after), default=None)


def joined(mine: Points, other: Points, told_twice: Callable[[Spending], bool]) -> Points:
    """Lots that lapse together are one; what either spent counts against them all, and once if both were told of it."""
    lots: dict[Millis, int] = {}
    for lot in (*mine.lots, *other.lots):
        lots[lot.expires] = lots.get(lot.expires, 0) + lot.points
    joint = Points([Lot(expires, lots[expires]) for expires in sorted(lots)], debt=mine.debt + other.debt)
    joint.earned, joint.reversed = mine.earned + other.earned, mine.reversed + other.reversed
    joint.lapsed, joint.redeemed = mine.lapsed + other.lapsed, mine.redeemed + other.redeemed
    spendings = {one.key: one for one in (*other.spendings, *mine.spendings)}
    joint.spendings = list(spendings.values())[-MAX_SPENDINGS:]
    for spending in spendings.values():
        if told_twice(spending):
            _count_once(joint, spending)
    while not _fits(joint):
        pass
    return joint


def _count_once(points: Points, spending: Spending) -> None:
    """A spending was counted twice: once less. What lapsed for less because of it lapsed in full."""
    owed = min(points.debt, spending.points)
    points.redeemed -= spending.points
    points.debt -= owed
    points.lapsed += spending.points - owed


def _take(points: Points, amount: int, expires: Millis) -> None:
    own = next((lot for lot in points.lots if lot.expires == expires), None)
    if own is not None:
        taken = min(own.points, amount)
        own.points -= taken
        amount -= taken
        if not own.points:
            points.lots.remove(own)
    points.debt += amount


def _lapse_first(points: Points, expires: Millis) -> int:
    """The lot of that date lapses; how much of it was not spent."""
    place = next(place for place, lot in enumerate(points.lots) if lot.expires == expires)
    lot = points.lots.pop(place)
    spent = min(points.debt, lot.points)
    points.debt -= spent
    points.lapsed += lot.points - spent
    return lot.points - spent


def _fits(points: Points) -> bool:
    if len(points.lots) <= MAX_LOTS:
        return True
    newest = points.lots.pop()
    points.lots[-1] = Lot(newest.expires, points.lots[-1].points + newest.points)
    return False


def _add(lots: list[Lot], new: Lot) -> None:
    """Keep lots sorted by date, with one lot for one date."""
    place = len(lots)
    while place and lots[place - 1].expires > new.expires:
        place -= 1
    if place and lots[place - 1].expires == new.expires:
        lots[place - 1].points += new.points
    else:
        lots.insert(place, new)
