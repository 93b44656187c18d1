"""Which language a customer is written to in."""

from __future__ import annotations

import pytest

from rules.languages import best, languages_for


@pytest.mark.parametrize(
    ("locale", "own", "expected"),
    [
        pytest.param("de-AT", "en", "de", id="their own language"),
        pytest.param("pl-DE", "en", "de", id="what their country speaks, where nobody speaks theirs"),
        pytest.param("it-CH", "en", "de", id="the language that most of their country speak"),
        pytest.param("zh-Hant-TW", "en", "zh", id="a script is no country"),
        pytest.param("pl-PL", "en", "en", id="the store's, where nobody speaks either"),
        pytest.param("pl", "en", "en", id="no country is known"),
        pytest.param("", "zh-CN", "zh", id="nothing is known"),
        pytest.param("pl-ZZ", "en", "en", id="a country that is none"),
    ],
)
def test_a_text_comes_in_the_first_language_of_the_chain_that_it_has(locale: str, own: str, expected: str) -> None:
    assert best(("en", "de", "zh"), *languages_for(locale, own)) == expected
