"""A setting that nobody reads is a promise that nobody keeps."""

from __future__ import annotations

import ast
from pathlib import Path

from infra.settings import Settings
from tests.repo.test_rooms import MODULES, ROOT

WHERE = ROOT / "infra" / "settings.py"


def attributes(module: Path) -> set[str]:
    """The names of all attributes that a module reads, and those that it asks for by name."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def derived() -> dict[str, set[str]]:
    """The properties of the settings, with the fields that each is made of."""
    tree = ast.parse(WHERE.read_text(encoding="utf-8"))
    (settings,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings")
    return {
        method.name: {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)}
        for method in settings.body
        if isinstance(method, ast.FunctionDef)
    }


def test_every_setting_is_read_by_some_program() -> None:
    read = set().union(
        *(attributes(module) for module in MODULES if module != WHERE and "tests" not in module.parts[-3:])
    )
    by_way = set().union(*(fields for name, fields in derived().items() if name in read))

    assert sorted(set(Settings.model_fields) - read - by_way) == []
