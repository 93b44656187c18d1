"""One name, one thing: a class that others may use has a name of its own in the whole product."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "rules", "streams", "infra", "agents")


def public_classes() -> dict[str, list[str]]:
    """Name to the modules that define a class of that name."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module.relative_to(ROOT).as_posix())
    return found


def test_no_two_public_classes_have_one_name() -> None:
    classes = public_classes()

    assert len(classes) > 300
    assert {name: modules for name, modules in classes.items() if len(modules) > 1} == {}
