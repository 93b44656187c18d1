"""Conditions and values in CEL, checked against the declared facts before anything runs.

CEL (Google's Common Expression Language) has types, no loops, no side effects and no access to anything but the facts.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from cel_expr_python import cel

from rules.expression import Expression, in_short
from rules.fact_types import FactType
from rules.facts import known_facts
from rules.fast_path import comparisons_in, fact_alone
from rules.problems import nearest

MAX_CHARACTERS: Final = 1_000
MAX_WALKS: Final = 3
"""Through lists, in one expression: nested in each other over ten items they are a thousand steps."""

_TYPES: Final[dict[FactType, Any]] = {
    FactType.INT: cel.Type.INT,
    FactType.DOUBLE: cel.Type.DOUBLE,
    FactType.STRING: cel.Type.STRING,
    FactType.BOOL: cel.Type.BOOL,
    FactType.STRINGS: cel.Type.List(cel.Type.STRING),
}
_STRING = re.compile(r"""[rRbB]{0,2}("{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""", re.DOTALL)
_WALK = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")
_MATCHES = re.compile(r"\bmatches\s*\(\s*?")
_NAME = re.compile(r"[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*")
_ERROR = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*?)(?=\n \||\Z)", re.DOTALL)
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")
_MIXED = re.compile(
    r"found no matching overload for '_(?P<operator>\S+)_' applied to '\((?P<left>.+), (?P<right>.+)\)'"
)
_LIKE: Final = "use like with like; `tend rules facts` tells the type of each fact"
_WORDS: Final = {"int": "a whole number", "double": "a decimal", "string": "a text", "bool": "true or false"}


class BadExpression(ValueError):
    """An expression that does not compile: where (line and column from 1), how long the culprit is, and the fix."""

    def __init__(self, message: str, fix: str, line: int = 1, column: int = 1, length: int = 0) -> None:
        super().__init__(message)
        self.message, self.fix = message, fix
        self.line, self.column, self.length = line, column, length


def compile_expression(text: str, *kinds: FactType) -> Expression:
    """The expression, if it uses declared facts rightly and gives one of these kinds (of any, if none is named).

    Raises:
        BadExpression: it does not compile.
    """
    if len(text) > MAX_CHARACTERS:
        raise BadExpression(f"{len(text)} characters", f"keep an expression below {MAX_CHARACTERS}")
    _check_cost(text)
    program = _program(_environment(), text)
    kind = _kind_of(program)
    if kind is None or (kinds and kind not in kinds):
        wanted = " or ".join(_WORDS.get(one, one) for one in kinds or FactType)
        found = _WORDS.get(kind, kind) if kind else program.return_type().name()
        raise BadExpression(f"this gives {found}; expected {wanted}", f"write an expression that gives {wanted}")
    uses = facts_in(text)
    # Compiled again with these facts alone: proof that no other is needed, and evaluation sets up no more than these.
    return Expression(text, kind, uses, _program(_environment(uses), text), fact_alone(text), comparisons_in(text))


def _check_cost(text: str) -> None:
    """What a rule may cost is known when it is read: few walks through lists, and patterns that compile."""
    walks = list(_WALK.finditer(_bare(text)))
    if len(walks) > MAX_WALKS:
        fix = f"walk through lists at most {MAX_WALKS} times in one expression"
        raise BadExpression(f"{len(walks)} walks through lists (all, exists, map, filter)", fix)
    for found in _MATCHES.finditer(_bare(text)):
        pattern = _STRING.match(text, found.end())
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        if pattern is None:
            fix = "write the pattern as a text, so that it can be checked"
            raise BadExpression("matches() without a pattern that stands in the rule", fix, line, column)
        tried = _program(_environment(()), f"''.matches({pattern[0]})").eval(data={})
        if tried.type() == cel.Type.ERROR:
            fix = "write a pattern of RE2 that is not too large"
            raise BadExpression(f"a pattern that does not compile: {in_short(str(tried.value()))}", fix, line, column)


def _bare(text: str) -> str:
    """The text with blanks in place of its quoted parts."""
    return _STRING.sub(lambda quoted: " " * len(quoted[0]), text)


def facts_in(text: str) -> tuple[str, ...]:
    """The facts that an expression names, in the order of their declaration."""
    bare = _bare(text)
    named = {re.sub(r"\s", "", found) for found in _NAME.findall(bare)}
    return tuple(fact for fact in known_facts() if any(name == fact or name.startswith(fact + ".") for name in named))


def _environment(names: tuple[str, ...] | None = None) -> Any:
    known = known_facts()
    return _of_types(tuple((name, known[name].kind) for name in (known if names is None else names)))


@cache
def _of_types(variables: tuple[tuple[str, FactType], ...]) -> Any:
    return cel.NewEnv(variables={name: _TYPES[kind] for name, kind in variables})


def _program(environment: Any, text: str) -> Any:
    try:
        return environment.compile(text)
    except RuntimeError as error:
        raise _in_words(text, str(error)) from None


def _kind_of(program: Any) -> FactType | None:
    given = program.return_type()
    return next((kind for kind, one in _TYPES.items() if one == given), None)


def _in_words(text: str, said: str) -> BadExpression:
    found = _ERROR.search(said)
    if not found:
        return BadExpression(in_short(said), "see docs/rules.md for the language")
    line, column, message = int(found[1]), int(found[2]), found[3].strip()
    undeclared, mixed = _UNDECLARED.search(message), _MIXED.search(message)
    if undeclared:
        return _undeclared(text, undeclared[1], line, column)
    if mixed:
        message, fix = _mixed(mixed)
        return BadExpression(message, fix, line, column)
    if message.startswith("Syntax error"):
        return BadExpression(message.split(" expecting ")[0], "complete or correct the expression here", line, column)
    if "no matching overload" in message:
        return BadExpression(in_short(message), _LIKE, line, column)
    return BadExpression(in_short(message), "see docs/rules.md for the language", line, column)


def _undeclared(text: str, name: str, line: int, column: int) -> BadExpression:
    # CEL points at the last dot of a dotted name, or behind the name of a function; people look at its beginning.
    row = text.splitlines()[line - 1]
    start = row.rfind(name.split(".")[0], 0, column + len(name))
    begin = start + 1 if start >= 0 else column
    if re.match(r"\s*\(", row[begin - 1 + len(name) :]):
        return BadExpression(
            f"there is no function {name!r}", "see docs/rules.md for the language", line, begin, len(name)
        )
    fix = nearest(name, known_facts()) or "`tend rules facts` lists all facts; a text needs quotes"
    return BadExpression(f"there is no fact {name!r}", fix, line, begin, len(name))


def _mixed(found: re.Match[str]) -> tuple[str, str]:
    left, right = (_WORDS.get(found[side], found[side]) for side in ("left", "right"))
    message = f"{found['operator']!r} does not take {left} and {right}"
    if {found["left"], found["right"]} == {"int", "double"}:
        return message, "write 1 for whole numbers and 1.0 for decimals, or convert with double(...) or int(...)"
    return message, _LIKE
