"""Files and modules that documents and docstrings name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOR_NEWCOMERS = ("README.md", "CONTRIBUTING.md", "docs/extending.md")
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")} - {ROOT / "CHANGELOG.md"})
ROOMS = ("schemas", "rules", "streams", "infra", "agents", "benchmarks", "tests")
_MODULE = re.compile(r"`((?:schemas|rules|streams|infra|agents|benchmarks|tests)(?:\.\w+)+)`")
_PATH = re.compile(r"`((?:schemas|rules|streams|infra|agents|tests|benchmarks|docs)/[\w./*-]*)`")
_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|ya?ml|lua|json|toml|css|html|js|sh|acl|csv))`")
"""In tables of promises, those of tests begin in ``tests/``."""


@pytest.mark.parametrize("page", FOR_NEWCOMERS)
def test_every_file_that_newcomers_are_led_to_is_there(page: str) -> None:
    paths = _PATH.findall((ROOT / page).read_text(encoding="utf-8"))

    assert paths
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    files = _FILE.findall(page.read_text(encoding="utf-8"))

    assert [file for file in files if not ((ROOT / file).exists() or (ROOT / "tests" / file).exists())] == []


@pytest.mark.parametrize("room", [*ROOMS, "docs"])
def test_every_module_that_is_named_is_there(room: str) -> None:
    files = PAGES if room == "docs" else sorted((ROOT / room).rglob("*.py"))
    named = {(name, file.name) for file in files for name in _MODULE.findall(file.read_text(encoding="utf-8"))}

    assert [one for one in sorted(named) if not is_there(one[0])] == []


def is_there(name: str) -> bool:
    """Whether it is a module or package, or something that one of them speaks of."""
    place, rest = ROOT, name.split(".")
    while rest and (place / rest[0]).is_dir():
        place /= rest.pop(0)
    if rest and (place / f"{rest[0]}.py").exists():
        place = place / f"{rest.pop(0)}.py"
    text = (place / "__init__.py" if place.is_dir() else place).read_text(encoding="utf-8") if rest else ""
    return all(re.search(rf"\b{part}\b", text) for part in rest)


def test_a_module_that_is_not_there_is_noticed() -> None:
    assert is_there("rules.deciding.limits.cooldown")
    assert is_there("infra.kafka")
    assert not is_there("rules.limit")
    assert not is_there("streams.lanes")
