"""``tend rehearse``: try rules on a file of events, without any server."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agents.clock import wall_clock
from agents.rehearsal.display import as_plain, as_text
from agents.rehearsal.lines import read_lines
from agents.rehearsal.rehearsal import rehearse as take
from agents.rulebooks import own_rulebook
from agents.screen import say, say_json
from infra.settings import load_settings
from rules.loading import load_rulebook
from schemas.errors import TendError
from schemas.shown import shown
from schemas.times import Millis, to_millis


def rehearse(
    events: Annotated[
        Path, typer.Argument(metavar="EVENTS.jsonl", help="Events of the contract, one JSON object a line.")
    ],
    until: Annotated[
        str, typer.Option(help="After the last line, time goes on until here (RFC 3339, or a date).")
    ] = "",
    rules: Annotated[
        list[Path] | None,
        typer.Option(help="Rules to try: YAML files, or folders of them; by default those of the settings."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
    verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", help="Also rules whose condition was not true, and what each decision knew."),
    ] = False,
) -> None:
    """Take a file of events through the rules, and show per line what is noted, done, held and refused, and why.

    Events are taken in the order of the lines; each customer's timers fire in between. Nothing is sent and no server
    is needed. In a line `id` may be left out, `time` may be "+3 days" after the customer's line before, and
    "$welcome" stands for the action (or the coupon) that the rule `welcome` gave the customer last.

    Example: tend rehearse events.jsonl --rules my-rules/ --until 2026-06-01 -v
    """
    settings = load_settings()
    book = load_rulebook(*rules) if rules else own_rulebook(settings)
    done = take(
        read_lines(events),
        book,
        _moment(until) if until else None,
        name=str(events),
        horizons=settings.churn_horizons,
        today=wall_clock(),
    )
    if as_json:
        say_json(as_plain(done), indent=True)
        return
    for line in as_text(done, book, verbose=verbose):
        say(shown(line))


def _moment(until: str) -> Millis:
    try:
        return to_millis(datetime.fromisoformat(f"{until}T00:00:00+00:00" if len(until) == 10 else until))
    except ValueError:
        raise TendError(
            f"--until {until}: expected a moment with its offset, such as 2026-06-01T00:00:00Z, or a date"
        ) from None
