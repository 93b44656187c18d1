"""The published contracts as data: each kind of event and action with its model, topic and JSON Schema."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Literal, get_args

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from schemas.actions import AnyAction
from schemas.event import Contract
from schemas.events import AnyEvent
from schemas.examples import example
from schemas.personal import KEYWORD, LIFE
from schemas.topics import ACTION_TOPICS, TOPIC_OF

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMPONENTS = "#/components/schemas/{model}"
_LIFE_BY_THEMSELVES = ("integer", "number", "boolean")
"""Types that need no class beside them, as closed lists do not."""
_Family = Literal["events", "actions"]


@dataclass(frozen=True)
class MessageKind:
    """One kind of message: an event that others write, or an action that tend writes."""

    name: str
    family: _Family
    topic: str
    model: type[Contract]

    @property
    def meaning(self) -> str:
        """What it says, in one sentence or two."""
        return plain(getdoc(self.model) or "")

    @property
    def tag(self) -> str:
        """The field that names the kind."""
        return "type" if self.family == "events" else "kind"

    @property
    def example(self) -> dict[str, Any]:
        """One message of this kind."""
        return example(self.family, self.name)

    def schema(self) -> dict[str, Any]:
        """Its JSON Schema, complete in itself."""
        return {"$schema": DIALECT, **_as_published(self, self.model.model_json_schema(schema_generator=_Generator))}


def message_kinds() -> list[MessageKind]:
    """All kinds of messages, events first, each family by name."""
    events = [_kind(model, "events", "type", TOPIC_OF) for model in get_args(AnyEvent)]
    actions = [_kind(model, "actions", "kind", ACTION_TOPICS) for model in get_args(AnyAction)]
    return [*sorted(events, key=lambda kind: kind.name), *sorted(actions, key=lambda kind: kind.name)]


def components() -> dict[str, Any]:
    """The JSON Schemas of all kinds and of what they share, by model name, for a document with ``components``."""
    schemas: dict[str, Any] = {}
    for kind in message_kinds():
        _, found = models_json_schema(
            [(kind.model, "validation")], ref_template=COMPONENTS, schema_generator=_Generator
        )
        shapes = found["$defs"]
        shapes[kind.model.__name__] = _as_published(kind, shapes[kind.model.__name__])
        schemas |= _edited(shapes, kind.family)
    return schemas


def plain(text: str) -> str:
    """A docstring as one line of Markdown."""
    return " ".join(text.replace("``", "`").split())


class _Generator(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:
        """Titles would only repeat the names of the fields."""
        return False


def _kind(model: type[Contract], family: _Family, tag: str, topics: dict[str, str]) -> MessageKind:
    name: str = model.model_fields[tag].default
    return MessageKind(name, family, topics[name], model)


def _as_published(kind: MessageKind, schema: dict[str, Any]) -> dict[str, Any]:
    # The models give the tag a default for the convenience of Python; on the wire it tells the kinds apart.
    edited: dict[str, Any] = _edited(schema, kind.family)
    return {**edited, "required": [*edited.get("required", ()), kind.tag]}


def _edited(schema: Any, family: _Family) -> Any:
    """The schema with its descriptions in Markdown and each value's class; open for readers of actions, whom new fields
    must not disturb."""
    if isinstance(schema, list):
        return [_edited(part, family) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = with_class({key: _edited(part, family) for key, part in schema.items()})
    if family == "actions" and kept.get("additionalProperties") is False:
        del kept["additionalProperties"]
    return kept


def with_class(schema: dict[str, Any]) -> dict[str, Any]:
    """One part of a schema with its class, where that needs no telling beside its type; its words in Markdown."""
    if KEYWORD not in schema and (schema.get("type") in _LIFE_BY_THEMSELVES or "enum" in schema or "const" in schema):
        schema[KEYWORD] = LIFE.sort
    if isinstance(schema.get("description"), str):
        schema["description"] = plain(schema["description"])
    return schema
