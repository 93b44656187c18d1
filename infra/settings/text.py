"""Settings in words: what is wrong with one, and the table of all."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

_BASIC_NAMES: dict[Any, str] = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
}


def problem_in_words(problem: ErrorDetails, fields: Mapping[str, FieldInfo], prefix: str) -> str:
    """One validation error as a line: the variable, what is wrong, what is allowed. Never the value of a secret."""
    name = str(problem["loc"][0]) if problem["loc"] else ""
    said = problem["msg"].removeprefix("Value error, ")
    if not name:
        return said
    if name not in fields:
        near = difflib.get_close_matches(name, fields, n=1)
        return f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "; see the table of settings.")
    field = fields[name]
    # An address may carry a password before its @.
    hidden = _is_secret(field) or "@" in str(problem["input"])
    found = "" if hidden else f" Found {problem['input']!r}."
    return f"{prefix}{name.upper()} (in a file: {name}): {said}.{found} Expected: {allowed(field)}."


def unknown_names(given: Iterable[str], known: Sequence[str]) -> list[str]:
    """The given names that are not known, each as a line with the nearest known one."""
    lines = []
    for name in sorted(set(given) - set(known)):
        near = difflib.get_close_matches(name, known, n=1)
        lines.append(f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ""))
    return lines


def table_of(fields: Mapping[str, FieldInfo], prefix: str) -> str:
    """The fields as a Markdown table."""
    rows = ["| variable | default | allowed | meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        cells = (f"`{prefix}{name.upper()}`", _default(field), allowed(field), field.description or "")
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words: its type, its choices or its bounds."""
    kind = _without_none(field.annotation)
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is tuple:
        return f"{'whole numbers' if get_args(kind)[0] is int else 'texts'} by comma"
    name = _BASIC_NAMES.get(kind, "text")
    least = next((f"from {rule.ge}" for rule in field.metadata if hasattr(rule, "ge")), None)
    above = next((f"above {rule.gt}" for rule in field.metadata if hasattr(rule, "gt")), None)
    most = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    return f"{name} {least or above} to {most}" if least or above else name


def _without_none(kind: Any) -> Any:
    if get_origin(kind) in (Union, types.UnionType):
        return next(part for part in get_args(kind) if part is not type(None))
    return kind


def _is_secret(field: FieldInfo) -> bool:
    return _without_none(field.annotation) is SecretStr


def _default(field: FieldInfo) -> str:
    value = field.default
    if value in (None, "", ()):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"
