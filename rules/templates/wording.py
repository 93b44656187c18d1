"""Texts with slots for the store's own use, such as ``cart of {cart.value:money} left``: occasions, reasons, queues.

The engine is a subset of ``str.format``, and on purpose no more: a name, and how to show it. So everything that a text
needs is known when it is loaded, and no text can compute or reach anything. A slot without a value is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.problems import nearest
from rules.templates.formats import FORMATS

Values = Mapping[str, str | int | float | bool]

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_SLOT = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)(?::([a-z]+))?")


class BadWording(ValueError):
    """A text with a slot that cannot be read: ``at`` is its index in the text."""

    def __init__(self, message: str, fix: str, at: int, length: int) -> None:
        super().__init__(message)
        self.message, self.fix, self.at, self.length = message, fix, at, length


class MissingValue(ValueError):
    """A slot has no value, or an empty one."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a text that a value goes to."""

    name: str
    format: str = ""
    at: int = 0
    """Its index in the text."""
    length: int = 0
    """Its characters in the text, braces included."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that was checked."""

    text: str
    parts: tuple[str | Slot, ...]
    slots: tuple[Slot, ...] = field(init=False)
    """Its slots, in order."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", tuple(part for part in self.parts if isinstance(part, Slot)))

    def fill(self, values: Values) -> str:
        """The text with its slots filled in.

        Raises:
            MissingValue: a slot has no value, or an empty one.
        """
        return "".join(part if isinstance(part, str) else _show(part, values) for part in self.parts)


def read_wording(text: str) -> Wording:
    """The text, taken apart.

    Raises:
        BadWording: a brace is alone, or a slot is not ``{name}`` or ``{name:format}``.
    """
    parts: list[str | Slot] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(text[end : token.start()])
        parts.append(token[0][0] if token[0] in ("{{", "}}") else _slot(token))
        end = token.end()
    parts.append(text[end:])
    return Wording(text, tuple(part for part in parts if part != ""))


def _slot(token: re.Match[str]) -> Slot:
    found = _SLOT.fullmatch(token[1]) if token[1] is not None else None
    if not found:
        fix = "write {name} or {name:format}, and {{ or }} for a brace"
        raise BadWording(f"{token[0]!r} is no slot", fix, token.start(), len(token[0]))
    if found[2] and found[2] not in FORMATS:
        fix = nearest(found[2], FORMATS) or f"formats are {', '.join(FORMATS)}"
        raise BadWording(f"there is no format {found[2]!r}", fix, token.start(), len(token[0]))
    return Slot(found[1], found[2] or "", token.start(), len(token[0]))


def _show(slot: Slot, values: Values) -> str:
    value = values.get(slot.name, "")
    if value == "":
        raise MissingValue(f"no value for {{{slot.name}}}")
    try:
        shown = FORMATS[slot.format or "text"].show(value, values)
    except (KeyError, ValueError, TypeError) as error:
        raise MissingValue(f"{value!r} cannot be shown in {{{slot.name}:{slot.format}}}: {error}") from None
    if not shown:
        raise MissingValue(f"no value for {{{slot.name}}}")
    return shown
