"""From a text and what is known to the parts of a message. Nothing personal is asked for, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from rules.calendar import local_time
from rules.defaults import Defaults, Phrases
from rules.fact_types import FactType
from rules.facts import FACTS, FactReader, known_facts
from rules.facts.fact import DATE, MOMENT, MONEY
from rules.languages import languages_for
from rules.messages import sms
from rules.messages.house import House, of_country
from rules.messages.liquid import Liquid, Values
from rules.messages.script import NAME, NAMED_SUBJECT, SUBJECT, Place, Script
from rules.messages.shown import Audience, Missing, RawValue, Shown, day, moment, money, number, percent
from rules.rule import Text
from schemas import message
from schemas.actions import CouponOffer
from schemas.message import NAME_SLOT, Message, link_slot
from schemas.shown import harmless
from schemas.times import Millis

BRAND: Final = ("brand.name", "brand.sms_name", "brand.phone")
"""What texts may ask of the brand."""
SHOP_PAGES: Final = ("order", "cart", "account", "contact", "product")
SIGNED: Final = ("survey", "reopen", "settled", "preferences", "unsubscribe", "coupon")
_AS_TOLD: Final[dict[str, Any]] = {"product": "account"}
"""The contract of actions names no page of a product: readers go by the address."""
LINKS: Final = (*(f"link.{name}" for name in (*SHOP_PAGES, *SIGNED)), "link.until")
"""Addresses that texts may ask for, and until when the signed ones of a survey or complaint work."""
COUPON: Final = ("coupon.off", "coupon.code", "coupon.last_day", "coupon.minimum")
"""What the coupon of an action tells; in a reminder the facts of the same names do."""
LINK_LIFE: Final = timedelta(days=30)
"""How long a survey can be answered and a complaint opened again by its link."""
_STAFF: Final = ("callback", "ticket")
_PICTURED: Final = ("product", "cart")
"""Where a text names one of these by its title, a mail shows its picture."""
_TITLES: Final = tuple(f"{family}.title" for family in _PICTURED)
_SHORT_ADDRESS: Final = 70
_SHORT_TITLE: Final = 40
"""Characters of a product's address, and of its title, that go into an SMS."""
_MOST_PARTS: Final = 2
"""Of an SMS with the address of a product: in a longer one the address is left out."""
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


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """A message, and the values that it was written with."""

    message: Message
    text: str
    """What goes out on the action's channel as plain text."""
    locale: str
    """Of the text, as the rule file spells it."""
    values: dict[str, RawValue]


def write(text: Text, occasion: Occasion) -> WrittenMessage:
    """The message: in the customer's language where the text has it; for the store's own people in theirs.

    Raises:
        Missing: a value is not known, or there is no fitting language or variant.
    """
    own = occasion.defaults.place.locale
    wanted = (own,) if occasion.for_staff else languages_for(occasion.facts.context.record.profile.locale, own)
    key = text.best(*wanted)
    spoken_for = wanted[0] if wanted[0].split("-")[0].lower() == key.split("-")[0] else text.locales[key]
    house = occasion.facts.context.rulebook.houses.of_locale(spoken_for)
    for script in text.variants[key]:
        if script.when is None or script.when.evaluate(occasion.facts):
            return _Writer(script, occasion, house).written(text.locales[key])
    raise Missing(f"text {text.name!r} has no variant for this in {key!r}")


def facts_asked(text: Text) -> set[str]:
    """The facts that a text needs, in whatever language."""
    known = known_facts()
    asked = {name for name in text.asks if name in known}
    asked |= {fact for name in asked if (fact := f"{name.split('.')[0]}.currency") in known}
    asked |= {"coupon.percent", "coupon.amount", "coupon.currency"} if "coupon.off" in text.asks else set()
    asked |= {use for scripts in text.variants.values() for one in scripts if one.when for use in one.when.uses}
    buttons = {one.to for scripts in text.variants.values() for script in scripts for one in script.spoken.buttons}
    pages = {page: f"{page}.{fact}" for page, fact in (("order", "id"), ("product", "url"))}
    asked |= {fact for page, fact in pages.items() if page in buttons or f"link.{page}" in text.asks}
    # What is known of this moment alone has to be kept where the message is held; a cart is still there later.
    return asked | ({"product.image", "product.url"} if "product.title" in text.asks else set())


class _Writer:
    """Fills in the templates of one script."""

    def __init__(self, script: Script, occasion: Occasion, house: House) -> None:
        self._script, self._occasion, self._house = script, occasion, house
        context = occasion.facts.context
        self._own = context.rulebook.facts
        self._zone = occasion.defaults.place.zone if occasion.for_staff else context.zone
        self._today = local_time(context.acting, self._zone).date()
        self._reader = Audience(house.locale, self._today)
        self._raw: dict[str, RawValue] = {}
        self._cramped = False
        """Whether an SMS has no room for the address of a product."""
        self._values = self._known(script.asks, self._reader)

    def written(self, locale: str) -> WrittenMessage:
        spoken, occasion = self._script.spoken, self._occasion
        subject = self._must(SUBJECT)
        told = Message(
            locale=self._house.locale,
            subject=self._house.marked(subject, occasion.purpose, occasion.channel),
            preheader=self._maybe(("preheader",)),
            headline=self._maybe(("headline",)) or subject,
            greeting=None if occasion.for_staff else self._house.phrases.greeting,
            body=tuple(p for index in range(len(spoken.body)) if (p := self._must(("body", index)).strip())),
            product=self._product(),
            facts=self._facts(),
            slip=self._slip(),
            scale=self._scale(),
            buttons=self._buttons(),
            small=self._maybe(("small",)),
            sign_off=None if occasion.for_staff else self._house.sign_off(occasion.purpose),
            why=self._why(),
            footer=() if occasion.for_staff else self._house.footer(occasion.purpose),
            named=self._named(),
            brand=self._house.brand,
            sms=self._sms() if occasion.channel == "sms" else None,
            push=self._push() if occasion.channel == "push" else None,
            survey_dimension=occasion.survey,
        )
        return WrittenMessage(told, self._text(told), locale, self._raw)

    def _text(self, told: Message) -> str:
        if told.sms:
            return told.sms.text
        if told.push:
            return told.push
        lead = told.subject if self._occasion.for_staff or self._script.spoken.plain else told.headline
        return "\n\n".join((lead, *told.body))

    def _known(self, asks: Iterable[str], reader: Audience) -> Values:
        return Values({name: self._shown(name, reader) for name in asks})

    def _shown(self, name: str, reader: Audience) -> Shown:
        raw, text = self._value(name, reader)
        if name in FACTS or name in self._occasion.values or name in self._own:
            self._raw[name] = raw
        return Shown(name, raw, harmless(text))

    def _value(self, name: str, reader: Audience) -> tuple[RawValue, str]:
        """The value as it is, and as the reader writes it; an empty text where it is not known."""
        occasion = self._occasion
        if name == NAME:
            return NAME_SLOT, NAME_SLOT
        if name in occasion.values:
            raw = occasion.values[name]
            return raw, number(raw, reader) if isinstance(raw, int | float) else raw
        if name.startswith("brand."):
            return _twice(self._house.named(name.removeprefix("brand.")))
        if name.startswith("link."):
            return _twice(self._link(name.removeprefix("link."), reader))
        if name == "due" and occasion.due is not None:
            return occasion.due, self._moment(occasion.due, reader)
        if name in COUPON and (occasion.offer or name not in FACTS):
            return self._of_coupon(name, reader)
        return self._fact(name, reader)

    def _link(self, name: str, reader: Audience) -> str:
        if name == "until":
            return day((self._today + LINK_LIFE).isoformat(), reader, weekday=False)
        if name in SHOP_PAGES:
            url = self._shop_page(name) or ""
            long = len(url) > _SHORT_ADDRESS or self._cramped
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
        return spoken.get(self._reader.language, raw)

    def _moment(self, at: Millis, reader: Audience) -> str:
        return moment(local_time(at, self._zone), reader)

    def _must(self, place: Place) -> str:
        return self._script.templates[place].fill(self._values, self._reader)

    def _maybe(self, place: Place) -> str | None:
        template = self._script.templates.get(place)
        return template.fill(self._values, self._reader) if template else None

    def _named(self) -> message.Named:
        occasion = self._occasion
        greeting = None if occasion.for_staff else self._house.phrases.greeting_named.replace("{name}", NAME_SLOT)
        subject = self._maybe(NAMED_SUBJECT)
        marked = self._house.marked(subject, occasion.purpose, occasion.channel) if subject else None
        return message.Named(subject=marked, greeting=greeting)

    def _product(self) -> message.ShownProduct | None:
        """The product that the text names, where there is a picture of it and room for one."""
        if self._occasion.channel not in ("email", "push"):
            return None
        told = self._occasion.facts
        for family in _PICTURED:
            if f"{family}.title" not in self._script.asks:
                continue
            title, image = harmless(str(told[f"{family}.title"])), _by_https(told[f"{family}.image"])
            if title and image:
                return message.ShownProduct(title=title, image=image, url=_by_https(told[f"{family}.url"]))
        return None

    def _facts(self) -> message.Facts | None:
        """Rows of facts; those whose value is not known are left out."""
        facts = self._script.spoken.facts
        if not facts:
            return None
        rows, total = self._rows("rows", facts.rows), self._rows("total", facts.total or {})
        if not rows:
            return None
        return message.Facts(caption=self._must(("facts", "caption")), rows=rows, total=total[0] if total else None)

    def _rows(self, part: str, labels: Iterable[str]) -> tuple[message.Row, ...]:
        known = ((label, self._if_known(self._script.templates["facts", part, label])) for label in labels)
        return tuple(message.Row(label=label, value=value) for label, value in known if value)

    def _if_known(self, template: Liquid) -> str | None:
        try:
            return template.fill(self._values, self._reader)
        except Missing:
            return None

    def _slip(self) -> message.Slip | None:
        facts = self._occasion.facts
        code = self._value("coupon.code", self._reader)[1]
        if self._occasion.channel not in ("email", "push") or not (self._occasion.offer or _reminds(facts)):
            return None
        phrases = self._house.phrases
        off, last = (self._value(f"coupon.{name}", self._reader)[1] for name in ("off", "last_day"))
        rows = [message.Row(label=phrases.until, value=phrases.last_day.replace("{day}", last))]
        minimum = self._value("coupon.minimum", self._reader)[1]
        if minimum:
            rows.append(message.Row(label=phrases.minimum, value=phrases.from_amount.replace("{amount}", minimum)))
        return message.Slip(
            worth=phrases.worth.replace("{off}", off),
            code_label=phrases.code,
            code=code,
            rows=tuple(rows),
            law=of_country(self._house.country, self._occasion.defaults.brand.coupon_law),
        )

    def _scale(self) -> message.Scale | None:
        if not self._occasion.survey or not self._house.signs:
            return None
        return message.Scale(choices=self._house.scale, out=self._maybe(("out",)))

    def _buttons(self) -> tuple[message.Button, ...]:
        """Buttons; one whose page has no address is left out."""
        found = []
        for index, button in enumerate(self._script.spoken.buttons):
            label = self._must(("buttons", index, "label"))
            if button.to == "product" or button.to in SHOP_PAGES:
                url = self._shop_page(button.to)
                if url:
                    found.append(message.Button(label=label, to=_AS_TOLD.get(button.to, button.to), url=url))
            elif self._house.signs:
                found.append(message.Button(label=label, to=button.to))
        return tuple(found)

    def _shop_page(self, name: str) -> str | None:
        """A page of the shop's; that of a product is told with the product."""
        facts = self._occasion.facts
        if name == "product":
            return _by_https(facts["product.url"])
        return self._house.page(name, str(facts["order.id"]))

    def _why(self) -> str | None:
        why = self._maybe(("why",))
        if self._occasion.for_staff or why is None:
            return why
        phrases = self._house.phrases
        gap = "" if self._reader.language in ("zh", "ja") else " "
        if self._occasion.purpose == "marketing":
            return f"{phrases.why}{gap}{why}{gap}{phrases.marketing}"
        return f"{phrases.why}{gap}{why}{gap}{_service(phrases, self._script.asks)}"

    def _sms(self) -> message.Sms | None:
        template = self._script.templates.get(("sms",))
        if template is None:
            return None
        reader = Audience(self._reader.locale, self._today, short=True)
        known = self._known({one.name for one in template.asked}, reader)
        stop = self._house.stop() if self._occasion.purpose == "marketing" else ""
        whole = self._house.signed_sms(template.fill(known, reader), stop)
        counted = sms.count(sms.with_links(whole))
        if counted.parts > _MOST_PARTS and not self._cramped:
            self._cramped = True
            return self._sms()
        return message.Sms(text=whole, encoding=counted.encoding, parts=counted.parts)

    def _push(self) -> str:
        return self._maybe(("push",)) or self._maybe(("headline",)) or self._must(SUBJECT)


def _by_https(url: object) -> str | None:
    """The address, where it is one that a message may lead to."""
    return str(url) if str(url).startswith("https://") else None


def _twice(text: str) -> tuple[RawValue, str]:
    return text, text


def _reminds(facts: FactReader) -> bool:
    return facts.context.trigger.name == "coupon.expiring" and facts["coupon.code"] != ""


def _service(phrases: Phrases, asks: frozenset[str]) -> str:
    """What the message belongs to: the complaint or the order that it tells of, else the account."""
    if any(name.startswith("complaint.") for name in asks):
        return phrases.service["complaint"]
    return phrases.service["order" if any(name.startswith("order.") for name in asks) else "account"]
