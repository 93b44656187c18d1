"""The contracts as one AsyncAPI 3.0 document: which messages travel on which topics, and in which direction."""

from __future__ import annotations

from typing import Any

from schemas.contracts import MessageKind, components, message_kinds

_READ = "Events that tend reads. Records are keyed by customer id; the partition is murmur2 of the key, as in Java."
_WRITTEN = "Actions that tend writes, once per action id for a `read_committed` reader. Records are keyed by customer."


def asyncapi() -> dict[str, Any]:
    """The whole document as plain data."""
    found = message_kinds()
    topics = sorted({(kind.topic, kind.family) for kind in found})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "tend",
            "version": "1",
            "description": "Storefront events in, care actions out. Money is in minor units with an ISO 4217 code; "
            "times are RFC 3339 with an offset; phone numbers E.164; languages BCP 47; zones IANA.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic: _channel(topic, family, found) for topic, family in topics},
        "operations": dict(_operation(topic, family, found) for topic, family in topics),
        "components": {
            "messages": {_message_id(kind): _message(kind) for kind in found},
            "schemas": components(),
        },
    }


def _channel(topic: str, family: str, found: list[MessageKind]) -> dict[str, Any]:
    return {
        "address": topic,
        "description": _READ if family == "events" else _WRITTEN,
        "messages": {
            _message_id(kind): {"$ref": f"#/components/messages/{_message_id(kind)}"}
            for kind in found
            if kind.topic == topic
        },
    }


def _operation(topic: str, family: str, found: list[MessageKind]) -> tuple[str, dict[str, Any]]:
    action = "receive" if family == "events" else "send"
    return f"{action}.{topic}", {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [
            {"$ref": f"#/channels/{topic}/messages/{_message_id(kind)}"} for kind in found if kind.topic == topic
        ],
    }


def _message_id(kind: MessageKind) -> str:
    return kind.name if kind.family == "events" else f"action.{kind.name}"


def _message(kind: MessageKind) -> dict[str, Any]:
    return {
        "name": kind.name,
        "summary": kind.meaning,
        "contentType": "application/json",
        "examples": [{"name": kind.name, "payload": kind.example}],
        "payload": {"$ref": f"#/components/schemas/{kind.model.__name__}"},
    }
