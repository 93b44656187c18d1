"""Types of the values that rules deal with."""

from __future__ import annotations

from enum import StrEnum

FactValue = str | int | float | bool | list[str]


class FactType(StrEnum):
    """Types of the condition language, in the words of its documentation."""

    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    BOOL = "bool"
    STRINGS = "list(string)"
