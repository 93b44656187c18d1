"""Writes the published contracts into ``docs/``: ``python -m schemas.generate [--check] [--release VERSION] [DOCS]``.

``--check`` writes nothing and fails where a committed file is not what the code says. ``--release`` also keeps a copy
of the schemas as the baseline that later ones are held against.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.asyncapi import asyncapi
from schemas.contract_pages import actions_page, events_page
from schemas.contracts import message_kinds

DOCS = Path(__file__).resolve().parent.parent / "docs"


def documents() -> dict[str, str]:
    """Every generated file below ``docs/`` that tells of contracts: relative path to text."""
    return {
        **{f"schemas/{path}": text for path, text in schema_files().items()},
        "asyncapi.json": _json(asyncapi()),
        "events.md": events_page(),
        "actions.md": actions_page(),
    }


def schema_files() -> dict[str, str]:
    """The JSON Schema of every kind of message: ``events/order.placed.json`` to text."""
    return {f"{kind.family}/{kind.name}.json": _json(kind.schema()) for kind in message_kinds()}


def stale(files: Mapping[str, str], docs: Path) -> list[str]:
    """Paths below ``docs`` that are missing or other than ``files`` says, and schemas of kinds that are no more."""
    different = [path for path, text in files.items() if not _is(docs / path, text)]
    left = [path for path in _schemas_on_disk(docs) if path not in files]
    return sorted(different + left)


def write(files: Mapping[str, str], docs: Path) -> None:
    """Brings ``docs`` up to date, and takes away schemas of kinds that are no more."""
    for path in _schemas_on_disk(docs):
        if path not in files:
            (docs / path).unlink()
    for path, text in files.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("docs", nargs="?", type=Path, default=DOCS, help="the folder to write to")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is stale")
    parser.add_argument("--release", metavar="VERSION", help="keep the schemas as the baseline of this release")
    told = parser.parse_args(arguments)
    files = documents()
    if told.release:
        files |= {f"schemas/released/{told.release}/{path}": text for path, text in schema_files().items()}
    if not told.check:
        write(files, told.docs)
        return 0
    found = stale(files, told.docs)
    if found:
        sys.stderr.write("Stale, run `make docs` and commit the result: " + ", ".join(found) + "\n")
    return 1 if found else 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _schemas_on_disk(docs: Path) -> list[str]:
    found = [path for family in ("events", "actions") for path in (docs / "schemas" / family).glob("*.json")]
    return [path.relative_to(docs).as_posix() for path in found]


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
