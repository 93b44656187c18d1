"""The one way in: whatever wants to change a customer becomes an event here, or is refused with the field named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from agents.access.authority import Actor
from agents.access.identity import AccessKeys, normalised
from schemas.customers import OWN_KINDS
from schemas.events import MAX_BYTES, AnyEvent, Invalid, encode_event, receive_event, was_mended
from schemas.ids import partition_of
from schemas.topics import TOPIC_OF

_IDS: Final = ("customer", "into")
"""Fields that name a customer."""
_NORMALISED: Final = ("email", "phone")
"""Fields whose value is brought into one form before it is checked."""


class Admitted(NamedTuple):
    """An event as it goes to its topic."""

    topic: str
    partition: int
    key: bytes
    body: bytes
    event: AnyEvent
    """Its fields; not the model of it."""


def admit(told: Mapping[str, Any] | bytes, *, actor: Actor, source: str, keys: AccessKeys, partitions: int) -> Admitted:
    """The event in what a door was told: ids mapped, values normalised, checked, and encoded for its topic.

    Args:
        told: the event in the contract's own words, as JSON or as what JSON becomes.
        actor: who says so; what stands in the event itself does not count.
        source: the door, and the system behind it: ``console``, ``import:orders``, ``shopify``.
        keys: of the installation.
        partitions: of each topic that is keyed by customer.

    Raises:
        Invalid: it is no event of the contract. The message names the field and what was expected, never the value.
    """
    plain = {**_opened(told), "actor": actor.text, "source": source}
    for field in _IDS:
        if isinstance(plain.get(field), str):
            plain[field] = _mapped(field, plain[field], keys)
    for field in _NORMALISED:
        if isinstance(plain.get(field), str) and plain[field]:
            plain[field] = normalised(field, plain[field])
    try:
        written = orjson.dumps(plain)
    except TypeError as error:  # orjson refuses what JSON does not have
        raise Invalid("wrong_json", "", f"{error}") from None
    event = receive_event(written)
    if event.type in OWN_KINDS:
        raise Invalid("unknown_type", "type", f"{event.type} is written by tend itself")
    partition = partition_of(event.customer, partitions)
    # Where all of it was taken as it stands, that is the event; writing it anew would cost as much as checking it.
    body = encode_event(event) if was_mended(event) else written
    return Admitted(TOPIC_OF[event.type], partition, event.customer.encode(), body, event)


def _mapped(field: str, customer: str, keys: AccessKeys) -> str:
    try:
        return keys.customer_of(customer)
    except ValueError as problem:
        raise Invalid("wrong_field", field, str(problem)) from None


def _opened(told: Mapping[str, Any] | bytes) -> Mapping[str, Any]:
    if not isinstance(told, bytes):
        return told
    if len(told) > MAX_BYTES:
        raise Invalid("too_long", "", f"{len(told)} bytes; at most {MAX_BYTES} are accepted")
    try:
        plain = orjson.loads(told)
    except orjson.JSONDecodeError as error:
        raise Invalid("wrong_json", "", f"not JSON: {error}") from None
    if not isinstance(plain, dict):
        raise Invalid("wrong_json", "", "expected a JSON object")
    return plain
