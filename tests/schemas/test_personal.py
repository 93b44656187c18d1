"""Every field of what comes in and goes out says what it tells of a customer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from agents.rollups.rows import timeline_row
from schemas.actions import AnyAction
from schemas.asyncapi import asyncapi
from schemas.contracts import message_kinds
from schemas.event import Event
from schemas.events import AnyEvent
from schemas.ledgers import ledgers
from schemas.message import Message
from schemas.personal import CONTACT, LIFE, SAID, WORDS, Shape, classes_of

KINDS: tuple[type[Event], ...] = get_args(AnyEvent)
GOES_OUT: tuple[Shape, ...] = (*get_args(AnyAction), *(one.shape for one in ledgers() if one.shape))
CONTACTS = {"name", "email", "phone", "birthday"}
TEXTS = {"text", "query", "note", "attributes", "fields", "life"}


@pytest.mark.parametrize("model", [*KINDS, *GOES_OUT], ids=lambda model: model.__name__)
def test_no_field_is_without_a_class(model: Shape) -> None:
    assert [name for name, told in classes_of(model).items() if told is None] == []


@pytest.mark.parametrize("model", get_args(AnyAction), ids=lambda model: model.__name__)
def test_no_action_carries_a_name_an_address_or_a_customers_own_words(model: Shape) -> None:
    assert {told.sort for told in classes_of(model).values() if told} == {"life"}


def test_what_is_said_in_words_is_told_apart_from_what_is_counted() -> None:
    said = {name for model in get_args(AnyAction) for name, told in classes_of(model).items() if told == SAID}

    assert said == {"reason", "values", "text", "message"}
    assert classes_of(Message)["body"] == SAID


def test_in_the_audit_trail_only_the_words_of_whoever_did_it_may_say_anything() -> None:
    (trail,) = (one.shape for one in ledgers() if one.name == "audit" and one.shape)

    assert {name for name, told in classes_of(trail).items() if told != LIFE} == {"detail"}


def test_every_value_that_is_published_shows_its_class() -> None:
    bare = [
        path for name, schema in asyncapi()["components"]["schemas"].items() for path in without_class(schema, name)
    ]

    assert bare == []


def without_class(schema: Any, path: str) -> Iterator[str]:
    """Places in a schema that hold a value and say no class."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from without_class(part, f"{path}/{index}")
    if not isinstance(schema, dict) or "x-personal" in schema:
        return
    if schema.get("type") in ("string", "integer", "number", "boolean") or "enum" in schema or "const" in schema:
        yield path
    for keyword in ("properties", "$defs"):
        for name, part in schema.get(keyword, {}).items():
            yield from without_class(part, f"{path}/{name}")
    for keyword in ("items", "anyOf", "additionalProperties"):
        yield from without_class(schema.get(keyword), path)


def test_what_a_customer_is_found_by_and_their_own_words_are_contact_and_all_else_is_life() -> None:
    found = {(name, told) for model in KINDS for name, told in classes_of(model).items()}

    assert {name for name, told in found if told == CONTACT} == CONTACTS
    assert {name for name, told in found if told == WORDS} == TEXTS
    assert {name for name, told in found if told == LIFE} & (CONTACTS | TEXTS) == {"name"}, "the name of an event"


def test_the_published_contracts_show_it() -> None:
    registered = next(kind for kind in message_kinds() if kind.name == "customer.registered").schema()

    told = registered["properties"]["email"]["anyOf"][0]
    assert told["x-personal"] == "contact"


def test_a_timeline_says_of_contact_only_that_it_was_told() -> None:
    row = timeline_row({"name": "Ada", "birthday": "1985-12-10", "zone": "Europe/Lisbon"}, "customer.updated", 0)

    assert b"Ada" not in row
    assert b"1985" not in row
