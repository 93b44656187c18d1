"""*The Complete Journey* as a stream of contract events in the order of their time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from agents.replay.event import ReplayEvent
from agents.simulate import source
from agents.simulate.dice import Dice
from agents.simulate.distributions import Distributions
from agents.simulate.event_schedule import DAY, EventSchedule, stamp
from agents.simulate.own_events import attend_tasting, tell_diet
from agents.simulate.parcels import Parcel
from agents.simulate.profiles import InventedPerson
from agents.simulate.visits import Catalogue, Rhythm, Visit, shop, wander
from schemas.ids import hash64
from schemas.times import Millis


@dataclass(frozen=True)
class Journey:
    """A range of the data's days, as though the shop had opened on the first of them.

    The stream is a function of these arguments and of the transactions of the range. A household's events do not
    depend on which other households take part, and events before any moment t do not depend on transactions after
    it, except for the visit that ends in an order within the hour.
    """

    first_day: int = 0
    """0 is 2017-01-01."""
    days: int = source.DAYS
    households: int | None = None
    """How many of the 2,469 take part, sampled by hash; all of them by default."""
    seed: int = 1
    simulated: bool = True
    """Without, only what the data holds: orders and redemptions."""
    whole: bool = False
    """With it also strangers who turn out to be customers, and what the demo's rulebook declares of its own."""
    table: Distributions = field(default_factory=Distributions)

    @property
    def name(self) -> str:
        """Names the stream; two streams of one name are the same, byte for byte."""
        parts = [f"journey-s{self.seed}-d{self.first_day}-{self.days}", f"h{self.households or 'all'}"]
        if self.whole:
            parts.append("whole")
        if self.table != Distributions():
            parts.append(f"t{hash64(repr(self.table)):016x}")
        return "-".join(parts if self.simulated else [*parts, "real"])

    @property
    def start(self) -> Millis:
        """Midnight (UTC) of the first day."""
        return (source.FIRST_DAY + self.first_day) * DAY * 1000

    @property
    def end(self) -> Millis:
        """Midnight (UTC) after the last day; no event is at or behind it."""
        return self.start + min(self.days, source.DAYS - self.first_day) * DAY * 1000

    def events(self) -> Iterator[ReplayEvent]:
        """All events in the order of (time, id); about 30,000 a week with everybody."""
        first, last = self.start // 1000, self.end // 1000
        shop_floor = _Shop(self, EventSchedule())
        waiting: deque[source.Basket] = deque()
        baskets = source.baskets(first, last, source.households(self.households))
        for day in range(first // DAY, last // DAY):
            # An order brings its visit with it, up to an hour earlier: a day is complete when the next has been read.
            yield from shop_floor.day(day, _until(baskets, waiting, (day + 1) * DAY))
        yield from shop_floor.sheet.take(last // DAY - 1)


def _until(baskets: Iterator[source.Basket], waiting: deque[source.Basket], end: int) -> Iterator[source.Basket]:
    while waiting:
        yield waiting.popleft()
    for basket in baskets:
        if basket.at >= end:
            waiting.append(basket)
            return
        yield basket


class _Shop:
    """The shop as it stands on one day: who is registered, and how often they order."""

    def __init__(self, journey: Journey, sheet: EventSchedule) -> None:
        self._journey, self.sheet = journey, sheet
        self._profiles: dict[int, InventedPerson] = {}
        self._rhythms: dict[int, Rhythm] = {}
        self._redeemed: defaultdict[int, list[source.Redemption]] = defaultdict(list)
        self._loose: list[source.Redemption] = []
        for one in source.redemptions():
            self._loose.append(one) if one.basket is None else self._redeemed[one.basket].append(one)

    @cached_property
    def _catalogue(self) -> Catalogue:
        return Catalogue(source.categories())

    @cached_property
    def _demographics(self) -> dict[int, source.Demographics]:
        return source.demographics()

    def day(self, day: int, baskets: Iterator[source.Basket]) -> list[ReplayEvent]:
        """Live one day; the events of the day before, now complete."""
        if self._journey.simulated:
            self._without_orders(day)
        for one in self._loose:
            if one.at // DAY == day and one.household in self._rhythms:
                self._redeem(one, None, 0)
        for basket in baskets:
            self._order(basket)
        return self.sheet.take(day - 1)

    def _dice(self, *parts: object) -> Dice:
        return Dice(hash64("\t".join(map(str, (self._journey.seed, *parts)))))

    def _without_orders(self, day: int) -> None:
        table = self._journey.table
        changes = (table.consent_changes + table.moves) / 365
        holiday = table.holiday_visits if source.is_holiday(day) else 1.0
        for household, rhythm in self._rhythms.items():
            dice = self._dice("day", household, day)
            for number in range(dice.count(rhythm.expected(table) * holiday)):
                key = f"v-{household}-{day}-{number}"
                visit = Visit(self.sheet, self._catalogue, self._visitor(household, day, number), key, dice)
                later = self._dice("noted", household, day, number)
                wander(visit, rhythm, self._catalogue, day, dice, later, table)
            if dice.chance(changes):
                self._profiles[household].change(self.sheet, day * DAY + dice.below(DAY), dice, table)

    def _visitor(self, household: int, day: int, number: int) -> str:
        """The customer, or now and then a stranger; who that was is told later."""
        who, table = customer(household), self._journey.table
        dice = self._dice("stranger", household, day, number)
        if not self._journey.whole or not dice.chance(table.anonymous):
            return who
        stranger = f"s-{household:05d}-{day}-{number}"
        if dice.chance(table.identified):
            when = (day + 1) * DAY + dice.below(2 * DAY)
            self.sheet.tell(when, f"{stranger}-identified", stranger, "customer.identified", {"into": who})
        return stranger

    def _order(self, basket: source.Basket) -> None:
        parcel, fields = None, self._fields(basket)
        if self._journey.simulated:
            table, dice = self._journey.table, self._dice("order", basket.id)
            cart = f"cj-{basket.id}-v"
            visit = Visit(self.sheet, self._catalogue, customer(basket.household), cart, dice)
            begin = shop(visit, basket, self._journey.start // 1000, dice, table)
            self._meet(basket.household, begin)
            later = self._dice("later", basket.id)
            parcel = Parcel(self.sheet, customer(basket.household), basket, dice, later, table)
            fields |= {"promised_at": stamp(parcel.promised), "cart_id": cart}
        else:
            self._meet(basket.household, basket.at)
        who, rhythm = customer(basket.household), self._rhythms[basket.household]
        self.sheet.tell(basket.at, f"cj-{basket.id}-placed", who, "order.placed", fields, simulated=False)
        if parcel:
            self._spend_points(basket, rhythm)
        rhythm.order(basket.lines)
        for one in (redeemed := self._redeemed.pop(basket.id, [])):
            self._redeem(one, basket, basket.coupon_cents // len(redeemed))
        if parcel:
            parcel.follow()
        if self._journey.whole:
            attend_tasting(self.sheet, who, basket, self._dice("tasting", basket.id), self._journey.table)

    def _spend_points(self, basket: source.Basket, rhythm: Rhythm) -> None:
        dice, tens = self._dice("points", basket.id), rhythm.paid // 1000
        if tens and dice.chance(self._journey.table.points_spent):
            key = f"cj-{basket.id}-points"
            fields = {"points": tens * 10, "reference": key, "order_id": f"cj-{basket.id}"}
            self.sheet.tell(basket.at, key, customer(basket.household), "points.redeemed", fields)

    def _fields(self, basket: source.Basket) -> dict[str, Any]:
        items = [
            {"sku": str(product), "quantity": quantity, "price": cents, "category": self._catalogue.category(product)}
            for product, quantity, cents in basket.lines[:200]
        ]
        amount = sum(line.cents for line in basket.lines)
        fields = {"order_id": f"cj-{basket.id}", "amount": amount, "currency": source.CURRENCY, "items": items}
        coupons = [str(one.coupon) for one in self._redeemed.get(basket.id, ())][:10]
        return {**fields, "coupons": coupons} if coupons else fields

    def _meet(self, household: int, at: int) -> None:
        if household in self._rhythms:
            return
        dice, table = self._dice("profile", household), self._journey.table
        low, high = table.appetite
        self._rhythms[household] = Rhythm(low + dice.uniform() * (high - low))
        if self._journey.simulated:
            known = self._demographics.get(household)
            self._profiles[household] = profile = InventedPerson(household, customer(household), known, dice, table)
            profile.register(self.sheet, at)
            if self._journey.whole:
                tell_diet(self.sheet, customer(household), at, self._dice("diet", household), table)

    def _redeem(self, one: source.Redemption, basket: source.Basket | None, cents: int) -> None:
        campaign = f"cj-campaign-{one.campaign}"
        fields: dict[str, Any] = {
            "action_id": f"{campaign}-{one.household}-{one.coupon}", "code": str(one.coupon), "campaign": campaign,
        }  # fmt: skip
        if basket:
            fields |= {"order_id": f"cj-{basket.id}", "discount": cents}
        who = customer(one.household)
        self.sheet.tell(one.at, f"cj-redeemed-{one.number}", who, "receipt.redeemed", fields, simulated=False)


def customer(household: int) -> str:
    """The customer id of a household: ``h-00900``."""
    return f"h-{household:05d}"
