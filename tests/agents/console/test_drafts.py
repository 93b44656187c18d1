"""Answers to begin from: the rulebook's texts, in the customer's language, and never sent half written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from agents.console.drafts import draft, drafts_for
from agents.console.words import Words
from agents.rollups.model import WorkItem
from rules.defaults import AnswerTemplate
from rules.loading import shipped
from schemas.errors import NotFound
from schemas.profile import Profile
from tests.builders import START

DEFAULTS = shipped().defaults
LATE = WorkItem("k-5", "complaint", "c-1", category="delivery", order="o-88213")
HOURS = {"de": "9 bis 18 Uhr", "de-CH": "8 bis 17 Uhr"}
LANGUAGES = {"en-US": "Hello", "de-AT": "Guten Tag", "zh-CN": "您好"}


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("name", DEFAULTS.answers)
def test_every_shipped_text_is_written_in_the_customers_language(name: str, locale: str) -> None:
    text, language = draft(name, LATE, Profile(locale=locale), "mei", DEFAULTS, START)

    assert text.startswith(LANGUAGES[locale])
    assert locale.startswith(language)
    assert "{" not in text


@pytest.mark.parametrize("name", DEFAULTS.answers)
def test_a_complaint_without_an_order_is_answered_all_the_same(name: str) -> None:
    assert "o-88213" not in draft(name, WorkItem("k-5", "complaint", "c-1"), Profile(), "mei", DEFAULTS, START)[0]


def test_only_texts_for_this_kind_of_complaint_are_offered_in_the_readers_words() -> None:
    about_money = WorkItem("k-6", "complaint", "c-1", category="payment")

    assert ("sent_again", "noch einmal gesendet") in drafts_for(LATE, DEFAULTS, Words("de", "UTC"))
    assert "sent_again" not in dict(drafts_for(about_money, DEFAULTS, Words("en", "UTC")))


def test_a_text_that_there_is_not_is_said_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="the rulebook has apology"):
        draft("nonsense", LATE, Profile(locale="en"), "mei", DEFAULTS, START)


def test_a_text_that_asks_for_something_else_is_refused_when_it_is_read() -> None:
    with pytest.raises(ValidationError, match=r"there is no customer\.name for an answer"):
        AnswerTemplate(title={"en": "hello"}, text={"en": "Hello {{ customer.name }}"})


def test_an_answer_names_the_number_and_the_hours_of_the_customers_country() -> None:
    brand = DEFAULTS.brand.model_copy(update={"phone": {"DE": "040 1", "CH": "044 2", "*": "+1 3"}, "hours": HOURS})
    text = {"de": "{{ brand.phone }}, {{ brand.hours }}"}
    ours = DEFAULTS.model_copy(
        update={"brand": brand, "answers": {"call": AnswerTemplate(title={"en": "call"}, text=text)}}
    )

    def said(profile: Profile) -> str:
        return draft("call", LATE, profile, "mei", ours, START)[0]

    assert said(Profile(locale="de")).endswith("040 1, 9 bis 18 Uhr")
    assert said(Profile(locale="de", zone="Europe/Zurich")).endswith("044 2, 8 bis 17 Uhr")
    assert said(Profile(locale="de", zone="Europe/Vienna")).endswith("+1 3, 9 bis 18 Uhr")
