"""``tend dead-letters``: what could not be handled, and sending it again after the mend."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from agents.dead_letters import REDRIVEN, described, newest_letters, one_letter, target
from agents.screen import say, say_json
from agents.server_check import reachable_settings
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from schemas.shown import shown

app = typer.Typer(no_args_is_help=True, help="Look at what could not be handled, and send it again.")


@app.command("list")
def list_letters(
    newest: Annotated[int, typer.Option(help="How many of each partition.", min=1)] = 20,
    reason: Annotated[str, typer.Option(help="Only this reason, such as missing_field.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List dead letters with the reason and where they lay.

    Example: tend dead-letters list --reason missing_field
    """
    for letter in asyncio.run(newest_letters(reachable_settings(), newest)):
        if reason and letter["reason"] != reason:
            continue
        line = f"{letter['id']:10} {letter['reason']:16} {letter['origin']}  {letter['message']}"
        if as_json:
            say_json(letter)
        else:
            say(shown(line))


@app.command()
def show(letter: Annotated[str, typer.Argument(help="PARTITION:OFFSET, as `list` gives it.")]) -> None:
    """Show one dead letter whole: reason, origin, headers and the original body.

    Example: tend dead-letters show 3:17
    """
    raw = asyncio.run(one_letter(reachable_settings(), letter))
    say_json(described(raw, body=True), indent=True)


@app.command()
def redrive(
    letters: Annotated[list[str], typer.Argument(help="PARTITION:OFFSET of each, as `list` gives them.")],
    force: Annotated[bool, typer.Option(help="Send again even what is still no valid event.")] = False,
) -> None:
    """Send dead letters again to where they belong, after what was wrong has been put right.

    All of them are looked at before the first one is sent.

    Example: tend dead-letters redrive 3:17 3:18
    """
    settings = reachable_settings()
    raws = [asyncio.run(one_letter(settings, letter)) for letter in letters]
    targets = [target(raw, letter, settings.partitions, force) for letter, raw in zip(letters, raws, strict=True)]
    producer = BulkProducer(KafkaConnection.of(settings))
    for letter, raw, (topic, partition) in zip(letters, raws, targets, strict=True):
        headers = [h for h in raw.headers if not h[0].startswith("tend-")]
        producer.send(topic, partition, raw.key, raw.value, raw.timestamp, [*headers, (REDRIVEN, letter.encode())])
    producer.flush()
    say(f"{len(raws)} sent again")
