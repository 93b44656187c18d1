"""The contracts as tables for people, in Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.contracts import MessageKind, message_kinds
from schemas.personal import KEYWORD

_EVENTS = """\
# Events

What a store tells tend, kind by kind. A message is JSON, its key is the customer id, and its topic is given with each
kind. Sending an event again under the same `id` changes nothing. Fields that are not listed are refused. Fields of
class *contact* are what a customer can be found or addressed by, and their own words; all others tell of their life
with the store.

Generated from `schemas/` by `make docs`; the JSON Schemas are in [schemas/events](schemas/events), all of them in one
AsyncAPI document in [asyncapi.json](asyncapi.json), as a page in [contracts.html](contracts.html).
"""
_ACTIONS = """\
# Actions

What tend tells senders and desks, kind by kind. A message is JSON and its key is the customer id. An `action_id` is
written once for a reader with `isolation.level=read_committed`; use it as idempotency key all the same. Ignore fields
that you do not know: later versions may add some.

Generated from `schemas/` by `make docs`; the JSON Schemas are in [schemas/actions](schemas/actions).
"""


def events_page() -> str:
    """The page of all events."""
    return _page(_EVENTS, [kind for kind in message_kinds() if kind.family == "events"])


def actions_page() -> str:
    """The page of all actions."""
    return _page(_ACTIONS, [kind for kind in message_kinds() if kind.family == "actions"])


def _page(introduction: str, found: list[MessageKind]) -> str:
    return "\n".join([introduction, *_overview(found), *(line for kind in found for line in _section(kind))])


def _overview(found: list[MessageKind]) -> Iterator[str]:
    yield from ("| kind | topic | meaning |", "|---|---|---|")
    for kind in found:
        anchor = kind.name.replace(".", "")
        yield f"| [`{kind.name}`](#{anchor}) | `{kind.topic}` | {kind.meaning} |"
    yield ""


def _section(kind: MessageKind) -> Iterator[str]:
    schema = kind.schema()
    yield from (f"## {kind.name}", "", f"{kind.meaning} Topic: `{kind.topic}`.", "")
    yield from _fields(schema, schema)
    yield from ("", "```json", json.dumps(kind.example, indent=2, ensure_ascii=False), "```", "")


def _fields(schema: Mapping[str, Any], document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    if not prefix:
        yield from ("| field | | type | class | meaning |", "|---|---|---|---|---|")
    for name, field in schema["properties"].items():
        needed = "required" if name in schema.get("required", ()) else ""
        meaning = _cell(field.get("description", ""))
        yield f"| `{prefix}{name}` | {needed} | {_type(field, document)} | {_class(field)} | {meaning} |"
        inner = _object_inside(field, document)
        if inner is not None:
            mark = "[]." if "items" in field else "."
            yield from _fields(inner, document, f"{prefix}{name}{mark}")


def _class(field: Any) -> str:
    """``contact`` where any part of the field is."""
    parts = field if isinstance(field, list) else [field, *field.values()] if isinstance(field, dict) else []
    if any(isinstance(part, dict) and part.get(KEYWORD) == "contact" for part in parts):
        return "contact"
    inner = [part for part in parts if isinstance(part, dict | list) and part is not field]
    return next((found for part in inner if (found := _class(part))), "")


def _object_inside(field: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for candidate in (field, field.get("items", {}), *field.get("anyOf", ())):
        if "$ref" in candidate:
            definition: Mapping[str, Any] = document["$defs"][candidate["$ref"].rsplit("/", 1)[-1]]
            return definition if "properties" in definition else None
    return None


def _type(field: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        kept = [choice for choice in field["anyOf"] if choice.get("type") != "null"]
        return " or ".join(_type(choice, document) for choice in kept)
    if "$ref" in field:
        return "object"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_type(field['items'], document)}{_limits(field)}"
    named: str = "time" if field.get("format") == "date-time" else field["type"]
    return named + _limits(field)


def _limits(field: Mapping[str, Any]) -> str:
    low = next((field[word] for word in ("minimum", "minLength", "minItems") if word in field), None)
    high = next((field[word] for word in ("maximum", "maxLength", "maxItems") if word in field), None)
    pattern = f" `{_cell(field['pattern'])}`" if "pattern" in field else ""
    if low is None and high is None:
        return pattern
    return f" {'' if low is None else low}..{'' if high is None else high}{pattern}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
