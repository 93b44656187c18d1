"""Every field of an event says what it tells of a customer."""

from __future__ import annotations

from typing import get_args

import pytest

from agents.rollups.rows import timeline_row
from schemas.contracts import message_kinds
from schemas.event import Event
from schemas.events import AnyEvent
from schemas.personal import CONTACT, LIFE, WORDS, classes_of

KINDS: tuple[type[Event], ...] = get_args(AnyEvent)
CONTACTS = {"name", "email", "phone", "birthday"}
TEXTS = {"text", "query", "note", "attributes", "fields", "life"}


@pytest.mark.parametrize("model", KINDS, ids=lambda model: model.__name__)
def test_no_field_is_without_a_class(model: type[Event]) -> None:
    assert [name for name, told in classes_of(model).items() if told is None] == []


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
