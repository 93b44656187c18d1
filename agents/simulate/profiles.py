"""Who the households are said to be: demographics are real where known, everything else is invented."""

from __future__ import annotations

from typing import Any, Final

from agents.simulate.dice import Dice
from agents.simulate.distributions import Distributions, Weights
from agents.simulate.event_schedule import EventSchedule
from agents.simulate.source import Demographics
from schemas.channels import TO_CUSTOMERS

_NAMES: Final = (
    "Alex", "Ariel", "Casey", "Charlie", "Dana", "Drew", "Eden", "Elia", "Emery", "Finley", "Harper", "Jamie", "Jin",
    "Jordan", "Kai", "Kim", "Lee", "Luca", "Mika", "Morgan", "Nico", "Noor", "Quinn", "Remy", "Riley", "Robin", "Rowan",
    "Sam", "Sasha", "Sidney", "Taylor", "Toni", "Wei", "Yuki",
)  # fmt: skip
_DOMAINS: Final = ("example.com", "example.net", "example.org")  # RFC 2606
_AREAS: Final = (
    "201", "202", "206", "212", "213", "215", "216", "303", "305", "312", "313", "404", "412", "415", "503", "512",
    "513", "602", "614", "617", "702", "713", "808", "901", "907", "916", "937",
)  # fmt: skip
_LOCALES: Final = {
    "Europe/London": "en-GB",
    "Europe/Berlin": "de-DE",
    "Asia/Shanghai": "zh-CN",
    "Asia/Kolkata": "en-IN",
    "Australia/Sydney": "en-AU",
}
_AGES: Final = {
    "19-24": (19, 24),
    "25-34": (25, 34),
    "35-44": (35, 44),
    "45-54": (45, 54),
    "55-64": (55, 64),
    "65+": (65, 88),
}
_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NEEDS: Final = {"email": "email", "sms": "phone", "call": "phone"}


class InventedPerson:
    """The invented person behind a household: drawn once, the same in every range and sample."""

    def __init__(
        self, number: int, customer: str, known: Demographics | None, dice: Dice, table: Distributions
    ) -> None:
        self.customer = customer
        self.details = _details(number, known, dice, table)
        self.consents = _consents(self.details, dice, table)

    def register(self, sheet: EventSchedule, at: int) -> None:
        """Write down the registration and what was ticked in its form."""
        sheet.tell(at, f"{self.customer}-registered", self.customer, "customer.registered", self.details)
        for (channel, purpose), given in self.consents.items():
            kind = "consent.granted" if given else "consent.withdrawn"
            key = f"{self.customer}-c-{channel}-{purpose}"
            sheet.tell(at, key, self.customer, kind, {"channel": channel, "purpose": purpose})

    def change(self, sheet: EventSchedule, at: int, dice: Dice, table: Distributions) -> None:
        """Change a consent, or now and then the address, at this moment."""
        key = f"{self.customer}-u-{at}"
        if dice.chance(table.moves / (table.moves + table.consent_changes)):
            sheet.tell(at, key, self.customer, "customer.updated", self._move(dice, table, at))
            return
        withdraw = dice.chance(table.consent_withdrawals)
        open_to = [pair for pair in _pairs(self.details) if self.consents.get(pair, False) == withdraw]
        if not open_to:
            return
        # People drop marketing long before they drop the news of their parcels.
        marketing = [pair for pair in open_to if pair[1] == "marketing"]
        channel, purpose = pair = dice.pick(marketing if marketing and dice.chance(0.85) else open_to)
        self.consents[pair] = not withdraw
        kind = "consent.withdrawn" if withdraw else "consent.granted"
        sheet.tell(at, key, self.customer, kind, {"channel": channel, "purpose": purpose})

    def _move(self, dice: Dice, table: Distributions, at: int) -> dict[str, Any]:
        if dice.chance(0.5) and "email" in self.details:
            return {"email": f"{self.customer}.{at % 100_000}@{dice.pick(_DOMAINS)}"}
        return {"zone": dice.weighted(table.zones)}


def _details(number: int, known: Demographics | None, dice: Dice, table: Distributions) -> dict[str, Any]:
    zone = dice.weighted(table.zones)
    american = "es-US" if dice.chance(table.spanish) else "en-US"
    details: dict[str, Any] = {"name": dice.pick(_NAMES), "zone": zone, "locale": _LOCALES.get(zone, american)}
    if dice.chance(table.email_known):
        details["email"] = f"h-{number:05d}@{dice.pick(_DOMAINS)}"
    if dice.chance(table.phone_known):
        details["phone"] = f"+1{dice.pick(_AREAS)}55501{dice.below(100):02d}"
    if dice.chance(table.birthday_known):
        details.update(_birthday(known, dice, table))
    if known:
        told = {"age_band": known.age, "income_band": known.income, "household_size": known.size}
        details.update({name: value for name, value in told.items() if value is not None})
    return details


def _birthday(known: Demographics | None, dice: Dice, table: Distributions) -> dict[str, Any]:
    lunar = dice.chance(table.birthday_lunar)
    month = dice.between(1, 12)
    day = dice.between(1, 30 if lunar else _MONTH_DAYS[month - 1])
    text = f"{month:02d}-{day:02d}"
    if dice.chance(table.birthday_year):
        low, high = _AGES.get(known.age or "", (19, 80)) if known else (19, 80)
        year = 2016 - dice.between(low, high)
        # 29 February is a birthday of leap years only.
        year -= year % 4 if text == "02-29" and not lunar else 0
        text = f"{year}-{text}"
    return {"birthday": text, "birthday_calendar": "lunar" if lunar else "solar"}


def _consents(details: dict[str, Any], dice: Dice, table: Distributions) -> dict[tuple[str, str], bool]:
    shares: tuple[tuple[str, Weights], ...] = (
        ("service", table.consent_service), ("marketing", table.consent_marketing),
    )  # fmt: skip
    consents = {}
    for purpose, channels in shares:
        for channel, share in channels:
            given, refused = dice.chance(share), dice.chance(table.consent_refused)
            if _reachable(channel, details) and (given or refused):
                consents[channel, purpose] = given
    return consents


def _pairs(details: dict[str, Any]) -> list[tuple[str, str]]:
    channels = [channel for channel in TO_CUSTOMERS if _reachable(channel, details)]
    return [(channel, purpose) for purpose in ("service", "marketing") for channel in channels]


def _reachable(channel: str, details: dict[str, Any]) -> bool:
    return channel not in _NEEDS or _NEEDS[channel] in details
