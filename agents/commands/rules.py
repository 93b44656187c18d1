"""``tend rules``: check a rulebook, list its rules, look up facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from rules.durations import in_words
from rules.facts import FACTS
from rules.rule import Rule
from rules.rulebook import Rulebook, shipped

app = typer.Typer(no_args_is_help=True, help="Check a rulebook, list its rules, look up the facts they may use.")

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="YAML files, or folders of them; without any, the shipped rulebook.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]


@app.command()
def check(files: Files = None, as_json: AsJson = False) -> None:
    """Read a rulebook as a worker would, and tell everything that is wrong with it.

    Example: tend rules check my-rules/
    """
    book = _book(files)
    if as_json:
        typer.echo(orjson.dumps({"version": book.version, "rules": [rule.id for rule in book.rules]}))
    else:
        typer.echo(f"{len(book.rules)} rules are in order; version {book.version}")


@app.command("list")
def list_rules(files: Files = None, as_json: AsJson = False) -> None:
    """List the rules, the highest priority first.

    Example: tend rules list --json | jq '.[].rule'
    """
    rules = [_told(rule) for rule in _book(files).rules]
    if as_json:
        typer.echo(orjson.dumps(rules))
        return
    _print(("rule", "on", "does", "purpose", "priority", "group", "about"), rules)


@app.command()
def facts(
    like: Annotated[str, typer.Argument(help="Only facts with this in their name or meaning.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what conditions and texts may ask of a customer and a moment.

    Example: tend rules facts churn
    """
    found = [
        {"fact": fact.name, "type": str(fact.kind), "unit": fact.unit, "meaning": fact.meaning, "unknown": fact.unknown}
        for fact in FACTS.values()
        if like.lower() in f"{fact.name} {fact.meaning}".lower()
    ]
    if as_json:
        typer.echo(orjson.dumps(found))
        return
    _print(("fact", "type", "unit", "meaning", "unknown"), found)


def _book(files: list[Path] | None) -> Rulebook:
    return Rulebook.load(*files) if files else shipped()


def _told(rule: Rule) -> dict[str, str]:
    terms = rule.terms
    cooldown = terms.cooldown if isinstance(terms.cooldown, str | None) else in_words(terms.cooldown)
    return {
        "rule": rule.id,
        "on": ", ".join(rule.on),
        "when": terms.when.strip(),
        "does": ", ".join(f"{plan.terms.kind} ({', '.join(plan.terms.channels)})" for plan in rule.plans),
        "purpose": terms.purpose,
        "priority": str(terms.priority),
        "group": terms.group or "",
        "cooldown": cooldown or "",
        "expiry": in_words(terms.expiry),
        "about": terms.about,
    }


def _print(columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    Console().print(table)
