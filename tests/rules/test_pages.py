"""The pages about rules say what the code does, and are fresh."""

from __future__ import annotations

import re
from pathlib import Path

from rules.deciding.limits import LIMITS
from rules.facts import FACTS
from rules.loading import shipped
from rules.pages import facts_page, rules_page
from rules.reading.checking import RULE_TRIGGERS
from rules.templates.formats import FORMATS
from tests.rules.moments import book

DOCS = Path(__file__).parents[2] / "docs"


def test_the_committed_pages_are_fresh() -> None:
    assert (DOCS / "rules.md").read_text(encoding="utf-8") == rules_page(), "run: make docs"
    assert (DOCS / "facts.md").read_text(encoding="utf-8") == facts_page(), "run: make docs"


def test_every_fact_is_there_once() -> None:
    assert re.findall(r"^\| `([a-z0-9_.]+)` \|", facts_page(), re.MULTILINE) == list(FACTS)


def test_every_trigger_format_limit_rule_and_number_is_there() -> None:
    page = rules_page()
    names = [*RULE_TRIGGERS, *FORMATS, *(limit.__name__ for limit in LIMITS), *(rule.id for rule in shipped().rules)]

    assert [name for name in names if f"| `{name}` |" not in page] == []
    for section, value in shipped().defaults:
        fields = (
            [section] if isinstance(value, tuple | dict) else [f"{section}.{name}" for name in type(value).model_fields]
        )
        assert [field for field in fields if f"| `{field}` |" not in page] == []


def test_no_row_is_without_a_meaning() -> None:
    assert not re.search(r"^\|.*\|\s+\|$", rules_page(), re.MULTILINE)


def test_every_row_is_one_line() -> None:
    page = rules_page()
    tables = [line for line in page.splitlines() if line.startswith("|")]

    assert [line for line in tables if not line.endswith(" |")] == []
    assert not re.search(r"^, ", page, re.MULTILINE), "the rest of a row that was cut in two"


def test_the_example_is_in_order() -> None:
    example = rules_page().split("```yaml\n")[1].split("```")[0]

    assert [rule.id for rule in book(example).rules] == ["thanks_for_a_big_order"]
