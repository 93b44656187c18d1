"""The house on one page: every package, in the words of its own docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOMS: Final = ("schemas", "rules", "streams", "infra", "agents")
"""From the bottom up; ``streams`` and ``infra`` do not know each other."""
_ROOT: Final = Path(__file__).parents[1]
_HEAD: Final = """\
# The house

Every package in a line, from the bottom up: a room imports from those before it alone, `infra` from `schemas` alone,
and within a room no two packages need each other in a circle. [README](../README.md#follow-one-order) follows one order
through it. Generated from the packages themselves by `make docs`.

| package | what it is for |
|---|---|
"""


def house_page() -> str:
    """The page, in Markdown."""
    return _HEAD + "".join(row for room in ROOMS for row in _rows(room))


def _rows(room: str) -> Iterator[str]:
    for head in sorted((_ROOT / room).rglob("__init__.py")):
        name = head.parent.relative_to(_ROOT).as_posix()
        said = (ast.get_docstring(ast.parse(head.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
        yield f"| `{name}/` | {' '.join(said.split()).replace('``', '`')} |\n"
