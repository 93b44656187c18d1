"""An AsyncAPI document as HTML that needs nothing but itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, NamedTuple

from jinja2 import Environment, StrictUndefined

from schemas.contract_pages import class_of


class ContractField(NamedTuple):
    """One field of a message or header."""

    name: str
    kind: str
    required: bool
    sort: str
    """Its class: contact or life."""
    about: str


def page_of(document: Mapping[str, Any]) -> str:
    """The page: servers, then each topic with its messages, their headers, fields and an example."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = (resources.files("agents.contract_page") / "page.html").read_text(encoding="utf-8")
    channels = [_channel(name, channel, document) for name, channel in sorted(document["channels"].items())]
    page = environment.from_string(text).render(
        info=document["info"], servers=document["servers"], channels=channels, version=document["asyncapi"]
    )
    return page.rstrip() + "\n"


def _channel(name: str, channel: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    messages = [document["components"]["messages"][message] for message in sorted(channel["messages"])]
    action = next(one["action"] for one in document["operations"].values() if one["channel"]["$ref"].endswith(name))
    return {
        "name": name,
        "about": channel["description"],
        "direction": "tend reads" if action == "receive" else "tend writes",
        "partitioner": channel["x-partitioner"],
        "messages": [_message(message, document) for message in messages],
    }


def _message(message: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    schema = _found(message["payload"], document)
    return {
        "name": message["name"],
        "about": message["summary"],
        "key": message["bindings"]["kafka"]["key"]["description"],
        "fields": list(_fields(schema, document)),
        "headers": list(_fields(message["headers"], document)),
        "example": json.dumps(message["examples"][0]["payload"], indent=2, ensure_ascii=False),
    }


def _fields(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Iterable[ContractField]:
    required = set(schema.get("required", ()))
    for name, field in schema.get("properties", {}).items():
        about = str(field.get("description", ""))
        yield ContractField(name, _kind(field, document), name in required, class_of(field), about)


def _kind(field: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    if "const" in field:
        return json.dumps(field["const"])
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    for several in ("anyOf", "oneOf"):
        if several in field:
            return " or ".join(_kind(one, document) for one in field[several] if one.get("type") != "null")
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    kind = str(field.get("format") or field.get("type") or "any")
    return f"list of {_kind(field.get('items', {}), document)}" if kind == "array" else kind


def _found(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema["$ref"]).rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"][name]
    return found
