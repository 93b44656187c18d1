"""Files that the documents name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOR_NEWCOMERS = ("README.md", "CONTRIBUTING.md", "docs/extending.md")
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")} - {ROOT / "CHANGELOG.md"})
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
