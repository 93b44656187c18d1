"""``tend why``: the reasons of one action, or of the absence of one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console as Screen
from rich.progress import Progress, SpinnerColumn, TextColumn

from agents.explain_absence import explain_absence
from agents.screen import say, say_json
from agents.server_check import reachable_settings
from agents.store_queries import StoreQueries
from infra.kafka.connection import KafkaConnection
from infra.kafka.consumers import tail
from infra.settings import Settings
from schemas.errors import NotFound, TendError
from schemas.outcome import Decision, decode_decision
from schemas.shown import shown
from schemas.times import to_rfc3339
from schemas.topics import DECISIONS
from streams.explain import by_channel

_SHOWN = 5


def why(
    action_id: Annotated[str, typer.Argument(help="The action's id, or a beginning that no other has.")] = "",
    customer: Annotated[str, typer.Option(help="Whose action it is; the answer then comes at once.")] = "",
    rule: Annotated[str, typer.Option(help="With --customer: why this rule did nothing for them.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The decisions as JSON, one a line.")] = False,
) -> None:
    """Tell why an action was given out, held or refused, with the facts of that moment; or why there was none.

    Without --customer, and for what the record no longer holds, the whole ledger is searched.

    Examples: tend why 5f0c… --customer h-00900, tend why --customer h-00900 --rule win_back_call
    """
    if rule:
        _absence(customer, rule, as_json=as_json)
        return
    if not action_id:
        raise TendError("Nothing to explain: name an action, or with --customer and --rule what did not happen")
    found = asyncio.run(_find(reachable_settings(store=bool(customer)), action_id, customer))
    if not found:
        raise NotFound(
            f"No decision about action {action_id} is known; check the id, or whether the ledger goes so far"
        )
    if len(several := sorted({decision.action_id for decision in found})) > 1:
        raise TendError(f"{action_id} is the beginning of {len(several)} ids: {', '.join(several[:_SHOWN])}. Say more.")
    for decision in found:
        if as_json:
            say_json(msgspec.to_builtins(decision))
        else:
            say(shown(in_words(decision)))


def _absence(customer: str, rule: str, *, as_json: bool) -> None:
    if not customer:
        raise TendError("For which customer? Add --customer ID")
    sentences = asyncio.run(explain_absence(reachable_settings(broker=False, store=True), customer, rule))
    if as_json:
        say_json(sentences)
    else:
        say("\n".join(map(shown, sentences)))


async def _find(settings: Settings, action_id: str, customer: str) -> list[Decision]:
    if customer:
        recent = [d for d in await _recent(settings, customer) if d.action_id.startswith(action_id)]
        if recent:
            return recent[::-1]
    return await _search(settings, action_id)


async def _recent(settings: Settings, customer: str) -> list[Decision]:
    console = StoreQueries(settings)
    try:
        return await console.decisions(await console.named(customer))
    finally:
        await console.close()


async def _search(settings: Settings, action_id: str) -> list[Decision]:
    found: list[Decision] = []
    columns = (SpinnerColumn(), TextColumn("searching the ledger: {task.completed} decisions, {task.fields[date]}"))
    with Progress(*columns, transient=True, console=Screen(stderr=True)) as progress:
        task = progress.add_task("", total=None, date="")
        async for body in _ledger(settings):
            decision = decode_decision(body)
            progress.update(task, advance=1, date=to_rfc3339(decision.at)[:10])
            if decision.action_id.startswith(action_id):
                found.append(decision)
    return sorted(found, key=lambda decision: decision.acting)


async def _ledger(settings: Settings) -> AsyncIterator[bytes]:
    async for raw in tail(KafkaConnection.of(settings), [DECISIONS], newest=None):
        yield raw.value or b""


def in_words(decision: Decision) -> str:
    """A decision as a few lines of text."""
    lines = [
        f"{to_rfc3339(decision.at)}  {decision.verdict.value} {decision.kind} of rule {decision.rule} "
        f"for {decision.customer} by {decision.channel or 'no channel'} ({decision.purpose})",
        f"  triggered by {decision.trigger}{' ' + decision.trigger_id if decision.trigger_id else ''}; "
        f"occasion {decision.occasion}; rulebook {decision.rulebook}, almanac {decision.almanac}",
    ]
    if decision.reason:
        lines.append(f"  because {decision.reason.value}{': ' + decision.detail if decision.detail else ''}")
    if decision.channels:
        lines.append(f"  passed over: {by_channel(decision)}")
    if decision.until:
        lines.append(f"  to be decided again at {to_rfc3339(decision.until)}")
    lines += [f"  {name} = {value}" for name, value in sorted(decision.facts.items())]
    return "\n".join(lines)
