"""A setting that nobody reads is a promise that nobody keeps."""

from __future__ import annotations

import ast
from pathlib import Path

from infra.settings import Settings
from tests.repo.test_rooms import MODULES, ROOT

WHERE = ROOT / "infra" / "settings"


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
    nodes = (node for module in WHERE.glob("*.py") for node in ast.parse(module.read_text(encoding="utf-8")).body)
    sections = [node for node in nodes if isinstance(node, ast.ClassDef)]
    return {
        method.name: {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)}
        for section in sections
        for method in section.body
        if isinstance(method, ast.FunctionDef)
    }


def test_every_setting_is_read_by_some_program() -> None:
    read = set().union(
        *(attributes(module) for module in MODULES if WHERE not in module.parents and "tests" not in module.parts[-3:])
    )
    by_way = set().union(*(fields for name, fields in derived().items() if name in read))

    assert sorted(set(Settings.model_fields) - read - by_way) == []
