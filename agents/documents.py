"""Everything under ``docs/`` that is made from the code: ``python -m agents.documents [--check] [DOCS]``.

The contracts come from ``schemas.generate``; the pages here speak of the other rooms. ``--check`` writes nothing and
fails where a committed page is not what the code says.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agents.api.app import contract_document
from agents.api.reference import api_page
from agents.connectors.page import connectors_page
from agents.contract_page.rendering import page_of
from agents.house_page import house_page
from agents.simulate.document import simulator_page
from infra.metrics import metrics_table
from infra.settings import settings_tables
from rules.pages import facts_page, rules_page
from schemas.asyncapi import asyncapi
from schemas.generate import DOCS, documents, stale, write
from schemas.outcome import REASONS_IN_WORDS
from schemas.outcome_codes import MEANINGS
from streams.ingest import REASONS

_SETTINGS = """\
# Settings

Each setting is read from the environment, else from the TOML file that `TEND_CONFIG` names (without it `tend.toml` in
the working folder, where there is one), else it has the default below. In the file the names are in lower case and
without `TEND_`. Secrets are never printed. Generated from `infra/settings/` by `make docs`.

"""

_METRICS = """\
# Metrics

Workers, the learner and the gateway show theirs at `/metrics` in Prometheus' text format. Generated from
`infra/metrics.py` by `make docs`.

"""


_OUTCOMES = """\
# Named outcomes

What can become of an event or a proposal beside being handled and given out. Generated from `streams/ingest.py`,
`schemas/outcome_codes.py` and `schemas/outcome.py` by `make docs`.

"""


def outcomes_page() -> str:
    """Reasons of dead letters, notes that are counted, reason codes of decisions."""
    tables = [
        ("Dead letters", "reason", dict(REASONS)),
        ("Counted", "note", {note.value: said for note, said in MEANINGS.items()}),
        ("Refused or held", "reason", {reason.value: said for reason, said in REASONS_IN_WORDS.items()}),
    ]
    return _OUTCOMES + "\n".join(_table(*table) for table in tables)


def _table(title: str, column: str, rows: dict[str, str]) -> str:
    lines = [f"## {title}", "", f"| {column} | meaning |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {said} |" for name, said in rows.items())]) + "\n"


def pages() -> dict[str, str]:
    """Every generated file below ``docs/``: relative path to text."""
    return {
        **documents(),
        "api.md": api_page(contract_document()),
        "contracts.html": page_of(asyncapi()),
        "settings.md": _SETTINGS + settings_tables(),
        "metrics.md": _METRICS + metrics_table(),
        "outcomes.md": outcomes_page(),
        "simulator.md": simulator_page(),
        "rules.md": rules_page(),
        "facts.md": facts_page(),
        "connectors.md": connectors_page(),
        "house.md": house_page(),
    }


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m agents.documents", description=__doc__)
    parser.add_argument("docs", nargs="?", type=Path, default=DOCS, help="the folder to write to")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is stale")
    told = parser.parse_args(arguments)
    if not told.check:
        write(pages(), told.docs)
        return 0
    found = stale(pages(), told.docs)
    if found:
        sys.stderr.write("Stale, run `make docs` and commit the result: " + ", ".join(found) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
