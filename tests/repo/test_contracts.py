"""The committed contracts are what the code says, and break nobody who uses the last release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.documents import pages
from schemas.generate import DOCS, schema_files, stale
from tests.schemas.compatibility import breaking_changes, breaking_for_readers

RELEASES = sorted((DOCS / "schemas" / "released").glob("*"), key=lambda folder: int(folder.name))
LAST = [path.relative_to(RELEASES[-1]).as_posix() for path in RELEASES[-1].rglob("*.json")] if RELEASES else []


def test_the_committed_documents_are_fresh() -> None:
    assert stale(pages(), DOCS) == [], "run `make docs` and commit the result"


@pytest.mark.parametrize("path", LAST)
def test_a_contract_of_the_last_release_is_kept(path: str) -> None:
    old = json.loads((RELEASES[-1] / path).read_text())
    assert path in schema_files(), "a kind that was released is gone: its messages would be refused"
    new = json.loads(schema_files()[path])

    compare = breaking_changes if Path(path).parent.name == "events" else breaking_for_readers
    assert compare(old, new) == [], "give the changed contract a new version, beside the old one"
