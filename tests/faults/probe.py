"""What a worker under probe is told: at which step to end or to freeze, and which safeguard to do without."""

from __future__ import annotations

import os
import signal
import time
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = "TRIAL_FILE"
"""Where the worker writes what it has in hand: for each lane a byte, 1 where a kill now would count. Behind that it
reads what it has to do to itself, such as ``commit:3:SIGKILL`` at its third commit that counts."""
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


class Passage(StrEnum):
    """Where the way of a life from one lane to another, or of an event that follows it, can be hit."""

    LEAVES = "leaves"
    """Decided, not committed."""
    LEFT = "left"
    """Committed, not published."""
    SENT = "sent"
    """Sent, and the transaction is not committed."""
    ARRIVES = "arrives"
    """Its customer is loaded in the other lane, nothing is decided."""
    JOINED = "joined"
    """Decided there, not committed."""
    KEPT = "kept"
    """Committed there; the group has not heard of it."""


class Safeguard(StrEnum):
    """What the promises rest on."""

    VERSION = "version"
    FETCH = "fetch"
    FENCE = "fence"
    POSITION = "position"
    TRIM = "trim"
    DUPLICATES = "duplicates"
    ORDER = "order"
    TOPICS = "topics"
    IDENTITY = "identity"


AT_ONCE = 0
"""For ``order``: the next time, whether it counts or not."""
_ORDER_AT = 4_096
_ORDER_BYTES = 64


class Probe:
    """Hits this process at the n-th time of a step that counts: a batch uncommitted, or messages unpublished."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDWR | os.O_CREAT)
        self._order = b""
        self._in_cache: set[int] = set()
        self._met = 0

    def came_to(self, step: Step | Passage, partition: int, *, in_cache: bool, unpublished: int) -> None:
        """A lane has come to this step."""
        (self._in_cache.add if in_cache else self._in_cache.discard)(partition)
        counts = self.note(partition, unpublished)
        if order := os.pread(self._file, _ORDER_BYTES, _ORDER_AT):
            self._obey(order, step, counts=counts)

    def _obey(self, order: bytes, step: Step | Passage, *, counts: bool) -> None:
        if order != self._order:
            self._order, self._met = order, 0
        at, times, blow, _ = order.decode().rstrip("\0").split(":")
        if at != step or not (counts or int(times) == AT_ONCE):
            return
        self._met += 1
        # Once: who was frozen and wakes goes on, and is not frozen again by the same order.
        if self._met == max(int(times), 1):
            os.kill(os.getpid(), signal.Signals[blow])

    def note(self, partition: int, unpublished: int) -> bool:
        """Write down whether a kill would count now."""
        counts = partition in self._in_cache or unpublished > 0
        os.pwrite(self._file, b"1" if counts else b"0", partition)
        return counts


def order(file: Path, step: Step | Passage, times: int, blow: signal.Signals) -> None:
    """Tell the worker of this file what to do to itself."""
    with file.open("r+b") as target:
        target.truncate(_ORDER_AT)
        target.seek(_ORDER_AT)
        # The moment tells an order from an earlier one of the same words.
        target.write(f"{step}:{times}:{blow.name}:{time.monotonic_ns()}".encode())


def take_back(file: Path) -> None:
    """Tell it to leave itself alone."""
    with file.open("r+b") as target:
        target.truncate(_ORDER_AT)


def counts(file: Path) -> bool:
    """Whether a kill at this moment counts."""
    return file.exists() and b"1" in file.read_bytes()[:_ORDER_AT]
