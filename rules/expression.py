"""A checked expression at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from cel_expr_python import cel

from rules.fact_types import FactType, FactValue


class Comparison(NamedTuple):
    """What one fact is compared with."""

    fact: str
    holds: Callable[[Any, Any], bool]
    wanted: FactValue


class EvaluationFailed(ValueError):
    """A checked expression that failed all the same, such as a division by zero."""


class FactSource(Protocol):
    """Where an expression finds the facts that it uses, by name."""

    def __getitem__(self, name: str, /) -> FactValue: ...


class Expression:
    """A checked expression and the facts it uses."""

    __slots__ = ("_alone", "_comparisons", "_program", "kind", "text", "uses")

    def __init__(
        self,
        text: str,
        kind: FactType,
        uses: tuple[str, ...],
        program: Any,
        alone: str = "",
        comparisons: tuple[Comparison, ...] | None = None,
    ) -> None:
        """An expression that CEL has compiled to ``program``; ``rules.fast_path`` says where it is not needed.

        Args:
            text: as it stands in the rule.
            kind: of its value.
            uses: the facts it names.
            program: of CEL.
            alone: the one fact that it gives as it is.
            comparisons: all that must hold for it to be true.
        """
        self.text = text
        self.kind = kind
        self.uses = uses
        self._program = program
        self._alone = alone
        self._comparisons = comparisons

    def evaluate(self, facts: FactSource) -> FactValue:
        """Its value; ``facts`` must have those of ``uses`` at least, and is asked for no more than it takes.

        Raises:
            EvaluationFailed: it divides by zero, overflows, or the like.
        """
        try:
            if self._alone:
                return facts[self._alone]
            if self._comparisons is not None:
                return all(holds(facts[fact], wanted) for fact, holds, wanted in self._comparisons)
            return self._by_cel(facts)
        except KeyError as missing:
            raise EvaluationFailed(f"{self.text}: there is no fact {missing}") from None

    def _by_cel(self, facts: FactSource) -> FactValue:
        result = self._program.eval(data={name: facts[name] for name in self.uses})
        if result.type() == cel.Type.ERROR:
            raise EvaluationFailed(f"{self.text}: {in_short(str(result.value()))}")
        value: FactValue = result.plain_value()
        return value


def in_short(said: str) -> str:
    """What CEL says, without its wrapping."""
    return said.removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]").strip().splitlines()[0]
