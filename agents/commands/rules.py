"""``tend rules``: check a rulebook, list its rules, look up facts, put it in force."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from agents.calendar_warnings import calendar_warnings
from agents.rulebooks import HEAD_START, own_rulebook, publish_rulebook, published_rulebooks
from agents.screen import say, say_json
from agents.signing import installation_key
from infra.kafka.connection import KafkaConnection
from infra.settings import Settings, load_settings
from rules.durations import in_words
from rules.facts import FACTS
from rules.loading import NUMBERS, load_rulebook, shipped, shipped_files
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.errors import TendError
from schemas.times import Millis, to_millis, to_rfc3339
from streams.rulebook_schedule import FAR_AWAY

app = typer.Typer(no_args_is_help=True, help="Check a rulebook, list its rules, look up facts, put it in force.")

Files = Annotated[
    list[Path] | None,
    typer.Argument(help="YAML files, or folders of them; by default the shipped rulebook.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]


@app.command()
def check(files: Files = None, as_json: AsJson = False) -> None:
    """Read a rulebook as a worker would, and tell everything that is wrong with it.

    Example: tend rules check my-rules/
    """
    book = _book(files)
    if as_json:
        say_json({"version": book.version, "rules": [rule.id for rule in book.rules]})
    else:
        say(f"{len(book.rules)} rules are in order; version {book.version}")
    for warning in calendar_warnings(book, datetime.now(UTC).date()):
        typer.echo(f"Warning: {warning}.", err=True)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new folder, or an empty one.")]) -> None:
    """Write the shipped rulebook into a folder, to begin a store's own from.

    Example: tend rules init my-rules/
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise TendError(f"{folder} is not empty, and nothing in it is overwritten. Name a new folder.")
        for name, text in shipped_files().items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise TendError(f"{folder} cannot be written to: {error.strerror}. Name a folder of yours.") from error
    say(f"{folder}: the shipped rules, and the numbers of a store in {NUMBERS}. Then: tend rules check {folder}")


@app.command("list")
def list_rules(files: Files = None, as_json: AsJson = False) -> None:
    """List the rules, the highest priority first.

    Example: tend rules list --json | jq '.[].rule'
    """
    rules = [_told(rule) for rule in _book(files).rules]
    if as_json:
        say_json(rules)
        return
    _print(("rule", "on", "does", "about"), rules)


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
        say_json(found)
        return
    _print(("fact", "type", "unit", "meaning"), found)


@app.command()
def publish(
    files: Files = None,
    since: Annotated[
        str, typer.Option("--from", help="When it comes into force (RFC 3339); by default in two seconds.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Check a rulebook and put it in force as a whole, for all workers at one moment.

    Without files it is the one that the settings name, or the shipped one.

    Example: tend rules publish my-rules/ --from 2026-03-01T00:00:00Z
    """
    settings = load_settings()
    book = load_rulebook(*files) if files else own_rulebook(settings)
    moment = _moment(since)
    asyncio.run(publish_rulebook(settings, book, moment))
    until = asyncio.run(_until(settings, moment))
    told = {"version": book.version, "rules": len(book.rules), "in_force_from": to_rfc3339(moment), "until": until}
    if as_json:
        say_json(told)
        return
    past = "; what was decided before now stays" if moment < to_millis(datetime.now(UTC)) else ""
    ends = f", until another one that is published already takes over at {until}" if until else " on"
    say(f"{len(book.rules)} rules, version {book.version}, are in force from {to_rfc3339(moment)}{ends}{past}")


async def _until(settings: Settings, moment: Millis) -> str | None:
    """When a rulebook that was published before takes over again; None where none does."""
    schedule = await published_rulebooks(KafkaConnection.of(settings), installation_key(settings))
    change = schedule.next_change(moment)
    return None if change >= FAR_AWAY else to_rfc3339(change)


def _moment(since: str) -> Millis:
    if not since:
        return to_millis(datetime.now(UTC)) + HEAD_START
    try:
        return to_millis(datetime.fromisoformat(since))
    except ValueError:
        raise TendError(f"--from {since}: expected a moment with its zone, such as 2026-03-01T00:00:00Z") from None


def _book(files: list[Path] | None) -> Rulebook:
    return load_rulebook(*files) if files else shipped()


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
    table = Table(Column(columns[0], no_wrap=True), *columns[1:], box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    Console().print(table)
