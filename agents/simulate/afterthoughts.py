"""Second thoughts about an order: edits, a cancellation taken back, exchanges, refunds, and staff with a complaint.

They are drawn from a key of their own, so that what else follows the order stays as it is without them.
"""

from __future__ import annotations

from typing import Any, Final

from agents.simulate.dice import Dice
from agents.simulate.distributions import Distributions
from agents.simulate.event_schedule import DAY, EventSchedule, stamp
from agents.simulate.source import Basket

HOUR: Final = 3600
_STAFF: Final = ("ada", "ben", "mei", "otto", "priya")
_METHODS: Final = ("card", "bank transfer", "wallet")
_CONTACTS: Final = ("call", "chat", "email", "social")
_TOPICS: Final = ("opening hours", "range", "parcels")
_SAID: Final = {
    "suggestion": "Could parcels be left with the neighbours?",
    "praise": "The driver was very kind.",
    "question": "Do you wrap presents?",
}
_EXCHANGES: Final = ("wrong size", "damaged", "other edition")


class Afterthoughts:
    """What customers and staff think of later."""

    def __init__(self, sheet: EventSchedule, customer: str, basket: Basket, dice: Dice, table: Distributions) -> None:
        self._sheet, self._customer, self._dice, self._table = sheet, customer, dice, table
        self._order = f"cj-{basket.id}"

    def edit(self, basket: Basket) -> Basket:
        """Now and then a line is taken out before the order is packed; the basket as it is then."""
        dice = self._dice
        if len(basket.lines) < 2 or not dice.chance(self._table.edited):
            return basket
        kept = basket.lines[:-1]
        items = [{"sku": str(one.product), "quantity": one.quantity, "price": one.cents} for one in kept[:200]]
        when = basket.at + dice.between(300, 3 * HOUR)
        self._tell(when, "updated", "order.updated", amount=sum(one.cents for one in kept), items=items)
        return basket._replace(lines=kept)

    def restore(self, cancelled: int) -> int | None:
        """A cancellation by mistake is taken back; when, or None where it stands."""
        dice = self._dice
        if not dice.chance(self._table.restored):
            return None
        when = cancelled + dice.between(300, 6 * HOUR)
        self._tell(when, "restored", "order.restored", reason="cancelled by mistake")
        return when

    def ask(self, since: int) -> None:
        """About a parcel that does not come they get in touch, and again while nobody settles it."""
        dice, table, at, number = self._dice, self._table, since + self._dice.between(HOUR, 24 * HOUR), 1
        again = dice.chance(table.contact_late)
        while again and number < 4:
            again = dice.chance(table.contact_again)
            fields = {"topic": "delivery", "outcome": "open" if again else "settled"}
            self._tell(at, f"contact-{number}", "contact.made", channel=dice.pick(_CONTACTS), **fields)
            at += dice.between(4 * HOUR, 48 * HOUR)
            number += 1

    def speak(self, delivered: int) -> None:
        """What they say, and the coupon of the store's own that they take."""
        dice, table = self._dice, self._table
        if dice.chance(table.feedback):
            kind = dice.weighted(table.feedback_kinds)
            when = delivered + dice.between(HOUR, 72 * HOUR)
            fields = {"kind": kind, "topic": dice.pick(_TOPICS), "text": _SAID[kind], "order_id": self._order}
            self._sheet.tell(when, f"{self._order}-feedback", self._customer, "feedback.given", fields)
        if dice.chance(table.coupon_claimed):
            when = delivered + dice.between(HOUR, 72 * HOUR)
            claimed = {"code": f"{self._order}-own", "expires_at": stamp(when + 30 * DAY), "percent": 5}
            self._sheet.tell(when, f"{self._order}-claimed", self._customer, "coupon.claimed", claimed)

    def exchange(self, basket: Basket, delivered: int) -> None:
        """A piece goes back for another one."""
        dice = self._dice
        if not dice.chance(self._table.exchanged):
            return
        line = dice.pick(basket.lines)
        when = delivered + dice.between(DAY, 14 * DAY)
        items = [{"sku": str(line.product), "quantity": line.quantity, "price": line.cents}]
        self._tell(when, "exchanged", "order.exchanged", items=items, reason=dice.pick(_EXCHANGES))

    def refund(self, cents: int, returned: int) -> str:
        """Asked for before the goods are back, paid by the payment system afterwards or declined; its reference."""
        dice, reference = self._dice, f"{self._order}-refund"
        asked = returned - dice.between(HOUR, 20 * HOUR)
        self._tell(asked, "refund-requested", "refund.requested", refund=reference, amount=cents)
        if dice.chance(self._table.refund_paid):
            paid = returned + dice.between(4 * HOUR, 5 * DAY)
            method = dice.pick(_METHODS)
            self._tell(paid, "refund-paid", "refund.paid", refund=reference, amount=cents, method=method)
        elif dice.chance(self._table.refund_withdrawn):
            declined = returned + dice.between(DAY, 5 * DAY)
            self._tell(declined, "refund-withdrawn", "refund.withdrawn", refund=reference)
        return reference

    def attend(self, opened: int, resolved: int) -> None:
        """A person takes the complaint, hands it over perhaps, and answers."""
        dice, table = self._dice, self._table
        if not dice.chance(table.taken):
            return
        owner = dice.pick(_STAFF)
        at = dice.between(opened + 300, (opened + resolved) // 2)
        self._complaint(at, "taken", owner=owner)
        if dice.chance(table.handed_over):
            at = dice.between(at + 60, resolved - 120)
            other = dice.pick([one for one in _STAFF if one != owner])
            self._complaint(at, "handed_over", owner=other)
        if dice.chance(table.answered):
            self._complaint(dice.between(at + 30, resolved - 30), "answered", text="We are looking into it.")

    def _complaint(self, at: int, verb: str, **fields: Any) -> None:
        fields["complaint_id"] = f"{self._order}-complaint"
        self._sheet.tell(at, f"{self._order}-complaint-{verb}", self._customer, f"complaint.{verb}", fields)

    def _tell(self, at: int, suffix: str, kind: str, **fields: Any) -> None:
        fields["order_id"] = self._order
        self._sheet.tell(at, f"{self._order}-{suffix}", self._customer, kind, fields)
