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
class *contact* are what a customer can be found or addressed by, and their own words; those of class *life* tell of
their life with the store.

Generated from `schemas/` by `make docs`; the JSON Schemas are in [schemas/events](schemas/events), all of them in one
AsyncAPI document in [asyncapi.json](asyncapi.json), as a page in [contracts.html](contracts.html).
"""
_ACTIONS = """\
# Actions

What tend tells senders and desks, kind by kind. A message is JSON and its key is the customer id. An `action_id` is
written once for a reader with `isolation.level=read_committed`; use it as idempotency key all the same. Ignore fields
that you do not know: later versions may add some.

No action holds a name, an address or words of a customer's own: all of its fields are of class *life*, and what is of
class *contact* is asked for by the action's id at the moment of sending. What else tend writes (decisions, the audit
trail, dead letters) has its classes in [asyncapi.json](asyncapi.json); a dead letter is another's record as it lay, and
so of class *contact*.

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
    yield from fields_table(schema, schema)
    yield from ("", "```json", json.dumps(kind.example, indent=2, ensure_ascii=False), "```", "")


def fields_table(schema: Mapping[str, Any], document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The fields of an object as a table: type, class, meaning; objects within it are looked up in ``document``."""
    if not prefix:
        yield from ("| field | | type | class | meaning |", "|---|---|---|---|---|")
    for name, field in schema["properties"].items():
        needed = "required" if name in schema.get("required", ()) else ""
        meaning = _cell(field.get("description", ""))
        inner = _object_inside(field, document)
        told = "" if inner is not None else class_of(field)
        yield f"| `{prefix}{name}` | {needed} | {_type(field, document)} | {told} | {meaning} |"
        if inner is not None:
            mark = "[]." if "items" in field else "."
            yield from fields_table(inner, document, f"{prefix}{name}{mark}")


def class_of(field: Any) -> str:
    """``contact`` where any part of a field's schema is, else ``life``; empty where it is told elsewhere."""
    told = set(_classes_in(field))
    return next((sort for sort in ("contact", "life") if sort in told), "")


def _classes_in(field: Any) -> Iterator[str]:
    if isinstance(field, dict):
        if isinstance(field.get(KEYWORD), str):
            yield field[KEYWORD]
        field = list(field.values())
    for part in field if isinstance(field, list) else ():
        yield from _classes_in(part)


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
