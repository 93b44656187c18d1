"""``tend quality``: how good what comes in is, source by source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console as Screen
from rich.table import Column, Table

from agents.bootstrap import receiver
from agents.quality import SourceQuality, quality_of
from agents.screen import say
from agents.server_check import reachable_settings
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings
from schemas.lane import KafkaRecord
from schemas.shown import shown
from schemas.topics import EVENT_TOPICS

_MOST_NAMED = 5


def quality(
    newest: Annotated[
        int, typer.Option(help="How many records of each topic's partition are looked at.", min=1)
    ] = 2_000,
    as_json: Annotated[bool, typer.Option("--json", help="All figures as JSON.")] = False,
) -> None:
    """Tell for each source what share of its newest events is out of contract, late, sent again, or partly left out.

    Example: tend quality --newest 10000
    """
    settings = reachable_settings()
    with PartitionLog(KafkaConnection.of(settings)) as log:
        found = quality_of(_newest(log, settings, newest), settings.partitions, receiver(settings))
    if as_json:
        say(msgspec.json.encode(found).decode())
        return
    screen = Screen(markup=False, highlight=False, emoji=False)
    if not found:
        screen.print("No events have come yet.")
        return
    screen.print(_table(found))
    for source, told in found.items():
        for what, counts in (("out of contract", told.refused), ("left out", told.left_out)):
            if counts:
                named = ", ".join(f"{shown(name)} {times:,}" for name, times in counts.most_common(_MOST_NAMED))
                screen.print(f"{shown(source)}, {what}: {named}", soft_wrap=True)


def _newest(log: PartitionLog, settings: Settings, limit: int) -> Iterator[KafkaRecord]:
    for topic in EVENT_TOPICS:
        for partition in range(settings.partitions):
            yield from reversed(list(log.backwards(topic, partition, limit)))


def _table(found: dict[str, SourceQuality]) -> Table:
    names = ("records", "out of contract", "partly left out", "sent again", "late", "misplaced")
    table = Table("source", *(Column(name, justify="right") for name in names))
    for source, told in found.items():
        counts = (
            told.refused.total(), told.partly, told.duplicates, told.late, told.misplaced,
        )  # fmt: skip
        table.add_row(shown(source), f"{told.records:,}", *(f"{told.share(count):.1%}" for count in counts))
    return table
