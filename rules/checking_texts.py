"""Texts and words, checked against the actions that use them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.defaults import Defaults
from rules.expression import Expression
from rules.fact_types import FactType
from rules.facts import FACTS, Fact
from rules.formats import FORMATS
from rules.problems import Problem, nearest
from rules.rule import Text
from rules.schema import ActionTerms, RuleFile
from rules.wording import BadWording, Slot, Wording, read_wording
from rules.yaml_source import Document, Path, significant

_OF_COUPON: Mapping[str, FactType] = {
    "coupon_code": FactType.STRING,
    "coupon_until": FactType.STRING,
    "coupon_percent": FactType.INT,
    "coupon_amount": FactType.INT,
    "currency": FactType.STRING,
}
"""Slots that a coupon fills: its code, its last day (a date), what it takes off."""


def given_by_coupon(terms: ActionTerms) -> tuple[str, ...]:
    """The slots that the coupon of an action fills."""
    if not terms.coupon:
        return ()
    takes_off = "coupon_percent" if terms.coupon.percent else "coupon_amount"
    return ("coupon_code", "coupon_until", takes_off, *(("currency",) if terms.coupon.currency else ()))


class TextChecker:
    """The texts and words of all files."""

    def __init__(self, defaults: Defaults, shapes: list[tuple[Document, RuleFile]], problems: list[Problem]) -> None:
        self._defaults = defaults
        self._problems = problems
        self.words: dict[str, dict[str, str]] = {}
        self._texts: dict[str, tuple[Document, Text]] = {}
        for document, shape in shapes:
            for name, spoken in shape.words.items():
                self._once(document, ("words", name), name in self.words)
                self.words[name] = {language.lower(): word for language, word in spoken.items()}
            for name, variants in shape.texts.items():
                self._once(document, ("texts", name), name in self._texts)
                self._texts[name] = (document, self._read(document, name, variants))

    def text(self, document: Document, path: Path, terms: ActionTerms, values: dict[str, Expression]) -> Text | None:
        """The text of an action, if all its languages can be filled in with these values."""
        if terms.text not in self._texts:
            fix = nearest(terms.text, self._texts) or "write it under texts:"
            self._problems.append(document.problem((*path, "text"), f"there is no text {terms.text!r}", fix))
            return None
        home, text = self._texts[terms.text]
        before = len(self._problems)
        self._languages(home, text)
        for locale, wordings in text.variants.items():
            for number, wording in enumerate(wordings):
                last = number == len(wordings) - 1
                for slot in wording.slots:
                    said = self._wrong(slot, locale, terms, values, last)
                    if said:
                        place: Path = ("texts", text.name, text.locales[locale], number)
                        offset, length = significant(wording.text, slot.at), slot.length
                        self._problems.append(home.problem(place, *said, offset=offset, length=length))
        return text if len(self._problems) == before else None

    def _read(self, document: Document, name: str, variants: Mapping[str, tuple[str, ...]]) -> Text:
        read: dict[str, tuple[Wording, ...]] = {}
        for locale, texts in variants.items():
            wordings = []
            for number, text in enumerate(texts):
                try:
                    wordings.append(read_wording(text))
                except BadWording as bad:
                    path: Path = ("texts", name, locale, number)
                    offset = significant(text, bad.at)
                    problem = document.problem(path, bad.message, bad.fix, offset=offset, length=bad.length)
                    self._problems.append(problem)
            read[locale.lower()] = tuple(wordings)
        return Text(name, read, {locale.lower(): locale for locale in variants})

    def _languages(self, home: Document, text: Text) -> None:
        language = self._defaults.place.locale.split("-")[0].lower()
        if not any(locale.split("-")[0] == language for locale in text.variants):
            message = f"text {text.name!r} is not there in {language!r}, the store's own language"
            self._problems.append(home.problem(("texts", text.name), message, f"add {language}: ...", key=True))

    def _wrong(
        self, slot: Slot, locale: str, terms: ActionTerms, values: dict[str, Expression], last: bool
    ) -> tuple[str, str] | None:
        kind = _kind(slot.name, terms, values)
        if kind is None:
            known = [*values, *given_by_coupon(terms)]
            fix = (
                nearest(slot.name, known) or f"add it to values: of the action; there are {', '.join(known) or 'none'}"
            )
            return f"{{{slot.name}}} has no value in an action that uses this text", fix
        form = slot.format or "text"
        if kind not in FORMATS[form].kinds:
            takes = " or ".join(FORMATS[form].kinds)
            return f"{{{slot.name}:{form}}} needs {takes}, not {kind}", "take another format or value"
        if form == "money" and _kind("currency", terms, values) is None:
            return f"{{{slot.name}:money}} needs to know the currency", "add currency: to values: of the action"
        fact = _single_fact(values.get(slot.name))
        if last and fact and fact.optional:
            fix = "make it a list of texts, of which the last does without"
            return f"{{{slot.name}}} is not known of everybody ({fact.name})", fix
        return self._wordless(slot, locale, fact) if form == "word" else None

    def _wordless(self, slot: Slot, locale: str, fact: Fact | None) -> tuple[str, str] | None:
        language = locale.split("-")[0]
        for choice in fact.choices(self._defaults) if fact else ():
            if language not in self.words.get(choice, {}):
                fix = f"add {choice}: {{{language}: ...}} to words:"
                return f"{{{slot.name}:word}} may be {choice!r}, for which {language!r} has no word", fix
        return None

    def _once(self, document: Document, path: Path, known: bool) -> None:
        if known:
            message = f"{path[-1]!r} stands in another file already"
            self._problems.append(document.problem(path, message, "keep one of the two", key=True))


def _kind(name: str, terms: ActionTerms, values: dict[str, Expression]) -> FactType | None:
    if name in values:
        return values[name].kind
    return _OF_COUPON[name] if name in given_by_coupon(terms) else None


def _single_fact(value: Expression | None) -> Fact | None:
    return FACTS.get(value.text.strip()) if value else None
