"""What a lane is doing, and what it waits for: several things may be away at once."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Status(StrEnum):
    """What a lane is doing."""

    RUNNING = "running"
    WAITING = "waiting"
    PARKED = "parked"
    ENDED = "ended"


class LaneStatus:
    """The status of one lane; whoever watches is told of each change.

    A lane runs only when nothing that it needs is away: that the store answers does not say that the broker does.
    """

    def __init__(self, told: Callable[[Status], None]) -> None:
        self._told = told
        self._away: dict[str, str] = {"start": "starting"}
        self.status = Status.WAITING

    @property
    def why(self) -> str:
        """What is waited for, or why it is parked."""
        return "; ".join(self._away.values())

    def wait(self, what: str, why: str | None) -> None:
        """One of the things needed is waited for; or, with None, is there."""
        if why is not None:
            self._away[what] = why
        else:
            self._away.pop(what, None)
        self._tell(Status.WAITING if self._away else Status.RUNNING)

    def end(self, status: Status, why: str) -> None:
        """It works no more: parked or ended."""
        self._away = {"end": why} if why else {}
        self._tell(status)

    def _tell(self, status: Status) -> None:
        if status is not self.status:
            self.status = status
            self._told(status)
