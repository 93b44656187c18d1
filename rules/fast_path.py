"""Expressions so plain that they need no evaluator: facts beside literals, all of which must hold; or one fact alone.

Most conditions are of this kind, and to set up CEL for one costs more than to decide all the rest of its rule.
CEL has checked them before, types included, and gives the same: ``&&`` is false as soon as one side is, also where
another side would fail.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any, Final

from rules.expression import Comparison
from rules.fact_types import FactType, FactValue
from rules.facts import known_facts

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FACT: Final = r"[a-z_]+(?:\.[a-z_][a-z0-9_]*)*"
_PART: Final = re.compile(
    rf"""\s*(?P<no>!)?(?P<fact>{_FACT})"""
    r"""(?:\s*(?P<operator>[=!<>]=|[<>])\s*"""
    r"""(?:(?P<double>-?\d+\.\d+)|(?P<int>-?\d+)|(?P<string>'[^'\\\n]*'|"[^"\\\n]*"))"""
    r"""|\.matches\('(?P<whole>\^(?:(?:[A-Za-z0-9_-]|\[[A-Za-z0-9-]+\])(?:\{\d+\})?)+\$)'\))?\s*(?:&&|\Z)"""
)
"""Patterns only where they are of the whole text, and so plain that they mean the same in CEL and in Python."""
_ALONE: Final = (FactType.STRING, FactType.INT, FactType.BOOL)
"""Of a fact that is a decimal, CEL gives 1 as 1.0: it stays with CEL."""


def comparisons_in(text: str) -> tuple[Comparison, ...] | None:
    """What must hold for a condition to be true; None where it takes CEL to say."""
    found: list[Comparison] = []
    at = 0
    while at < len(text):
        part = _PART.match(text, at)
        one = _comparison(part) if part else None
        if part is None or one is None:
            return None
        found.append(one)
        at = part.end()
    # A text that ends with && would not have compiled.
    return tuple(found)


def fact_alone(text: str) -> str:
    """The fact that the expression gives as it is, or nothing."""
    name = text.strip()
    fact = known_facts().get(name)
    return name if fact and fact.kind in _ALONE else ""


def _comparison(part: re.Match[str]) -> Comparison | None:
    fact = known_facts().get(part["fact"])
    if fact is None:
        return None
    if part["whole"]:
        is_text = fact.kind is FactType.STRING and not part["no"]
        return Comparison(fact.name, _is_wholly, part["whole"][1:-1]) if is_text else None
    if part["operator"] is None:
        return Comparison(fact.name, operator.eq, not part["no"]) if fact.kind is FactType.BOOL else None
    literal = _literal(part, fact.kind)
    if part["no"] or literal is None:
        return None
    # Texts are not ordered here: CEL orders them by their bytes.
    compares = _OPERATORS if fact.kind is not FactType.STRING else {"==": operator.eq, "!=": operator.ne}
    holds = compares.get(part["operator"])
    return Comparison(fact.name, holds, literal) if holds else None


def _is_wholly(value: str, pattern: str) -> bool:
    return re.fullmatch(pattern, value) is not None


def _literal(part: re.Match[str], kind: FactType) -> FactValue | None:
    if kind is FactType.INT and part["int"]:
        return int(part["int"])
    if kind is FactType.DOUBLE and part["double"]:
        return float(part["double"])
    if kind is FactType.STRING and part["string"]:
        return part["string"][1:-1]
    return None
