"""``tend demo``: what ``make run`` calls."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    weeks: Annotated[int, typer.Option(help="Weeks of the real year to replay, from its first day.", min=1)] = 8,
    year: Annotated[bool, typer.Option("--year", help="The whole year.")] = False,
    households: Annotated[int, typer.Option(help="Only so many households, for a quick look; 0 is all.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="What is simulated around the real orders follows from it.")] = 1,
    leave: Annotated[bool, typer.Option("--exit", help="End after the summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The summary as JSON; implies --exit.")] = False,
) -> None:
    """Start a broker, a store, a worker and a learner, replay real orders through them, and show what came of it.

    Then it stays, so that you can look around from another terminal, until Ctrl-C. It ends by itself with --exit,
    or where nobody is at the terminal. Each run starts afresh.

    Example: tend demo --weeks 12
    """
    from agents.demo.run import Plan, run

    run(Plan(days=366 if year else weeks * 7, households=households or None, seed=seed), leave=leave, as_json=as_json)
