"""Each field that the API takes or gives says what it tells of a customer; the document and its page show it."""

from __future__ import annotations

import inspect
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from agents.api import answers, requests
from agents.api.app import contract_document
from agents.api.customers import told_of
from agents.api.reference import api_page
from agents.rollups.model import WorkItem
from schemas.outcome import Decision, Verdict
from schemas.personal import classes_of
from tests.schemas.test_personal import without_class

MODELS = [
    one
    for module in (answers, requests)
    for _, one in inspect.getmembers(module, inspect.isclass)
    if issubclass(one, BaseModel) and one.__module__ == module.__name__ and one.model_fields
]
DOCUMENT = contract_document()


@pytest.mark.parametrize("model", [one for one in MODELS if one is not answers.Page], ids=lambda model: model.__name__)
def test_no_field_is_without_a_class(model: type[BaseModel]) -> None:
    assert [name for name, told in classes_of(model).items() if told is None] == []


def test_every_value_of_the_document_shows_its_class() -> None:
    kept: dict[str, Any] = DOCUMENT["components"]["schemas"]

    assert [path for name, schema in kept.items() for path in without_class(schema, name)] == []


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_whatever_a_route_answers_has_a_class_or_a_name(path: str) -> None:
    for route in DOCUMENT["paths"][path].values():
        for status, answer in route["responses"].items():
            if status.startswith("2") and "content" in answer:
                schema = answer["content"]["application/json"]["schema"]
                inner = schema.get("items", schema)
                assert "$ref" in inner or "x-personal" in inner, "give the answer a model, or its type a class"


def test_of_customers_own_words_and_what_they_are_found_by_it_says_contact() -> None:
    found = {
        f"{model.__name__}.{name}"
        for model in MODELS
        for name, told in classes_of(model).items()
        if told and told.sort == "contact"
    }

    assert found == {
        "AnswerTold.text", "CallTold.note", "ComplaintTold.text", "Happened.data", "ResolutionTold.answer",
        "SearchTold.sought", "ToDo.text",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("shown", "kept", "more"), [(answers.DecisionShown, Decision, {"why"}), (answers.ToDo, WorkItem, set())]
)
def test_what_is_shown_of_a_thing_has_its_fields(
    shown: type[BaseModel], kept: type[msgspec.Struct], more: set[str]
) -> None:
    assert set(shown.model_fields) == {*kept.__struct_fields__, *more}


def test_a_decision_is_shown_as_it_was_told_and_what_has_nothing_to_say_is_left_out() -> None:
    thanked = ("a-1", "c-1", "thanks", "first", 0, "message", "email", "service", Verdict.EMITTED)
    decision = Decision(*thanked, at=1, acting=2, rulebook="v", almanac=3, trigger="order.placed")

    shown = answers.DecisionShown(**told_of(decision)).model_dump(exclude_unset=True)

    assert shown == told_of(decision)
    assert "reason" not in shown


def test_the_page_has_each_route_and_the_class_of_each_field() -> None:
    page = api_page(DOCUMENT)

    assert all(f" {path}\n" in page for path in DOCUMENT["paths"])
    assert "| `text` |  | string ..2000 | contact |  |" in page
