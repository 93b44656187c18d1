"""What the demo's rulebook declares of its own: an event, and an attribute of customers."""

from __future__ import annotations

from typing import Final

from agents.simulate.dice import Dice
from agents.simulate.distributions import Distributions
from agents.simulate.event_schedule import DAY, EventSchedule
from agents.simulate.source import Basket

_TASTED: Final = ("cheese", "coffee", "apples", "bread")
_DIETS: Final = ("vegetarian", "vegan", "no nuts", "no milk")


def attend_tasting(sheet: EventSchedule, customer: str, basket: Basket, dice: Dice, table: Distributions) -> None:
    """Now and then somebody comes to a tasting, some days after an order."""
    if not dice.chance(table.tasting):
        return
    when = basket.at + dice.between(DAY, 7 * DAY)
    fields = {"what": dice.pick(_TASTED), "persons": dice.between(1, 4)}
    told = {"name": "tasting_attended", "fields": fields}
    sheet.tell(when, f"cj-{basket.id}-tasting", customer, "custom.happened", told)


def tell_diet(sheet: EventSchedule, customer: str, at: int, dice: Dice, table: Distributions) -> None:
    """What somebody does not eat, told with the account."""
    if dice.chance(table.diet):
        told = {"attributes": {"diet": dice.pick(_DIETS)}}
        sheet.tell(at + 60, f"{customer}-diet", customer, "customer.updated", told)
