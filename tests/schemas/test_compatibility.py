"""What a change of contract breaks, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schemas.compatibility import breaking_changes, breaking_for_readers

TEXT = {"type": "string", "maxLength": 10}
NUMBER = {"type": "integer", "minimum": 1, "maximum": 5}
COLOURS = {"type": "string", "enum": ["red", "green"]}


def shape(required: tuple[str, ...] = ("name",), **fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"name": TEXT, **fields},
        "required": list(required),
    }


def optional(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}], "default": None}


WIDER = {
    "an optional field is added": (shape(), shape(note=optional(TEXT))),
    "a field need no longer be told": (shape(), shape(required=())),
    "a text may be longer": (shape(note=TEXT), shape(note={"type": "string", "maxLength": 11})),
    "a text may have any length": (shape(note=TEXT), shape(note={"type": "string"})),
    "a number may be greater": (shape(stars=NUMBER), shape(stars={**NUMBER, "maximum": 10})),
    "a number may have a fraction": (shape(stars={"type": "integer"}), shape(stars={"type": "number"})),
    "there is one more value": (shape(hue=COLOURS), shape(hue={**COLOURS, "enum": ["red", "green", "blue"]})),
    "a field may be null": (shape(note=TEXT), shape(note=optional(TEXT))),
    "a description changes": (shape(note=TEXT), shape(note={**TEXT, "description": "what they said"})),
}

NARROWER = {
    "a field is removed": (shape(note=TEXT), shape(), "$.note"),
    "a required field is added": (shape(), shape(required=("name", "note"), note=TEXT), "$.note"),
    "a field becomes required": (shape(note=TEXT), shape(required=("name", "note"), note=TEXT), "$.note"),
    "a text must be shorter": (shape(note=TEXT), shape(note={**TEXT, "maxLength": 9}), "maxLength"),
    "a text gets a limit": (shape(note={"type": "string"}), shape(note=TEXT), "maxLength"),
    "a text must not be empty": (shape(note=TEXT), shape(note={**TEXT, "minLength": 1}), "minLength"),
    "a text gets a pattern": (shape(note=TEXT), shape(note={**TEXT, "pattern": "^a"}), "pattern"),
    "a number must be smaller": (shape(stars=NUMBER), shape(stars={**NUMBER, "maximum": 4}), "maximum"),
    "a number must be greater": (shape(stars=NUMBER), shape(stars={**NUMBER, "minimum": 2}), "minimum"),
    "a fraction is refused": (shape(stars={"type": "number"}), shape(stars={"type": "integer"}), "integer"),
    "the type changes": (shape(note=TEXT), shape(note=NUMBER), "integer"),
    "a value is taken away": (shape(hue=COLOURS), shape(hue={**COLOURS, "enum": ["red"]}), "'green'"),
    "values are closed": (shape(hue={"type": "string"}), shape(hue=COLOURS), "red, green"),
    "null is refused": (shape(note=optional(TEXT)), shape(note=TEXT), "null"),
    "a version replaces another": (shape(v={"const": 1}), shape(v={"const": 2}), "one of 2"),
    "lists must be shorter": (
        shape(tags={"type": "array", "items": TEXT, "maxItems": 5}),
        shape(tags={"type": "array", "items": TEXT, "maxItems": 4}),
        "maxItems",
    ),
    "members of lists narrow": (
        shape(tags={"type": "array", "items": TEXT}),
        shape(tags={"type": "array", "items": {**TEXT, "maxLength": 3}}),
        "$.tags[]",
    ),
    "values of a map narrow": (
        shape(values={"type": "object", "additionalProperties": TEXT}),
        shape(values={"type": "object", "additionalProperties": {**TEXT, "maxLength": 3}}),
        "$.values.*",
    ),
    "names of a map narrow": (
        shape(scores={"type": "object", "propertyNames": {"enum": ["price", "service"]}}),
        shape(scores={"type": "object", "propertyNames": {"enum": ["price"]}}),
        "'service'",
    ),
}

OTHER = {"a field is removed", "the type changes", "a version replaces another"}
"""What breaks both sides."""


@pytest.mark.parametrize("change", WIDER)
def test_a_contract_may_accept_more(change: str) -> None:
    old, new = WIDER[change]

    assert breaking_changes(old, new) == []


@pytest.mark.parametrize("change", NARROWER)
def test_a_contract_that_accepts_less_breaks_those_who_write_it(change: str) -> None:
    old, new, word = NARROWER[change]

    found = breaking_changes(old, new)

    assert len(found) == 1
    assert word in found[0]


@pytest.mark.parametrize("change", [name for name in NARROWER if name not in OTHER])
def test_what_narrows_what_we_write_does_not_disturb_readers(change: str) -> None:
    old, new, _ = NARROWER[change]

    assert breaking_for_readers(old, new) == []


@pytest.mark.parametrize("change", [name for name in WIDER if "added" not in name and "description" not in name])
def test_what_widens_what_we_write_surprises_readers(change: str) -> None:
    old, new = WIDER[change]

    assert breaking_for_readers(old, new) != []


def test_readers_miss_a_field_that_is_removed() -> None:
    assert breaking_for_readers(shape(note=optional(TEXT)), shape()) == [
        "$.note: now absent, while readers expect a field"
    ]


def test_readers_ignore_a_field_that_is_added() -> None:
    assert breaking_for_readers(shape(), shape(note=TEXT)) == []


def test_a_variant_that_is_gone_is_named() -> None:
    both = {"oneOf": [{"type": "string"}, {"type": "integer"}]}

    assert breaking_changes(both, {"oneOf": [{"type": "string"}]}) == ["$: was integer, now string"]


def test_references_are_followed_into_their_own_document() -> None:
    old = {"$ref": "#/$defs/Thing", "$defs": {"Thing": shape(note=TEXT)}}
    new = {"$ref": "#/$defs/Renamed", "$defs": {"Renamed": shape()}}

    assert breaking_changes(old, new) == ["$.note: was a field, now unknown"]


def test_a_shape_that_contains_itself_is_compared_once() -> None:
    def tree(limit: int) -> dict[str, Any]:
        branch = shape(children={"type": "array", "items": {"$ref": "#/$defs/Tree"}, "maxItems": limit})
        return {"$ref": "#/$defs/Tree", "$defs": {"Tree": branch}}

    assert breaking_changes(tree(2), tree(3)) == []
    assert breaking_changes(tree(3), tree(2)) == ["$.children: was maxItems 3, now maxItems 2"]


def test_the_same_narrowing_is_reported_wherever_it_stands() -> None:
    def document(limit: int) -> dict[str, Any]:
        note = {"$ref": "#/$defs/Note"}
        return {**shape(first=note, second=note), "$defs": {"Note": {**TEXT, "maxLength": limit}}}

    assert len(breaking_changes(document(10), document(9))) == 2
