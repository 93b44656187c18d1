"""Texts and words, checked against the actions that use them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.defaults import Defaults
from rules.expression import Expression
from rules.fact_types import FactType
from rules.facts import Fact, known_facts
from rules.language import BadExpression, compile_expression
from rules.messages.asked import BRAND, COUPON, LINKS
from rules.problems import Problem, nearest
from rules.reading.yaml_source import Document, Path, significant
from rules.rule import Text
from rules.schema import ActionTerms, RuleFile
from rules.templates.liquid import Asked, BadLiquid, Liquid, read_liquid
from rules.texts.script import NAME, NAMED_SUBJECT, Place, Script, places
from rules.texts.spoken import Spoken

_WORDLESS = (FactType.STRINGS,)


class TextChecker:
    """The texts and words of all files."""

    def __init__(self, defaults: Defaults, shapes: list[tuple[Document, RuleFile]], problems: list[Problem]) -> None:
        self._defaults = defaults
        self._problems = problems
        self.words: dict[str, dict[str, str]] = {}
        self._texts: dict[str, tuple[Document, Text]] = {}
        self._listed: set[tuple[str, str]] = set()
        self._broken: set[str] = set()
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
        self._unused(document, path, text, values)
        for locale, scripts in text.variants.items():
            for number, script in enumerate(scripts):
                self._script(home, text, locale, number, script, terms, values)
        return text if len(self._problems) == before else None

    def _script(
        self, home: Document, text: Text, locale: str, number: int, script: Script, terms: ActionTerms,
        values: dict[str, Expression],
    ) -> None:  # fmt: skip
        last = number == len(text.variants[locale]) - 1
        for place, template in script.templates.items():
            for asked in template.asked:
                said = self._wrong(asked, template, place, locale, terms, values, last)
                if said:
                    where = self._place(home, text, locale, number, place)
                    offset = significant(template.source, asked.at)
                    self._problems.append(home.problem(where, *said, offset=offset, length=asked.length))
        missing = _lacking(script.spoken, terms)
        if missing:
            where = self._place(home, text, locale, number, ())
            self._problems.append(home.problem(where, *missing))

    def _read(self, document: Document, name: str, variants: Mapping[str, tuple[Spoken, ...]]) -> Text:
        read: dict[str, tuple[Script, ...]] = {}
        given = document.data["texts"][name]
        for locale, texts in variants.items():
            if isinstance(given[locale], list):
                self._listed.add((name, locale.lower()))
            scripts = []
            for number, spoken in enumerate(texts):
                where: Path = ("texts", name, locale, *((number,) if isinstance(given[locale], list) else ()))
                script = self._templates(document, where, spoken)
                if script:
                    scripts.append(script)
                else:
                    self._broken.add(name)
            read[locale.lower()] = tuple(scripts)
        return Text(name, read, {locale.lower(): locale for locale in variants})

    def _templates(self, document: Document, where: Path, spoken: Spoken) -> Script | None:
        when, templates, before = None, {}, len(self._problems)
        if spoken.when is not None:
            try:
                when = compile_expression(spoken.when, FactType.BOOL)
            except BadExpression as bad:
                self._problems.append(document.problem((*where, "when"), bad.message, bad.fix))
        for place, source in places(spoken):
            try:
                templates[place] = read_liquid(source)
            except BadLiquid as bad:
                exact = _exact(document, where, place)
                offset = significant(source, bad.at)
                self._problems.append(document.problem(exact, bad.message, bad.fix, offset=offset, length=bad.length))
            if spoken.plain:
                # One string stands for all: it is read, and told of, once.
                templates = dict.fromkeys((("subject",), ("sms",)), *templates.values()) if templates else {}
                break
        return Script(spoken, when, templates) if len(self._problems) == before else None

    def _place(self, home: Document, text: Text, locale: str, number: int, place: Place) -> Path:
        listed = (text.name, locale) in self._listed
        where: Path = ("texts", text.name, text.locales[locale], *((number,) if listed else ()))
        return _exact(home, where, place)

    def _languages(self, home: Document, text: Text) -> None:
        language = self._defaults.place.locale.split("-")[0].lower()
        if not any(locale.split("-")[0] == language for locale in text.variants):
            message = f"text {text.name!r} is not there in {language!r}, the store's own language"
            self._problems.append(home.problem(("texts", text.name), message, f"add {language}: ...", key=True))

    def _unused(self, document: Document, path: Path, text: Text, values: dict[str, Expression]) -> None:
        asked = {name for scripts in text.variants.values() for script in scripts for name in script.asks}
        for name, value in values.items():
            personal = next((fact for fact in value.uses if known_facts()[fact].personal), None)
            place: Path = (*path, "values", name)
            if personal:
                fix = "name and address come last: write {{ customer.name }} under named:, or ask profile.has_name"
                message = f"{personal} is personal and would stand in the action"
                self._problems.append(document.problem(place, message, fix))
            elif name not in asked and text.name not in self._broken:
                fix = f"write {{{{ {name} }}}} where it belongs in the text, or remove it"
                self._problems.append(document.problem(place, f"no text uses the value {name!r}", fix, key=True))

    def _wrong(
        self, asked: Asked, template: Liquid, place: Place, locale: str, terms: ActionTerms,
        values: dict[str, Expression], last: bool,
    ) -> tuple[str, str] | None:  # fmt: skip
        name = asked.name
        if name == NAME:
            fix = "write a subject without it, and one with it under named:"
            return None if place == NAMED_SUBJECT else (f"{name} may stand under named: only", fix)
        if name in values or name in BRAND or name in LINKS or name in COUPON or (name == "due" and terms.due):
            return None
        fact = known_facts().get(name)
        if fact is None:
            fix = nearest(name, [*known_facts(), *values, *BRAND, *LINKS, *COUPON]) or (
                f"take a fact of `tend rules facts`, or add {name}: to values: of the action"
            )
            return f"there is no {name!r} to fill in", fix
        return self._wrong_fact(fact, asked, template, locale, last)

    def _wrong_fact(
        self, fact: Fact, asked: Asked, template: Liquid, locale: str, last: bool
    ) -> tuple[str, str] | None:
        name = asked.name
        if fact.personal:
            return f"{name} is personal and would stand in the action", "say it without, or with {{ customer.name }}"
        if fact.kind in _WORDLESS:
            return f"{name} is a list", "make a text of it under values:"
        if _is_shown(template, asked):
            if last and fact.optional and not _asked_before(template, asked):
                fix = f"write {{% if {name} %}} around it, or a last variant without"
                return f"{name} is not known of everybody", fix
            return self._wordless(fact, locale)
        return None

    def _wordless(self, fact: Fact, locale: str) -> tuple[str, str] | None:
        language = locale.split("-")[0]
        for choice in fact.choices(self._defaults):
            if language not in self.words.get(choice, {}):
                fix = f"add {choice}: {{{language}: ...}} to words:"
                return f"{fact.name} may be {choice!r}, for which {language!r} has no word", fix
        return None

    def _once(self, document: Document, path: Path, known: bool) -> None:
        if known:
            message = f"{path[-1]!r} stands in another file already"
            self._problems.append(document.problem(path, message, "keep one of the two", key=True))


def _exact(document: Document, where: Path, place: Place) -> Path:
    """The place in the file: lists of one may be written without brackets."""
    path = where
    for step in place:
        if isinstance(step, int) and (*path, step) not in document.values:
            continue
        path = (*path, step)
    return path


def _lacking(spoken: Spoken, terms: ActionTerms) -> tuple[str, str] | None:
    """What a channel of the action needs and the text has not."""
    if "sms" in terms.channels and spoken.sms is None:
        return "the action goes by sms, and this text has no sms:", "add sms: with the whole SMS, or remove the channel"
    return None


def _is_shown(template: Liquid, asked: Asked) -> bool:
    """Whether it is written out, rather than asked in a condition."""
    return template.source.rfind("{{", 0, asked.at) > template.source.rfind("{%", 0, asked.at)


def _asked_before(template: Liquid, asked: Asked) -> bool:
    return any(one.name == asked.name and one.at < asked.at and not _is_shown(template, one) for one in template.asked)
