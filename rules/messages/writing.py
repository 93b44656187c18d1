"""From a text and what is known to the parts of a message. Nothing personal is asked for, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from rules.defaults import Phrases
from rules.facts import FactReader, known_facts
from rules.languages import languages_for
from rules.messages import sms
from rules.messages.asked import PICTURED, SHOP_PAGES, AskedValues, Occasion, by_https
from rules.rule import Text
from rules.templates.liquid import Liquid, Values
from rules.templates.shown import Audience, Missing, RawValue
from rules.texts.house import House, of_country
from rules.texts.script import NAMED_SUBJECT, SUBJECT, Place, Script, as_read
from rules.traditional import CHINESE
from schemas import message
from schemas.channels import channel_spec
from schemas.message import NAME_SLOT, Message
from schemas.shown import harmless

_AS_TOLD: Final[dict[str, Any]] = {"product": "account"}
"""The contract of actions names no page of a product: readers go by the address."""
_MADE: Final = "zh-Hant"
"""The language of a text that was made from one in Simplified Chinese."""
_MOST_PARTS: Final = 2
"""Of an SMS with the address of a product: in a longer one the address is left out."""


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
    spoken_for = _locale_of(key, wanted, text.locales[key])
    house = occasion.facts.context.rulebook.houses.of_locale(spoken_for)
    for script in text.variants[key]:
        if script.when is None or script.when.evaluate(occasion.facts):
            read = as_read(script, key, spoken_for)
            return _Writer(read, occasion, house).written(text.locales[key] if read is script else _MADE)
    raise Missing(f"text {text.name!r} has no variant for this in {key!r}")


def _locale_of(key: str, wanted: tuple[str, ...], spelt: str) -> str:
    """Whose habits a text keeps: the customer's where it is in their language; of Chinese whoever asked for it."""
    askers = wanted if key.split("-")[0] == CHINESE else wanted[:1]
    return next((one for one in askers if one.split("-")[0].lower() == key.split("-")[0]), spelt)


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
        self._asked = AskedValues(occasion, house)
        self._reader = Audience(house.locale, self._asked.today)
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
        return WrittenMessage(told, self._text(told), locale, self._asked.raw)

    def _text(self, told: Message) -> str:
        if told.sms:
            return told.sms.text
        if told.push:
            return told.push
        lead = told.subject if self._occasion.for_staff or self._script.spoken.plain else told.headline
        return "\n\n".join((lead, *told.body))

    def _known(self, asks: Iterable[str], reader: Audience) -> Values:
        return Values({name: self._asked.shown(name, reader) for name in asks})

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
        if not channel_spec(self._occasion.channel).has_room:
            return None
        told = self._occasion.facts
        for family in PICTURED:
            if f"{family}.title" not in self._script.asks:
                continue
            title, image = harmless(str(told[f"{family}.title"])), by_https(told[f"{family}.image"])
            if title and image:
                return message.ShownProduct(title=title, image=image, url=by_https(told[f"{family}.url"]))
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
        code = self._asked.text("coupon.code", self._reader)
        if not channel_spec(self._occasion.channel).has_room or not (self._occasion.offer or _reminds(facts)):
            return None
        phrases = self._house.phrases
        off, last = (self._asked.text(f"coupon.{name}", self._reader) for name in ("off", "last_day"))
        rows = [message.Row(label=phrases.until, value=phrases.last_day.replace("{day}", last))]
        minimum = self._asked.text("coupon.minimum", self._reader)
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
                url = self._asked.shop_page(button.to)
                if url:
                    found.append(message.Button(label=label, to=_AS_TOLD.get(button.to, button.to), url=url))
            elif self._house.signs:
                found.append(message.Button(label=label, to=button.to))
        return tuple(found)

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
        reader = Audience(self._reader.locale, self._asked.today, short=True)
        known = self._known({one.name for one in template.asked}, reader)
        stop = self._house.stop() if self._occasion.purpose == "marketing" else ""
        whole = self._house.signed_sms(template.fill(known, reader), stop)
        counted = sms.count(sms.with_links(whole))
        if counted.parts > _MOST_PARTS and not self._asked.cramped:
            self._asked.cramped = True
            return self._sms()
        return message.Sms(text=whole, encoding=counted.encoding, parts=counted.parts)

    def _push(self) -> str:
        return self._maybe(("push",)) or self._maybe(("headline",)) or self._must(SUBJECT)


def _reminds(facts: FactReader) -> bool:
    return facts.context.trigger.name == "coupon.expiring" and facts["coupon.code"] != ""


def _service(phrases: Phrases, asks: frozenset[str]) -> str:
    """What the message belongs to: the complaint or the order that it tells of, else the account."""
    if any(name.startswith("complaint.") for name in asks):
        return phrases.service["complaint"]
    return phrases.service["order" if any(name.startswith("order.") for name in asks) else "account"]
