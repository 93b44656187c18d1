"""Webhooks: one message, and tables of what the topics of a system become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from agents.connectors.told import Body, LeftOut, Reading
from agents.imports.statuses import Meaning


class Hook(NamedTuple):
    """One message."""

    topic: str
    body: Body
    at: datetime
    """When it was sent, for the few bodies that tell no time."""
    states: Mapping[str, Meaning] = {}
    """What the store's own states of orders mean."""


class Topic(NamedTuple):
    """A row of a table."""

    names: tuple[str, ...]
    becomes: str
    """In words, for the documentation."""
    read: Callable[[Hook], Reading]


def read_by(table: tuple[Topic, ...], hook: Hook) -> Reading:
    """What a message says, by the table of its system.

    Raises:
        LeftOut: there is nothing in it to record.
        Refused: it cannot be read.
    """
    for row in table:
        if hook.topic in row.names:
            return row.read(hook)
    raise LeftOut("topic without a meaning here")


def left_out(reason: str) -> Callable[[Hook], Reading]:
    """For topics in which there is nothing to record."""

    def read_nothing(hook: Hook) -> Reading:
        raise LeftOut(reason)

    return read_nothing
