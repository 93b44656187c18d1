"""What a door is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Door(NamedTuple):
    """Where bytes of others come in."""

    enter: Callable[[bytes], object]
    seeds: Sequence[bytes]
    refuses: tuple[type[Exception], ...] = ()
    """What its callers expect of it; anything else would end a service or a lane."""
