"""What a worker on trial is told: at which step to end or to freeze, and which safeguard to do without."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

FILE = "TRIAL_FILE"
"""Where the worker writes what it has in hand: for each lane a byte, 1 where a kill now would count."""
AT = "TRIAL_AT"
"""``commit:3:SIGKILL``: what the worker does to itself at its third commit that counts."""
SABOTAGE = "TRIAL_SABOTAGE"
"""The one safeguard that the worker does without."""


class Step(StrEnum):
    """Where a lane can be hit; each moment is the worst of its step."""

    LOAD = "load"
    """Records are loaded, nothing is decided."""
    HANDLE = "handle"
    """Decided, not committed."""
    COMMIT = "commit"
    """Committed, nothing of it published."""
    PUBLISH = "publish"
    """All is sent, and the transaction is not committed."""
    TRIM = "trim"
    """Published; the next batch, whose commit would tell the store, is not committed."""
    ACKNOWLEDGE = "acknowledge"
    """The batch is done; something of it is not published, and the group has not heard of it."""


class Safeguard(StrEnum):
    """What the promises rest on."""

    VERSION = "version"
    FETCH = "fetch"
    FENCE = "fence"
    POSITION = "position"
    TRIM = "trim"
    DUPLICATES = "duplicates"
    ORDER = "order"


class Trial:
    """Hits this process at the n-th time of a step that counts: a batch uncommitted, or messages unpublished."""

    def __init__(
        self, file: Path, step: Step | None = None, times: int = 0, blow: signal.Signals = signal.SIGKILL
    ) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT)
        self._step, self._times, self._blow = step, times, blow
        self._in_hand: set[int] = set()
        self._met = 0

    def has_in_hand(self, partition: int) -> None:
        """A batch was taken and is not committed."""
        self._in_hand.add(partition)

    def came_to(self, step: Step, partition: int, *, in_hand: bool, unpublished: int) -> None:
        """A lane has come to this step."""
        (self._in_hand.add if in_hand else self._in_hand.discard)(partition)
        if not self.note(partition, unpublished) or step is not self._step:
            return
        self._met += 1
        if self._met == self._times:
            os.kill(os.getpid(), self._blow)

    def note(self, partition: int, unpublished: int) -> bool:
        """Write down whether a kill would count now."""
        counts = partition in self._in_hand or unpublished > 0
        os.pwrite(self._file, b"1" if counts else b"0", partition)
        return counts


def trial_in(environment: Mapping[str, str]) -> Trial:
    """The trial that the environment asks for."""
    file = Path(environment[FILE])
    if AT not in environment:
        return Trial(file)
    step, times, blow = environment[AT].split(":")
    return Trial(file, Step(step), int(times), signal.Signals[blow])


def counts(file: Path) -> bool:
    """Whether a kill at this moment counts."""
    return file.exists() and b"1" in file.read_bytes()
