"""Templates so plain that it takes no Liquid to fill them in: text, values, and ``if`` by a value or a comparison.

Most templates are of this kind, and Liquid makes a world for each that it fills in. What is read here was parsed by
Liquid before, and says the same; whatever is not known to do so is left to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path, StringLiteral
from liquid.builtin.expressions.logical import EqExpression, LogicalAndExpression, NeExpression
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode

from rules.templates.shown import Shown


class Condition(NamedTuple):
    """What must hold of a value."""

    name: str
    wanted: str | None
    """The text that it is compared with; None where it only has to be known."""
    is_wanted: bool

    def holds(self, known: Mapping[str, Shown]) -> bool:
        """Whether it does.

        Raises:
            KeyError: there is no such value.
        """
        value = known[self.name].__liquid__()
        if self.wanted is None:
            return value is not None and value is not False
        return (value == self.wanted) is self.is_wanted


class Run(NamedTuple):
    """Text and values, one after the other."""

    pattern: str
    """With ``%s`` for each value."""
    names: tuple[str, ...]


class Either(NamedTuple):
    """One of two."""

    conditions: tuple[Condition, ...]
    """All of which must hold."""
    then: tuple[Part, ...]
    otherwise: tuple[Part, ...]


Part = Run | Either


def filled(parts: Iterable[Part], known: Mapping[str, Shown]) -> str:
    """The text with these values.

    Raises:
        KeyError: there is no such value.
        Missing: a value is not known.
    """
    told = ""
    for part in parts:
        if isinstance(part, Run):
            told += part.pattern % tuple(known[name] for name in part.names)
        else:
            holds = all(condition.holds(known) for condition in part.conditions)
            told += filled(part.then if holds else part.otherwise, known)
    return told


def parts_of(nodes: Iterable[object]) -> tuple[Part, ...] | None:
    """What Liquid parsed, as parts; None where it takes Liquid to fill it in."""
    found: list[Part] = []
    pattern, names = "", list[str]()
    for node in nodes:
        if isinstance(node, ContentNode):
            pattern += node.text.replace("%", "%%")
            continue
        if isinstance(node, OutputNode) and (name := _value(node.expression)):
            pattern += "%s"
            names.append(name)
            continue
        choice = _choice(node) if isinstance(node, IfNode) else None
        if choice is None:
            return None
        found += [Run(pattern, tuple(names)), choice]
        pattern, names = "", []
    return (*found, Run(pattern, tuple(names)))


def _choice(node: IfNode) -> Either | None:
    # Of blocks that hold nothing but blanks Liquid writes none.
    if node.alternatives or node.blank:
        return None
    conditions = _conditions(node.condition)
    then = parts_of(node.consequence.nodes)
    otherwise = parts_of(node.default.nodes) if node.default else ()
    if conditions is None or then is None or otherwise is None:
        return None
    return Either(conditions, then, otherwise)


def _conditions(expression: object) -> tuple[Condition, ...] | None:
    if isinstance(expression, BooleanExpression):
        return _conditions(expression.expression)
    if isinstance(expression, LogicalAndExpression):
        left, right = _conditions(expression.left), _conditions(expression.right)
        return None if left is None or right is None else (*left, *right)
    if isinstance(expression, EqExpression | NeExpression):
        name, literal = _name(expression.left), expression.right
        if not name or not isinstance(literal, StringLiteral):
            return None
        return (Condition(name, literal.value, isinstance(expression, EqExpression)),)
    name = _name(expression)
    return (Condition(name, None, is_wanted=True),) if name else None


def _value(expression: object) -> str:
    """The dotted name of a value that is written as it is; empty where it is filtered, or no value."""
    if not isinstance(expression, FilteredExpression) or expression.filters:
        return ""
    return _name(expression.left)


def _name(expression: object) -> str:
    if not isinstance(expression, Path):
        return ""
    parts = [part for part in expression.path if isinstance(part, str) and "." not in part]
    return ".".join(parts) if len(parts) == len(expression.path) else ""
