"""Templates: strict, and in no other system's language."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.templates.liquid import LIMIT, BadLiquid, Values, read_liquid
from rules.templates.shown import Audience, Missing, RawValue, Shown

READER = Audience("en-US", date(2026, 11, 1))


def filled(source: str, **values: RawValue) -> str:
    known = {
        name.replace("_", ".", 1): Shown(name.replace("_", ".", 1), value, str(value)) for name, value in values.items()
    }
    return read_liquid(source).fill(Values(known), READER)


def test_values_are_filled_in_and_conditions_see_them_as_they_are() -> None:
    source = "{{ order.id }}{% if order.status == 'placed' %} waits{% else %} left{% endif %}"

    assert filled(source, order_id="o-1", order_status="placed") == "o-1 waits"
    assert filled(source, order_id="o-1", order_status="dispatched") == "o-1 left"


def test_a_condition_may_ask_whether_something_is_known() -> None:
    source = "Thank you.{% if order.promised %} It is promised for {{ order.promised }}.{% endif %}"

    assert filled(source, order_promised="") == "Thank you."


NAMES = ("order.id", "order.status")


@st.composite
def templates(draw: st.DrawFn, depth: int = 0) -> str:
    """Text, values and conditions, as plain as those of most texts."""
    pieces = [st.sampled_from(("50% ", " ", "\n", "- %s ", "ä")), st.sampled_from(NAMES).map("{{{{ {} }}}}".format)]
    if depth < 2:
        pieces.append(choices(depth))
    return "".join(draw(st.lists(st.one_of(pieces), max_size=4)))


@st.composite
def choices(draw: st.DrawFn, depth: int) -> str:
    """A condition with what is said where it holds, and where it does not."""
    asked = st.sampled_from(("{}", "{} == 'a'", "{} != 'a'", "{0} and {0} == ''"))
    holds = draw(asked).format(draw(st.sampled_from(NAMES)))
    inner = templates(depth + 1)
    return f"{{% if {holds} %}}{draw(inner)}{{% else %}}{draw(inner)}{{% endif %}}"


@given(templates(), *[st.sampled_from(("a", "b", "", 0, 5, True, False, 1.5))] * 2)
def test_what_is_filled_in_without_liquid_is_what_liquid_says(source: str, one: RawValue, other: RawValue) -> None:
    values = {"order_id": one, "order_status": other}
    by_liquid = source + "{{ order.sure | plural: '.' }}"

    assert said(source + ".", **values) == said(by_liquid, **values, order_sure=1)


def said(source: str, **values: RawValue) -> str:
    """The text, or what is missing."""
    try:
        return filled(source, **values)
    except Missing as missing:
        return str(missing).split(" in ")[0]


@pytest.mark.parametrize("letters", [LIMIT, LIMIT // 2])
def test_a_text_that_grows_too_long_is_an_error(letters: int) -> None:
    with pytest.raises(Missing, match="limit"):
        filled("{{ order.id }} {{ order.id }}", order_id="x" * letters)


@pytest.mark.parametrize("source", ["Hello {{ order.name }},", "Hello {{ order.nothing }},", "Hello {{ nobody }},"])
def test_a_missing_value_is_an_error_and_never_hello_comma(source: str) -> None:
    with pytest.raises(Missing):
        filled(source, order_name="")


def test_plurals_follow_the_rules_of_the_language() -> None:
    source = "{{ order.late }} {{ order.late | plural: 'day', 'days' }}"

    assert filled(source, order_late=1) == "1 day"
    assert filled(source, order_late=2) == "2 days"


@pytest.mark.parametrize(
    "tag",
    [
        "{name}",
        "{ amount }",
        "{total:money}",
        "%name%",
        "%%name%%",
        "*|FNAME|*",
        "[[name]]",
        "${name}",
        "#{name}",
        "<%= name %>",
        "{{{name}}}",
    ],
)
def test_merge_tags_of_other_systems_are_refused_with_what_to_write(tag: str) -> None:
    with pytest.raises(BadLiquid, match="another system") as refused:
        read_liquid(f"Thank {tag} you")

    assert "{{ fact.name }}" in refused.value.fix
    assert (refused.value.at, refused.value.length) == (6, len(tag))


@pytest.mark.parametrize("source", ["Save 50% on 20% of all.", "100 % {{ order.id }} %", "5 < 6 [a] (b)"])
def test_what_only_looks_a_little_like_a_tag_is_a_text(source: str) -> None:
    assert read_liquid(source).source == source


@pytest.mark.parametrize(
    "source",
    [
        "{{ order.id | upcase }}",
        "{% for a in b %}{% endfor %}",
        "{% assign a = 1 %}",
        "{% include 'x' %}",
        "{{ order.id",
        "{% if %}",
    ],
)
def test_what_texts_do_not_need_is_not_there(source: str) -> None:
    with pytest.raises(BadLiquid):
        read_liquid(source)
