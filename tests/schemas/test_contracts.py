"""The published contracts: JSON Schema, AsyncAPI and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from schemas.actions import decode_action
from schemas.asyncapi import asyncapi
from schemas.contract_pages import actions_page, events_page
from schemas.contracts import MessageKind, message_kinds
from schemas.events import decode_event
from schemas.lane import KafkaRecord
from schemas.ledgers import PublishedLedger, ledgers
from schemas.personal import KEYWORD
from schemas.topics import ACTION_TOPICS, AUDIT, DEAD_LETTERS, DECISIONS, EVENT_TOPICS, MOVES
from streams.ingest import DeadLetter
from streams.outbox import MAX_BODY, MAX_KEY, Outbox

KINDS = message_kinds()
LEDGERS = (DECISIONS, MOVES, AUDIT, DEAD_LETTERS)
DRAFT_7 = {
    "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength",
    "minProperties", "minimum", "pattern", "properties", "propertyNames", "required", "title", "type",
}  # fmt: skip


def shapes_in(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    if not isinstance(schema, dict):
        return
    yield schema
    for keyword in ("properties", "$defs"):
        for inner in schema.get(keyword, {}).values():
            yield from shapes_in(inner)
    for inner in (schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ())):
        yield from shapes_in(inner)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
class TestEveryKind:
    def test_has_a_valid_schema_that_stands_alone(self, kind: MessageKind) -> None:
        schema = kind.schema()

        Draft202012Validator.check_schema(schema)
        assert all(
            shape["$ref"].removeprefix("#/$defs/") in schema["$defs"] for shape in shapes_in(schema) if "$ref" in shape
        )

    def test_must_name_its_kind(self, kind: MessageKind) -> None:
        schema = kind.schema()

        assert kind.tag in schema["required"]
        assert schema["properties"][kind.tag]["const"] == kind.name

    def test_says_what_it_means(self, kind: MessageKind) -> None:
        assert kind.meaning.endswith((".", "!", "?")), kind.meaning
        assert "``" not in str(kind.schema())

    def test_has_an_example_that_is_valid(self, kind: MessageKind) -> None:
        body = orjson.dumps(kind.example)

        told = decode_event(body) if kind.family == "events" else decode_action(body)
        assert type(told) is kind.model
        Draft202012Validator(kind.schema()).validate(kind.example)

    def test_bounds_every_text_list_and_map(self, kind: MessageKind) -> None:
        for shape in shapes_in(kind.schema()):
            kind_of_value = shape.get("type")
            if kind_of_value == "string" and not shape.keys() & {"const", "enum", "format"}:
                assert "maxLength" in shape or _is_bounded(shape.get("pattern", "")), shape
            if kind_of_value == "array":
                assert "maxItems" in shape, shape
            if kind_of_value == "object" and "properties" not in shape:
                assert "maxProperties" in shape, shape

    def test_is_closed_for_writers_and_open_for_readers(self, kind: MessageKind) -> None:
        closed = ["additionalProperties" in shape for shape in shapes_in(kind.schema()) if "properties" in shape]

        assert all(closed) if kind.family == "events" else not any(closed)


def _is_bounded(pattern: str) -> bool:
    inside_classes_removed = re.sub(r"\[[^\]]*\]", "", pattern)
    return (
        pattern.startswith("^")
        and pattern.endswith("$")
        and not re.search(r"[*+]|,\}", inside_classes_removed[1:].replace(r"\+", ""))
    )


class TestAsyncApi:
    def test_lists_each_topic_that_others_use(self) -> None:
        assert set(asyncapi()["channels"]) == {*EVENT_TOPICS, *ACTION_TOPICS.values(), *LEDGERS}

    def test_reads_events_and_sends_actions_and_its_ledgers(self) -> None:
        operations = asyncapi()["operations"].values()

        assert {one["channel"]["$ref"] for one in operations if one["action"] == "send"} == {
            f"#/channels/{topic}" for topic in (*ACTION_TOPICS.values(), *LEDGERS)
        }

    def test_holds_each_kind_once(self) -> None:
        assert len(asyncapi()["components"]["messages"]) == len(KINDS) + len(LEDGERS)

    def test_has_no_reference_that_leads_nowhere(self) -> None:
        document = asyncapi()
        references = re.findall(r"'\$ref': '#/([^']+)'", str(document))

        assert references
        for reference in references:
            target: Any = document
            for part in reference.split("/"):
                target = target[part]

    def test_uses_only_keywords_that_its_schema_dialect_knows(self) -> None:
        for schema in asyncapi()["components"]["schemas"].values():
            for shape in shapes_in(schema):
                assert shape.keys() <= DRAFT_7 | {KEYWORD}, "and an annotation of our own, as the dialect allows"

    def test_has_names_that_the_specification_allows(self) -> None:
        components = asyncapi()["components"]

        for name in (*components["messages"], *components["schemas"]):
            assert re.fullmatch(r"[A-Za-z0-9._-]+", name)


@pytest.mark.parametrize("ledger", ledgers(), ids=lambda ledger: ledger.name)
class TestLedgers:
    def test_have_an_example_that_is_valid(self, ledger: PublishedLedger) -> None:
        Draft202012Validator.check_schema(ledger.schema)
        Draft202012Validator(ledger.schema).validate(ledger.example)

    def test_say_what_each_field_means_that_its_name_does_not_tell(self, ledger: PublishedLedger) -> None:
        silent = {name for name, field in ledger.schema.get("properties", {}).items() if "description" not in field}

        assert silent <= {"action_id", "customer", "rule", "kind", "channel", "purpose", "verdict"}


def test_a_dead_letter_has_the_headers_that_are_published() -> None:
    (letter,) = (one for one in ledgers() if one.topic == DEAD_LETTERS)
    long = KafkaRecord("storefront.orders", 0, 7, 1, b"k" * (MAX_KEY + 1), b"x" * (MAX_BODY + 1))
    outbox = Outbox(0, 1, 0)
    outbox.dead_letter(DeadLetter(long, "wrong_json", "", "expected JSON"))
    (entry,) = outbox.entries

    assert {name for name, _ in entry.headers} == letter.headers.keys()


class TestTables:
    def test_have_a_section_for_each_kind_and_a_row_for_each_field(self) -> None:
        pages = {"events": events_page(), "actions": actions_page()}

        for kind in KINDS:
            section = pages[kind.family].split(f"\n## {kind.name}\n")[1].split("\n## ")[0]
            for name in kind.schema()["properties"]:
                assert f"| `{name}` |" in section

    def test_have_rows_of_equal_width(self) -> None:
        for page in (events_page(), actions_page()):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("|")}
            assert widths == {4, 6}
