"""Templates in Liquid, strict: what a template asks for is known when it is loaded, and a missing value is an error.

Of Liquid's language there is what texts need: ``{{ order.id }}``, ``{% if %}``, ``{% unless %}``, ``{% case %}`` and
the filter ``plural``. Nothing assigns, loops, includes or reaches anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final

from liquid import Environment, StrictUndefined
from liquid.exceptions import LiquidError

from rules.templates.plain import Part, filled, parts_of
from rules.templates.shown import Audience, Missing, Shown, plural

LIMIT: Final = 20_000
"""Bytes that a template may become."""
_SURELY_WITHIN: Final = LIMIT // 4
"""Characters that are within it, whatever they are."""
_WITHOUT: Final = frozenset(
    (
        "assign",
        "break",
        "capture",
        "continue",
        "cycle",
        "decrement",
        "doc",
        "echo",
        "for",
        "ifchanged",
        "include",
        "increment",
        "inline comment",
        "liquid",
        "render",
        "tablerow",
        "#",
    )
)
_FIX: Final = (
    "values are written in the reader's format; tags are if, unless, case, and the filter plural: 'day', 'days'"
)
_LIQUID: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_FOREIGN: Final = (
    (re.compile(r"\{\{\{\s*([\w.]+)\s*\}\}\}"), "Handlebars"),
    (re.compile(r"\*\|\s*([\w:]+)\s*\|\*"), "Mailchimp"),
    (re.compile(r"%%\s*([\w.]+)\s*%%"), "Salesforce"),
    (re.compile(r"(?<![\w%])%([A-Za-z_][\w.]*)%(?!\w)"), "Klaviyo or Brevo of old"),
    (re.compile(r"\[\[\s*([\w.]+)\s*\]\]"), "Mautic"),
    (re.compile(r"\$\{\s*([\w.]+)\s*\}"), "shell or Java"),
    (re.compile(r"#\{\s*([\w.]+)\s*\}"), "Ruby"),
    (re.compile(r"<%=?\s*([\w.]+)\s*%>"), "ERB"),
    (re.compile(r"\{\s*([A-Za-z_][\w.]*)(?::\w+)?\s*\}"), "str.format"),
)
"""What merge tags of other systems look like, and whose they are."""


class BadLiquid(ValueError):
    """A template that cannot be read: ``at`` is the index of the culprit in it, ``length`` its characters."""

    def __init__(self, message: str, fix: str, at: int = 0, length: int = 0) -> None:
        super().__init__(message)
        self.message, self.fix, self.at, self.length = message, fix, at, length


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that a template asks for."""

    name: str
    """Dotted, ``order.promised_on``."""
    at: int
    length: int


class Values:
    """What templates are filled in with, by dotted name."""

    def __init__(self, by_name: Mapping[str, Shown]) -> None:
        self.by_name = by_name

    @cached_property
    def nested(self) -> dict[str, Any]:
        """The same as the nested mapping that Liquid walks."""
        tree: dict[str, Any] = {}
        for name, value in self.by_name.items():
            *above, last = name.split(".")
            branch = tree
            for part in above:
                branch = branch.setdefault(part, {})
            branch[last] = value
        return tree


@dataclass(frozen=True, slots=True)
class Liquid:
    """A template that was read."""

    source: str
    asked: tuple[Asked, ...]
    _template: Any = field(repr=False, compare=False)
    """None where there is nothing to fill in."""
    _parts: tuple[Part, ...] | None = field(default=None, repr=False, compare=False)
    """None where it takes Liquid to fill it in."""

    def fill(self, values: Values, reader: Audience) -> str:
        """The text with these values.

        Raises:
            Missing: a value is not known.
        """
        if self._template is None:
            return self.source
        return self._quickly(values) or self._by_liquid(values, reader)

    def _quickly(self, values: Values) -> str | None:
        """None where Liquid is to say it, or to say what is wrong."""
        if self._parts is None:
            return None
        try:
            told = filled(self._parts, values.by_name)
        except KeyError:
            return None
        return told if len(told) <= _SURELY_WITHIN else None

    def _by_liquid(self, values: Values, reader: Audience) -> str:
        try:
            told: str = self._template.render(values.nested, reader=reader)
        except LiquidError as error:
            raise Missing(f"{error.message} in {self.source!r}") from None
        return told


def read_liquid(source: str) -> Liquid:
    """The template.

    Raises:
        BadLiquid: it is not Liquid, uses what there is none of here, or is written for another system.
    """
    _refuse_foreign(source)
    if "{{" not in source and "{%" not in source:
        return Liquid(source, (), None)
    try:
        template = _environment().from_string(source)
        analysis = template.analyze()
    except LiquidError as error:
        raise _in_words(source, error) from None
    for name, spans in analysis.filters.items():
        if name != "plural":
            raise BadLiquid(f"there is no filter {name!r}", _FIX, spans[0].index, len(name))
    asked = [
        Asked(name, found.span.index, len(name))
        for several in analysis.globals.values()
        for found in several
        if (name := ".".join(str(part) for part in found.segments)) != "reader"
    ]
    return Liquid(source, tuple(sorted(asked, key=lambda one: one.at)), template, parts_of(template.nodes))


@cache
def _environment() -> Environment:
    environment = _Strict(undefined=StrictUndefined, strict_filters=True)
    environment.tags = {name: tag for name, tag in environment.tags.items() if name not in _WITHOUT}
    environment.filters = {"plural": _plural}
    return environment


class _Strict(Environment):
    output_stream_limit = LIMIT
    block_nesting_limit = 5


def _plural(count: Any, one: str, other: str = "", *, context: Any) -> str:
    value = count.__liquid__() if isinstance(count, Shown) else count
    if not isinstance(value, int | float):
        raise Missing("plural counts numbers")
    return plural(value, context.resolve("reader"), {"one": one, "other": other or one})


_plural.with_context = True  # type: ignore[attr-defined]  # how this library marks a filter that needs the context


def _refuse_foreign(source: str) -> None:
    bare = _LIQUID.sub(lambda found: found[0] if found[0].startswith("{{{") else " " * len(found[0]), source)
    for pattern, whose in _FOREIGN:
        found = pattern.search(bare)
        if found:
            message = f"{found[0]!r} is a merge tag of another system ({whose}); the customer would read it as it is"
            raise BadLiquid(
                message, "write {{ fact.name }}; `tend rules facts` lists all facts", found.start(), len(found[0])
            )


def _in_words(source: str, error: LiquidError) -> BadLiquid:
    at = error.token.start_index if error.token is not None and error.token.start_index >= 0 else 0
    message = str(error.message or error).split("\n")[0]
    return BadLiquid(message, _FIX, min(at, len(source)), 0)
