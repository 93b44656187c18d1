"""``tend topics``: make the topics, or check them."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from agents.catalogue import topic_specs
from agents.recovery.adoption import adopt_topics
from agents.screen import say
from agents.server_check import reachable_settings
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics

app = typer.Typer(no_args_is_help=True, help="Make the topics of an installation, or check them.")


@app.command()
def create() -> None:
    """Make what is missing; what exists stays as it is, and is checked.

    Example: TEND_BROKERS=kafka:9092 TEND_PARTITIONS=8 tend topics create
    """
    settings = reachable_settings()
    topics = Topics(KafkaConnection.of(settings))
    made = topics.create(topic_specs(settings), settings.replication)
    for name in made:
        say(f"made {name}")
    topics.check(topic_specs(settings))
    say(f"{len(made)} made, {len(topic_specs(settings)) - len(made)} were there; all are as they have to be")


@app.command()
def check(
    oldest_days: Annotated[int, typer.Option(help="Days that the oldest event of a replay lies back.", min=0)] = 0,
) -> None:
    """Compare the topics with what they have to be: number of partitions, and retention for a replay.

    Example: tend topics check --oldest-days 400
    """
    settings = reachable_settings()
    report = Topics(KafkaConnection.of(settings)).check(topic_specs(settings, oldest_days * 86_400_000))
    for note in report.notes:
        say(note)
    say(f"{len(report.topics)} topics are as they have to be")


@app.command()
def adopt(names: Annotated[list[str], typer.Argument(help="Topics that were deleted and made anew.")]) -> None:
    """Have lanes read topics that were deleted and made anew from their beginning. Stop all workers first.

    Offsets of before mean nothing in a new topic, so workers refuse it. What lanes have read of it already is known
    again by its ids. What was deleted and not read yet is gone: its producers have to send it again.

    Example: tend topics adopt storefront.complaints
    """
    settings = reachable_settings(store=True)
    lanes = asyncio.run(adopt_topics(settings, names))
    say(f"{lanes} lanes read {', '.join(names)} from the beginning; start the workers")
