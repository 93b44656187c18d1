"""Conditions: what compiles, what it uses, how it fails."""

from __future__ import annotations

import pytest

from rules.expression import EvaluationFailed
from rules.fact_types import FactType
from rules.facts import FACTS
from rules.language import MAX_CHARACTERS, BadExpression, compile_expression, facts_in


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("orders.count > 3 && churn.probability >= 0.5", ("orders.count", "churn.probability")),
        ("trigger.ref == 'orders.count'", ("trigger.ref",)),
        ("trigger.ref == \"a 'quoted' orders.count\"", ("trigger.ref",)),
        ("trigger.ref.matches(r'orders.count\\d')", ("trigger.ref",)),
        ('trigger.ref == """orders.count"""', ("trigger.ref",)),
        ("orders . count > 3", ("orders.count",)),
        ("trigger.ref.startsWith('x')", ("trigger.ref",)),
        ("profile.tags.exists(tag, tag == 'vip')", ("profile.tags",)),
        ("size(profile.tags) > 1", ("profile.tags",)),
        ("1 + 1 == 2", ()),
    ],
)
def test_it_uses_the_facts_it_names_and_no_others(text: str, uses: tuple[str, ...]) -> None:
    assert compile_expression(text, FactType.BOOL).uses == uses


def test_facts_are_listed_in_the_order_of_their_declaration() -> None:
    named = facts_in("churn.probability > 0.1 && profile.name == ''")

    assert list(named) == sorted(named, key=list(FACTS).index)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("orders.count + 1", FactType.INT, 3),
        ("double(orders.count) / 4.0", FactType.DOUBLE, 0.5),
        ("'n' + string(orders.count)", FactType.STRING, "n2"),
        ("orders.count in [1, 2]", FactType.BOOL, True),
        ("orders.count > 1 ? 'many' : 'few'", FactType.STRING, "many"),
    ],
)
def test_it_has_a_kind_and_a_value(text: str, kind: FactType, value: object) -> None:
    compiled = compile_expression(text)

    assert compiled.kind is kind
    assert compiled.evaluate({"orders.count": 2}) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders.count / 0 == 1", "divide by zero"),
        ("orders.count % 0 == 1", "modulus by zero"),
        ("orders.count * 9223372036854775807 > 1", "overflow"),
        ("int(trigger.ref) > 1", "cannot"),
        ("[1][orders.count] == 1", "index"),
    ],
)
def test_what_fails_says_so(text: str, said: str) -> None:
    compiled = compile_expression(text)

    with pytest.raises(EvaluationFailed) as caught:
        compiled.evaluate({"orders.count": 2, "trigger.ref": "x"})

    assert str(caught.value).startswith(text)
    assert caught.value.args


def test_a_fact_that_was_not_given_is_a_failure_and_no_guess() -> None:
    with pytest.raises(EvaluationFailed, match=r"orders\.count"):
        compile_expression("orders.count > 3").evaluate({})


@pytest.mark.parametrize(
    ("text", "column", "length"),
    [
        ("orders.cuont > 3", 1, 12),
        ("orders.count > 3 && segmnt.tier == 'x'", 21, 11),
        ("true && nonsense(1)", 9, 8),
        ("gold == segment.tier", 1, 4),
    ],
)
def test_an_error_points_at_the_whole_name(text: str, column: int, length: int) -> None:
    with pytest.raises(BadExpression) as caught:
        compile_expression(text)

    assert (caught.value.column, caught.value.length) == (column, length)


@pytest.mark.parametrize("text", ["!orders.count", "-segment.tier", "orders.count.x", "{}", "[1, 'a'].size() == 2 ? 1"])
def test_what_does_not_fit_is_told_in_words(text: str) -> None:
    with pytest.raises(BadExpression) as caught:
        compile_expression(text, FactType.BOOL)

    assert caught.value.message
    assert caught.value.fix
    assert "INVALID_ARGUMENT" not in str(caught.value)


def test_there_is_no_clock_and_no_dice() -> None:
    for name in ("now()", "random()", "timestamp.now()", "getenv('HOME')"):
        with pytest.raises(BadExpression, match="there is no"):
            compile_expression(name)


def test_an_expression_is_bounded() -> None:
    with pytest.raises(BadExpression, match="characters"):
        compile_expression("1 == 1 && " * (MAX_CHARACTERS // 10) + "true")
