"""The console speaks each of its languages completely."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agents.console.decisions import CHANNEL_ICON
from agents.console.life import SIMPLE_RECEIPTS
from agents.console.words import LANGUAGES, Words, catalogue, language_of
from rules.loading import shipped
from schemas.channels import CHANNELS
from schemas.outcome import Reason
from schemas.times import DAY, HOUR, MINUTE
from schemas.topics import BROWSE, TOPIC_OF
from streams.ingest import REASONS

OTHERS = [language for language in LANGUAGES if language != "en"]
TEMPLATES = Path(__file__).parents[3] / "agents" / "console" / "templates"
NOW = 1_510_688_880_000
"""Tuesday 14 November 2017, 14:48 in New York."""


def slots(words: Any) -> set[str]:
    """The names in braces of a text, or of all its plural forms."""
    texts = words.values() if isinstance(words, dict) else [words]
    return {name for text in texts for name in re.findall(r"\{(\w+)\}", str(text))}


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_the_same_words_with_the_same_slots(language: str) -> None:
    ours, theirs = catalogue("en"), catalogue(language)

    assert theirs.keys() == ours.keys()
    assert [key for key in ours if slots(ours[key]) != slots(theirs[key])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_are_empty(language: str) -> None:
    assert [key for key, words in catalogue(language).items() if not words] == []


def test_every_word_that_a_template_says_is_in_the_catalogue() -> None:
    said = {
        key
        for template in TEMPLATES.rglob("*.html")
        for key in re.findall(r"w\(['\"]([a-z_.0-9]+[a-z_0-9])['\"][,)]", template.read_text())
    }

    assert said - catalogue("en").keys() == set()
    assert len(said) > 50


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_words(reason: Reason) -> None:
    assert f"reasons.{reason.value}" in catalogue("en")


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_every_channel_has_words(channel: str) -> None:
    assert f"channels.{channel}" in catalogue("en")


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_every_channel_has_an_icon_that_is_drawn(channel: str) -> None:
    assert f'<symbol id="{CHANNEL_ICON[channel]}"' in (TEMPLATES / "_symbols.html").read_text()


def test_never_does_a_label_guess_a_gender_or_speak_the_machines_words() -> None:
    spoken = " ".join(str(words) for words in catalogue("en").values()).lower()

    for word in ("she", "her", "he", "his", "suppressed", "churn", "lag"):
        assert not re.search(rf"\b{word}\b", spoken), word


def test_that_they_may_not_come_back_is_said_in_plain_words_and_not_in_the_trades() -> None:
    for language in LANGUAGES:
        spoken = " ".join(str(words) for words in catalogue(language).values()).lower()
        assert [
            word for word in ("churn", "abwander", "流失", "leaving") if word in spoken.replace("{leaving}", "")
        ] == []
    for rule in shipped().rules:
        assert not re.search("churn|probability", re.sub(r"\{.*?\}", "", rule.reason.text))


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("", "fr,de;q=0.5", "de"),
        ("", "fr", "en"),
        ("de", "zh", "de"),
        ("xx", "", "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_first_that_is_known(chosen: str, accepted: str, expected: str) -> None:
    assert language_of(chosen, accepted) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Tue 14 Nov 2017"), ("de", "Di. 14. Nov. 2017"), ("zh-CN", "2017年11月14日 周二")],
)
def test_days_are_told_as_the_language_tells_them(language: str, expected: str) -> None:
    assert Words(language, "America/New_York").long_day(NOW) == expected


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (26 * DAY, "26 days"),
        (3 * HOUR + 12 * MINUTE, "3 h 12 min"),
        (2 * HOUR, "2 h"),
        (90_000, "1 min"),
        (4_000, "4 s"),
    ],
)
def test_spans_are_told_in_their_largest_parts(span: int, expected: str) -> None:
    assert Words("en", "UTC").span(span) == expected


def test_german_spans_have_the_form_that_their_sentence_asks_for() -> None:
    words = Words("de", "UTC")

    assert words("customer.last_order", span=words.span_in(25 * DAY)) == "Die letzte Bestellung war vor 25 Tagen."
    assert words("customer.overdue", span=words.span(25 * DAY)) == "Unsere Antwort ist 25 Tage überfällig."


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1 event could not be read, for 1 cause."),
        ("de", "1 Ereignis war unlesbar, aus 1 Grund."),
        ("zh-CN", "1 条事件无法读取，共 1 种原因。"),
    ],
)
def test_one_is_told_as_one(language: str, said: str) -> None:
    words = Words(language, "UTC")

    assert words("letters.says", n=1, causes=words("letters.n_causes", n=1)) == said


@pytest.mark.parametrize(("left", "expected"), [(192 * MINUTE, "3:12"), (-96 * MINUTE, "−1:36"), (5 * DAY, "5 d")])
def test_what_is_left_is_told_as_on_a_clock(left: int, expected: str) -> None:
    assert Words("en", "UTC").clock_span(left) == expected


@pytest.mark.parametrize(
    ("currency", "minor", "expected"), [("USD", 218_460, "$2,184.60"), ("JPY", 1_000, "¥1,000"), ("", 12, "12")]
)
def test_money_has_the_digits_of_its_currency(currency: str, minor: int, expected: str) -> None:
    assert Words("en", "UTC").money(minor, currency) == expected


@pytest.mark.parametrize("kind", sorted(set(TOPIC_OF) - set(SIMPLE_RECEIPTS)))
def test_every_event_of_a_timeline_has_words(kind: str) -> None:
    if TOPIC_OF[kind] != BROWSE:  # steps of a visit are told as the visit
        assert f"events.{kind}" in catalogue("en")


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_every_reason_of_a_dead_letter_has_words(reason: str) -> None:
    assert f"letter_reasons.{reason}" in catalogue("en")


@pytest.mark.parametrize(("language", "shown"), [("en", "64%"), ("de", "64\xa0%"), ("zh-CN", "64%")])
def test_a_share_stands_as_the_language_writes_it(language: str, shown: str) -> None:
    assert Words(language, "UTC").percent(0.64) == shown


def test_next_to_nothing_is_not_shown_as_nothing() -> None:
    assert Words("en", "UTC").percent(0.001) == "< 1%"
    assert Words("en", "UTC").percent(0.0) == "0%"
