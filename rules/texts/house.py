"""The store as one reader sees it: brand, phrases and pages in their language and for their country."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property, lru_cache
from typing import Any, Final

from babel.core import get_global

from rules.countries import country_of_zone
from rules.defaults import Defaults, Phrases, StoreBrand
from rules.languages import as_read, of_language, said_in
from rules.templates.cldr import cldr_locale
from rules.templates.shown import Missing
from schemas import message
from schemas.message import link_slot

_SIGNED_IN: Final = "zh"
"""The language whose SMS begin with the name in brackets."""


class Houses:
    """The stores of one rulebook, each made once."""

    def __init__(self, defaults: Defaults) -> None:
        self.of_locale = lru_cache(maxsize=256)(lambda locale: House(defaults, locale))


class House:
    """The store for one locale. What it says of itself in every message is made once."""

    def __init__(self, defaults: Defaults, locale: str) -> None:
        self._brand = defaults.brand
        self.locale = locale
        self.language = locale.split("-")[0].lower()
        self.country = country_of(locale)
        found = said_in(locale, defaults.phrases) or said_in(defaults.place.locale, defaults.phrases)
        if found is None:
            raise Missing(f"phrases of the defaults speak neither {locale!r} nor {defaults.place.locale!r}")
        self.phrases: Phrases = found
        self._footers: dict[str, tuple[message.Button, ...]] = {}

    @property
    def signs(self) -> bool:
        """Whether there is a place for signed links."""
        return self._brand.base_url is not None

    def named(self, what: str) -> str:
        """``name``, in any language rather than none, or ``sms_name``; empty where it is not given."""
        return self._names[what]

    @cached_property
    def _names(self) -> dict[str, str]:
        brand = self._brand
        name = of_language(self.locale, brand.name) or next(iter(brand.name.values()))
        return {"name": name, "sms_name": of_language(self.locale, brand.sms_name) or ""}

    def reached(self, what: str, zone: str) -> str:
        """``phone`` or ``hours``; empty where it is not given.

        Args:
            zone: where the reader lives, which may be elsewhere than their language says; empty where it is not known.
        """
        return reached(self._brand, what, self.locale, zone)

    def page(self, name: str, order: str) -> str | None:
        """The address of a page of the shop."""
        url: str | None = getattr(self._brand, f"{name}_url")
        if url is None or ("{id}" in url and not order):
            return None
        return url.replace("{id}", order)

    @cached_property
    def brand(self) -> message.Brand:
        """What a sender needs of it."""
        brand = self._brand
        return message.Brand(
            name=self.named("name"),
            colour=brand.colour,
            logo=brand.logo,
            logo_dark=brand.logo_dark,
            home=brand.home_url,
            sender=brand.sender,
            reply_to=brand.reply_to,
            legal=of_country(self.country, brand.postal) or (),
        )

    def marked(self, subject: str, purpose: str, channel: str) -> str:
        """The subject of advertising begins as the law of the country wants it."""
        mark = of_country(self.country, self._brand.ad_mark) if purpose == "marketing" and channel == "email" else None
        return f"{mark or ''}{subject}"

    def sign_off(self, purpose: str) -> str:
        """Who says it: the shop, and for service its customer service. No invented person."""
        name = self.named("name")
        return name if purpose == "marketing" else self.phrases.signed_service.replace("{name}", name)

    @property
    def imprint(self) -> str | None:
        """Where the law of the country wants it, the address of who is behind the store."""
        return self._brand.imprint_url if self.country in ("DE", "AT", "CH") else None

    def footer(self, purpose: str) -> tuple[message.Button, ...]:
        """Unsubscribe (marketing), preferences, privacy, imprint: those that there are."""
        if purpose not in self._footers:
            self._footers[purpose] = tuple(self._footer(purpose))
        return self._footers[purpose]

    def _footer(self, purpose: str) -> list[message.Button]:
        brand, phrases = self._brand, self.phrases
        found: list[message.Button] = []
        if self.signs and purpose == "marketing":
            found.append(message.Button(label=phrases.unsubscribe, to="unsubscribe"))
        if self.signs:
            found.append(message.Button(label=phrases.preferences, to="preferences"))
        if brand.privacy_url:
            found.append(message.Button(label=phrases.privacy, to="privacy", url=brand.privacy_url))
        if imprint := self.imprint:
            found.append(message.Button(label=phrases.imprint, to="imprint", url=imprint))
        return found

    @cached_property
    def scale(self) -> tuple[message.Choice, ...]:
        """The answers of a survey."""
        return tuple(message.Choice(value=at, label=label) for at, label in enumerate(self.phrases.scale, 1))

    def stop(self) -> str:
        """How to stop SMS in this country."""
        stop = of_country(self.country, self._brand.sms_stop)
        if stop is None:
            raise Missing(f"no way to stop SMS is given for {self.country} in sms_stop of the brand")
        return str(stop).replace("{link}", link_slot("unsubscribe"))

    def signed_sms(self, text: str, stop: str) -> str:
        """Chinese SMS begin with the registered name in brackets; the way to stop comes last."""
        if self.language != _SIGNED_IN:
            return f"{text} {stop}".strip()
        name = self.named("sms_name")
        if not name:
            raise Missing("an SMS to China needs sms_name of the brand, as registered with the carrier")
        return f"【{name}】{text}{stop}"


def reached(brand: StoreBrand, what: str, locale: str, zone: str) -> str:
    """``phone`` or ``hours`` of a store for a reader in their country; empty where it is not given."""
    country = country_of_zone(zone) or country_of(locale)
    if what == "phone":
        return of_country(country, brand.phone) or ""
    language = locale.split("-")[0]
    return as_read(of_language(f"{language}-{country}", brand.hours) or "", language, locale)


def of_country(country: str, told: Mapping[str, Any]) -> Any:
    """The entry for a country; else ``*``."""
    return told.get(country, told.get("*"))


@cache
def country_of(locale: str) -> str:
    """The country of a locale; the likeliest one of its language where it names none (CLDR's likely subtags)."""
    known = cldr_locale(locale)
    if known.territory:
        return str(known.territory)
    likely: str = get_global("likely_subtags").get(known.language, "")
    return likely.rpartition("_")[2]
