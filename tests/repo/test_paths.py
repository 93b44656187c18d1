"""Files that the documents for newcomers name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "docs/extending.md")
_PATH = re.compile(r"`((?:schemas|rules|streams|infra|agents|tests|benchmarks|docs)/[\w./*-]*)`")


def named(page: str) -> list[str]:
    return _PATH.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    paths = named(page)

    assert paths
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []
