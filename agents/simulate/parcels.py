"""What follows an order: dispatch, delivery, returns, complaints, surveys and reviews.

All of it is drawn from the order's own key, so it depends on nothing that happens later.
"""

from __future__ import annotations

from typing import Any, Final

from agents.simulate.afterthoughts import Afterthoughts
from agents.simulate.dice import Dice
from agents.simulate.distributions import Distributions
from agents.simulate.event_schedule import DAY, EventSchedule, stamp
from agents.simulate.source import Basket

HOUR: Final = 3600
_CARRIERS: Final = ("red van", "blue van", "cargo bike")
_RETURNS: Final = ("damaged", "wrong item", "changed mind", "not as described")
_RESOLUTIONS: Final = ("refunded", "replaced", "explained", "voucher given")
_WORDS: Final = {
    "delivery": "My parcel has not come when you said it would.",
    "product": "What arrived is not what I ordered.",
    "payment": "I was charged twice.",
    "service": "Nobody answers my questions.",
    "account": "I cannot log in any more.",
    "privacy": "Where did you get my address from?",
    "counterfeit": "The seal looks wrong. I think it is a fake.",
    "safety": "The jar was broken and somebody was cut.",
    "other": "I would like to talk to somebody.",
}


class Parcel:
    """The rest of an order's life, written down as soon as it is placed."""

    def __init__(
        self, sheet: EventSchedule, customer: str, basket: Basket, dice: Dice, later: Dice, table: Distributions
    ) -> None:
        self._sheet, self._customer, self._basket, self._dice, self._table = sheet, customer, basket, dice, table
        self._afterthoughts = Afterthoughts(sheet, customer, basket, later, table)
        self.order = f"cj-{basket.id}"
        # Promised until a midnight (UTC): the day of the order does not count.
        self.promised = (basket.at // DAY + int(dice.weighted(table.promise_days)) + 1) * DAY

    def follow(self) -> None:
        """Write down everything after the order."""
        dice, table, at = self._dice, self._table, self._basket.at
        if dice.chance(table.cancelled):
            cancelled = at + dice.between(600, 3 * HOUR)
            self._tell(cancelled, "cancelled", "order.cancelled", reason="changed mind")
            restored = self._afterthoughts.restore(cancelled)
            if restored is None:
                return
            at = restored
        else:
            self._basket = self._afterthoughts.edit(self._basket)
        left = at + dice.between(table.dispatch_hours[0] * HOUR, table.dispatch_hours[1] * HOUR)
        promised = stamp(self.promised)
        self._tell(left, "dispatched", "order.dispatched", carrier=dice.pick(_CARRIERS), promised_at=promised)
        if dice.chance(table.lost):
            self._afterthoughts.ask(self.promised)
            self._maybe_complain(self.promised, table.complaint_late, table.categories_late)
        elif dice.chance(table.late):
            median, factor = table.late_hours
            self._arrive(self.promised + int(dice.around(median, factor) * HOUR), late=True)
        else:
            self._arrive(dice.between(left + 2 * HOUR, self.promised - 1), late=False)

    def _arrive(self, at: int, late: bool) -> None:
        dice, table = self._dice, self._table
        self._tell(at, "delivered", "order.delivered")
        if dice.chance(table.returned):
            part = table.returned_part[0] + dice.uniform() * (table.returned_part[1] - table.returned_part[0])
            cents = int(sum(line.cents for line in self._basket.lines) * part)
            when = at + dice.between(1 * DAY, 14 * DAY)
            reference = self._afterthoughts.refund(cents, when)
            reason = dice.pick(_RETURNS)
            self._tell(when, "returned", "order.returned", amount=cents, reason=reason, refund=reference)
        else:
            self._afterthoughts.exchange(self._basket, at)
        self._afterthoughts.speak(at)
        if late:
            self._afterthoughts.ask(self.promised)
            self._maybe_complain(self.promised, table.complaint_late, table.categories_late)
        else:
            self._maybe_complain(at, table.complaint_other, table.categories_other, hours=96)
        self._feedback(at, table.scores_bad if late else table.scores_good)

    def _feedback(self, at: int, shares: tuple[float, ...]) -> None:
        dice, table = self._dice, self._table
        if dice.chance(table.survey):
            scores = {name: _score(dice, shares) for name in ("overall", "delivery")}
            scores["product"] = _score(dice, table.scores_good)
            self._tell(at + dice.between(HOUR, 72 * HOUR), "survey", "survey.answered", scores=scores)
        if dice.chance(table.review):
            sku = str(dice.pick(self._basket.lines).product)
            when = at + dice.between(DAY, 10 * DAY)
            rating = _score(dice, table.scores_good)
            key = f"{self.order}-review"
            self._sheet.tell(when, key, self._customer, "product.reviewed", {"sku": sku, "rating": rating})

    def _maybe_complain(
        self, since: int, share: float, categories: tuple[tuple[str, float], ...], hours: int = 36
    ) -> None:
        dice, table = self._dice, self._table
        if not dice.chance(share):
            return
        opened = since + dice.between(600, hours * HOUR)
        category = dice.weighted(categories)
        fields: dict[str, Any] = {"category": category, "text": _WORDS[category]}
        if dice.chance(table.urgency_told):
            fields["urgency"] = dice.weighted(table.urgencies)
        self._complaint(opened, "opened", order_id=self.order, **fields)
        resolved = opened + int(dice.around(*table.resolve_hours) * HOUR)
        self._afterthoughts.attend(opened, resolved)
        if dice.chance(table.complaint_updated):
            self._complaint(dice.between(opened + 60, resolved - 60), "updated", text="Is there any news?")
        if not dice.chance(table.unresolved):
            self._resolve(resolved)

    def _resolve(self, at: int) -> None:
        dice, table = self._dice, self._table
        self._complaint(at, "resolved", resolution=dice.pick(_RESOLUTIONS))
        if dice.chance(table.reopened):
            again = at + dice.between(6 * HOUR, 120 * HOUR)
            self._complaint(again, "reopened", text="It is not settled.")
            at = again + int(dice.around(*table.resolve_hours) * HOUR)
            self._complaint(at, "resolved", suffix="-2", resolution=dice.pick(_RESOLUTIONS))
        elif dice.chance(table.survey_resolved):
            scores = {"after_sales": _score(dice, table.scores_good), "service": _score(dice, table.scores_good)}
            fields = {"complaint_id": f"{self.order}-complaint", "scores": scores}
            key = f"{self.order}-survey-2"
            self._sheet.tell(at + dice.between(HOUR, 48 * HOUR), key, self._customer, "survey.answered", fields)

    def _complaint(self, at: int, verb: str, suffix: str = "", **fields: Any) -> None:
        fields["complaint_id"] = f"{self.order}-complaint"
        self._sheet.tell(at, f"{self.order}-complaint-{verb}{suffix}", self._customer, f"complaint.{verb}", fields)

    def _tell(self, at: int, suffix: str, kind: str, **fields: Any) -> None:
        fields["order_id"] = self.order
        self._sheet.tell(at, f"{self.order}-{suffix}", self._customer, kind, fields)


def _score(dice: Dice, shares: tuple[float, ...]) -> int:
    return dice.weighted(tuple(enumerate(shares, start=1)))
