"""What texts ask for: facts, the rule's own values, brand, links and coupons, as the reader writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rules.calendar import local_time
from rules.defaults import Defaults
from rules.fact_types import FactType
from rules.facts import FACTS, FactReader
from rules.facts.fact import DATE, MOMENT, MONEY
from rules.facts.own import own_facts
from rules.languages import said_in
from rules.templates.shown import Audience, Missing, RawValue, Shown, day, moment, money, number, percent
from rules.texts.house import House
from rules.texts.script import NAME
from schemas.actions import CouponOffer
from schemas.message import NAME_SLOT, link_slot
from schemas.shown import harmless
from schemas.times import Millis

_REACHED: Final = ("brand.phone", "brand.hours")
BRAND: Final = ("brand.name", "brand.sms_name", *_REACHED)
"""What texts may ask of the brand."""
SHOP_PAGES: Final = ("order", "cart", "account", "contact", "product")
SIGNED: Final = ("survey", "reopen", "settled", "preferences", "unsubscribe", "coupon")
LINKS: Final = (*(f"link.{name}" for name in (*SHOP_PAGES, *SIGNED)), "link.until")
"""Addresses that texts may ask for, and until when the signed ones of a survey or complaint work."""
COUPON: Final = ("coupon.off", "coupon.code", "coupon.last_day", "coupon.minimum")
"""What the coupon of an action tells; in a reminder the facts of the same names do."""
LINK_LIFE: Final = timedelta(days=30)
"""How long a survey can be answered and a complaint opened again by its link."""
_STAFF: Final = ("callback", "ticket")
PICTURED: Final = ("product", "cart")
"""Where a text names one of these by its title, a mail shows its picture."""
_TITLES: Final = tuple(f"{family}.title" for family in PICTURED)
_SHORT_ADDRESS: Final = 70
_SHORT_TITLE: Final = 40
"""Characters of a product's address, and of its title, that go into an SMS."""
_WEEKDAYLESS: Final = ("coupon.last_day", "points.last_day")
"""Last days, which Chinese tells without the day of the week."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a message is about, and whom it goes to."""

    facts: FactReader
    values: Mapping[str, RawValue]
    """Those that the rule computes."""
    kind: str
    purpose: str
    channel: str
    survey: str | None
    offer: CouponOffer | None
    last_day: str
    """Of the offer: a local date."""
    due: Millis | None
    """For staff: until when it is to be done."""

    @property
    def defaults(self) -> Defaults:
        return self.facts.context.rulebook.defaults

    @property
    def for_staff(self) -> bool:
        return self.kind in _STAFF


class AskedValues:
    """The values that a script's texts ask for, as they are and as a reader writes them.

    Args:
        occasion: what the message is about.
        house: the store, for the reader's language and country.
    """

    def __init__(self, occasion: Occasion, house: House) -> None:
        self._occasion, self._house = occasion, house
        context = occasion.facts.context
        self._own = own_facts(context.rulebook.own)
        self._zone = occasion.defaults.place.zone if occasion.for_staff else context.zone
        self.today = local_time(context.acting, self._zone).date()
        """For whoever reads it."""
        self.raw: dict[str, RawValue] = {}
        """Those that were asked for so far, as they are."""
        self.cramped = False
        """Whether an SMS has no room for the address of a product."""

    def text(self, name: str, reader: Audience) -> str:
        """One of them, as the reader writes it; empty where it is not known."""
        return self._value(name, reader)[1]

    def shop_page(self, name: str) -> str | None:
        """A page of the shop's; that of a product is told with the product."""
        facts = self._occasion.facts
        if name == "product":
            return by_https(facts["product.url"])
        return self._house.page(name, str(facts["order.id"]))

    def shown(self, name: str, reader: Audience) -> Shown:
        """A value for a template, written for the reader. Facts and the rule's own values are noted in ``raw``."""
        raw, text = self._value(name, reader)
        if name in FACTS or name in self._occasion.values or name in self._own:
            self.raw[name] = raw
        return Shown(name, raw, harmless(text))

    def _value(self, name: str, reader: Audience) -> tuple[RawValue, str]:
        """The value as it is, and as the reader writes it; an empty text where it is not known."""
        occasion = self._occasion
        if name == NAME:
            return NAME_SLOT, NAME_SLOT
        if name in occasion.values:
            raw = occasion.values[name]
            return raw, number(raw, reader) if isinstance(raw, int | float) else raw
        if name in _REACHED:
            return _twice(self._house.reached(name.removeprefix("brand."), self._lives_in()))
        if name.startswith("brand."):
            return _twice(self._house.named(name.removeprefix("brand.")))
        if name.startswith("link."):
            return _twice(self._link(name.removeprefix("link."), reader))
        if name == "due" and occasion.due is not None:
            return occasion.due, self._moment(occasion.due, reader)
        if name in COUPON and (occasion.offer or name not in FACTS):
            return self._of_coupon(name, reader)
        return self._fact(name, reader)

    def _lives_in(self) -> str:
        """The reader's zone, where it is known."""
        return "" if self._occasion.for_staff else self._occasion.facts.context.record.profile.zone

    def _link(self, name: str, reader: Audience) -> str:
        if name == "until":
            return day((self.today + LINK_LIFE).isoformat(), reader, weekday=False)
        if name in SHOP_PAGES:
            url = self.shop_page(name) or ""
            long = len(url) > _SHORT_ADDRESS or self.cramped
            return "" if reader.short and name == "product" and long else url
        return link_slot(name) if self._house.signs else ""

    def _of_coupon(self, name: str, reader: Audience) -> tuple[RawValue, str]:
        offer, facts = self._occasion.offer, self._occasion.facts
        if name == "coupon.off":
            off = offer.percent if offer else int(str(facts["coupon.percent"])) or None
            if off is not None:
                return off, percent(off, reader)
            amount = offer.amount if offer else int(str(facts["coupon.amount"]))
            currency = offer.currency if offer else str(facts["coupon.currency"])
            return (amount, money(amount, currency, reader)) if amount and currency else (0, "")
        if offer is None:
            return "", ""
        if name == "coupon.code":
            return _twice(offer.code)
        if name == "coupon.minimum":
            return offer.minimum, money(offer.minimum, offer.currency or "", reader) if offer.minimum else ""
        return self._occasion.last_day, day(self._occasion.last_day, reader, weekday=reader.language != "zh")

    def _fact(self, name: str, reader: Audience) -> tuple[RawValue, str]:
        fact, raw = self._occasion.facts.fact(name), self._occasion.facts[name]
        if isinstance(raw, list):
            raise Missing(f"{name} is a list")
        if raw == "" or (fact.unit == MOMENT and raw == 0):
            return "", ""
        if fact.unit == DATE:
            return raw, day(str(raw), reader, weekday=not (name in _WEEKDAYLESS and reader.language == "zh"))
        if fact.unit == MOMENT:
            return raw, self._moment(int(raw), reader)
        if fact.unit == MONEY:
            currency = str(self._occasion.facts[f"{name.split('.')[0]}.currency"])
            return raw, money(int(raw), currency, reader) if currency else ""
        if fact.kind in (FactType.INT, FactType.DOUBLE):
            return raw, number(float(raw) if fact.kind is FactType.DOUBLE else int(raw), reader)
        if reader.short and name in _TITLES and len(str(raw)) > _SHORT_TITLE:
            return raw, f"{str(raw)[: _SHORT_TITLE - 3].rstrip()}..."
        return raw, self._word(str(raw))

    def _word(self, raw: str) -> str:
        """What the rulebook's words call it in this language; names that have no word stand for themselves."""
        spoken = self._occasion.facts.context.rulebook.words.get(raw, {})
        return said_in(self._house.locale, spoken) or raw

    def _moment(self, at: Millis, reader: Audience) -> str:
        return moment(local_time(at, self._zone), reader)


def by_https(url: object) -> str | None:
    """The address, where it is one that a message may lead to."""
    return str(url) if str(url).startswith("https://") else None


def _twice(text: str) -> tuple[RawValue, str]:
    return text, text
