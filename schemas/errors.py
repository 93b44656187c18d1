"""Errors that people are meant to read."""

from __future__ import annotations

from typing import Final

MACHINE_TROUBLE: Final = (MemoryError, OSError)
"""What the machine lacks for now: memory, descriptors, a file. No event is to blame, so none becomes a dead letter."""


class TendError(Exception):
    """Something a person can put right: the message says what, where, what was expected and what to do.

    The command line prints the message without a traceback and exits with status 2.
    """


class NotFound(TendError):
    """What was asked for is not there, though the question was right; the command line exits with status 3."""


class ConfigurationRefused(TendError):
    """A service refuses to start, because going on would make a promise empty."""


class Fenced(Exception):
    """Another owner has raised the lane's version: this lane object is a zombie and must be thrown away."""


class TakenOver(Fenced):
    """The store says that the lane has another owner: nothing more may be sent."""


class DependencyUnavailable(Exception):
    """A broker or store does not answer for now: keep the batch, wait, try again."""
