"""Plain expressions are decided without CEL, and as CEL decides them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.expression import Expression
from rules.fact_types import FactType, FactValue
from rules.fast_path import comparisons_in, fact_alone
from rules.language import compile_expression
from rules.loading import shipped

Comparing = tuple[str, str, FactValue]
"""A fact, a comparison of it as text, and its value."""

_ORDERS = ("==", "!=", "<", "<=", ">", ">=")
_WHOLE = st.integers(-3, 3)
_TEXTS = st.text(alphabet="abc && '", max_size=6)
_KINDS: tuple[tuple[str, st.SearchStrategy[FactValue], st.SearchStrategy[str], tuple[str, ...]], ...] = (
    ("orders.count", _WHOLE | st.sampled_from((-(2**63), 2**63 - 1)), _WHOLE.map(str), _ORDERS),
    ("churn.probability", st.floats(), st.sampled_from(("0.5", "-1.25", "0.0")), _ORDERS),
    ("segment.tier", _TEXTS, _TEXTS.map('"{}"'.format), _ORDERS[:2]),
    ("cart.open", st.booleans(), st.just(""), ("",)),
)
"""A fact, its values, literals to compare it with, and how."""


@st.composite
def comparisons(draw: st.DrawFn) -> Comparing:
    """One comparison of a fact with a literal, or a fact that is a yes or no."""
    fact, values, literals, orders = draw(st.sampled_from(_KINDS))
    return fact, f"{fact} {draw(st.sampled_from(orders))} {draw(literals)}", draw(values)


def by_cel(expression: Expression, facts: dict[str, FactValue]) -> FactValue:
    """What CEL itself says: a condition that is never plain, as it is asked for ``true`` besides."""
    return compile_expression(f"({expression.text}) && true", FactType.BOOL).evaluate(facts)


@given(st.lists(comparisons(), min_size=1, max_size=4, unique_by=lambda one: one[0]))
def test_plain_conditions_hold_where_cel_says_so(some: list[Comparing]) -> None:
    facts = {fact: value for fact, _, value in some}
    condition = compile_expression(" && ".join(text for _, text, _ in some), FactType.BOOL)

    assert comparisons_in(condition.text) is not None
    assert condition.evaluate(facts) is by_cel(condition, facts)


@given(st.text(alphabet="s-0af\n", max_size=6) | st.from_regex(r"s-[0-9a-f]{3}\n?", fullmatch=True))
def test_plain_patterns_of_a_whole_text_match_what_they_match_in_cel(tier: str) -> None:
    condition = compile_expression("segment.tier.matches('^s-[0-9a-f]{3}$')", FactType.BOOL)

    assert comparisons_in(condition.text) is not None
    assert condition.evaluate({"segment.tier": tier}) is by_cel(condition, {"segment.tier": tier})


@pytest.mark.parametrize(
    "text",
    [
        "segment.tier.matches('^s')",
        "segment.tier.matches('^s.$')",
        "!segment.tier.matches('^s$')",
        "orders.count > 3 || cart.open",
        "!(cart.open)",
        "orders.count > orders.cancelled",
        "segment.tier < 'gold'",
        r"segment.tier == 'a\tb'",
        "orders.count + 1 > 3",
        "segment.tier in ['gold']",
        "'gold' == segment.tier",
        "!cart.open == true",
        "true",
    ],
)
def test_everything_else_is_left_to_cel(text: str) -> None:
    compile_expression(text, FactType.BOOL)

    assert comparisons_in(text) is None


def test_a_yes_or_no_may_be_wanted_or_not() -> None:
    condition = compile_expression("!cart.open && orders.count > 3", FactType.BOOL)

    assert condition.evaluate({"cart.open": False, "orders.count": 4}) is True
    assert condition.evaluate({"cart.open": True, "orders.count": 4}) is False


def test_a_fact_alone_is_given_as_it_is_unless_cel_would_make_a_decimal_of_it() -> None:
    assert fact_alone(" segment.tier ") == "segment.tier"
    assert fact_alone("churn.probability") == ""
    assert fact_alone("segment.tier + 'x'") == ""


def test_most_shipped_conditions_are_plain() -> None:
    conditions = [rule.when.text for rule in shipped().rules]

    assert sum(bool(fact_alone(text)) or comparisons_in(text) is not None for text in conditions) > len(conditions) / 2


def test_facts_that_can_say_nothing_more_are_not_read() -> None:
    condition = compile_expression("cart.open && orders.count > 3", FactType.BOOL)

    assert condition.evaluate({"cart.open": False}) is False
