"""The contracts as one AsyncAPI 3.0 document: which messages travel on which topics, and in which direction."""

from __future__ import annotations

from typing import Any

from schemas.contracts import MessageKind, components, message_kinds
from schemas.ledgers import PublishedLedger, ledgers

_READ = "Events that tend reads. Records are keyed by customer id; the partition is murmur2 of the key, as in Java."
_WRITTEN = "Actions that tend writes, once per action id for a `read_committed` reader. Records are keyed by customer."

_BINDING = "0.5.0"
_KEY = {"type": "string", "description": "The customer's id, as it stands in the body."}
_PARTITIONER = "murmur2, as Kafka's own clients in Java; librdkafka calls it murmur2_random"
_SERVER = {
    "host": "{brokers}",
    "protocol": "kafka",
    "description": "The brokers of the installation, as TEND_BROKERS names them.",
    "variables": {"brokers": {"default": "127.0.0.1:9092", "description": "host:port, several by comma"}},
}


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
        "servers": {"kafka": _SERVER},
        "channels": {topic: _channel(topic, family, found) for topic, family in topics}
        | {one.topic: _ledger_channel(one) for one in ledgers()},
        "operations": dict(_operation(topic, family, found) for topic, family in topics)
        | dict(map(_ledger_operation, ledgers())),
        "components": {
            "messages": {_message_id(kind): _message(kind) for kind in found}
            | {_ledger_id(one): _ledger_message(one) for one in ledgers()},
            "schemas": components() | {_ledger_id(one): one.schema for one in ledgers()},
        },
    }


def _channel(topic: str, family: str, found: list[MessageKind]) -> dict[str, Any]:
    return {
        "address": topic,
        "description": _READ if family == "events" else _WRITTEN,
        "servers": [{"$ref": "#/servers/kafka"}],
        "bindings": {"kafka": {"topic": topic, "bindingVersion": _BINDING}},
        "x-partitioner": _PARTITIONER,
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
        "bindings": {"kafka": {"bindingVersion": _BINDING}},
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
        "headers": _headers(kind),
        "bindings": {"kafka": {"key": _KEY, "bindingVersion": _BINDING}},
        "payload": {"$ref": f"#/components/schemas/{kind.model.__name__}"},
    }


def _headers(kind: MessageKind) -> dict[str, Any]:
    """CloudEvents 1.0 in Kafka's binary mode: tend writes all of them, and asks for none."""
    written = kind.family == "actions"
    told = {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "The action's id." if written else "The event's id."},
        "ce_type": {"type": "string", "const": f"care.{kind.name}" if written else kind.name},
        "ce_source": {"type": "string", "description": "Who wrote it.", "examples": ["tend"]},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {"type": "string", "const": "application/json"},
    }
    return {"type": "object", "properties": told, "required": sorted(told) if written else []}


def _ledger_id(ledger: PublishedLedger) -> str:
    return f"ledger.{ledger.name}"


def _ledger_channel(ledger: PublishedLedger) -> dict[str, Any]:
    return {
        "address": ledger.topic,
        "description": f"Written by tend alone. {ledger.meaning}",
        "servers": [{"$ref": "#/servers/kafka"}],
        "bindings": {"kafka": {"topic": ledger.topic, "bindingVersion": _BINDING}},
        "x-partitioner": _PARTITIONER,
        "messages": {_ledger_id(ledger): {"$ref": f"#/components/messages/{_ledger_id(ledger)}"}},
    }


def _ledger_operation(ledger: PublishedLedger) -> tuple[str, dict[str, Any]]:
    return f"send.{ledger.topic}", {
        "action": "send",
        "channel": {"$ref": f"#/channels/{ledger.topic}"},
        "bindings": {"kafka": {"bindingVersion": _BINDING}},
        "messages": [{"$ref": f"#/channels/{ledger.topic}/messages/{_ledger_id(ledger)}"}],
    }


def _ledger_message(ledger: PublishedLedger) -> dict[str, Any]:
    return {
        "name": ledger.name,
        "summary": ledger.meaning,
        "contentType": "application/json",
        "examples": [{"name": ledger.name, "payload": ledger.example}],
        "headers": {"type": "object", "properties": ledger.headers},
        "bindings": {"kafka": {"key": {"type": "string", "description": ledger.key}, "bindingVersion": _BINDING}},
        "payload": {"$ref": f"#/components/schemas/{_ledger_id(ledger)}"},
    }
