"""A text that was read: its templates, and everything that they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from rules import languages
from rules.expression import Expression
from rules.templates.liquid import Liquid, read_liquid
from rules.texts.spoken import Spoken

Place = tuple[str | int, ...]
"""Where in a text a template stands: ``("body", 0)``."""

NAME: Final = "customer.name"
"""Asked for in ``named`` alone: it is filled in by whoever sends."""
SUBJECT: Final[Place] = ("subject",)
NAMED_SUBJECT: Final[Place] = ("named", "subject")


@dataclass(frozen=True, slots=True)
class Script:
    """One variant of a text in one language."""

    spoken: Spoken
    when: Expression | None
    templates: dict[Place, Liquid]
    asks: frozenset[str] = field(init=False)
    """Everything that its templates ask for, by dotted name."""

    def __post_init__(self) -> None:
        asked = (one.name for template in self.templates.values() for one in template.asked)
        object.__setattr__(self, "asks", frozenset(asked))


def as_read(script: Script, key: str, locale: str) -> Script:
    """A script told under the key of a language, in the characters that readers of this locale write."""
    spoken = languages.as_read(script.spoken, key, locale)
    if spoken is script.spoken:
        return script
    return Script(spoken, script.when, {place: _read(source) for place, source in places(spoken)})


@lru_cache(maxsize=4_096)
def _read(source: str) -> Liquid:
    return read_liquid(source)


def places(spoken: Spoken) -> Iterator[tuple[Place, str]]:
    """Every template of a text with its place."""
    for part in ("subject", "preheader", "headline", "out", "small", "why", "sms", "push"):
        source = getattr(spoken, part)
        if source is not None:
            yield (part,), source
    for index, paragraph in enumerate(spoken.body):
        yield ("body", index), paragraph
    for index, button in enumerate(spoken.buttons):
        yield ("buttons", index, "label"), button.label
    if spoken.facts:
        yield ("facts", "caption"), spoken.facts.caption
        for label, value in spoken.facts.rows.items():
            yield ("facts", "rows", label), value
        for label, value in (spoken.facts.total or {}).items():
            yield ("facts", "total", label), value
    if spoken.named:
        yield NAMED_SUBJECT, spoken.named.subject
