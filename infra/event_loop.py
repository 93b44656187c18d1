"""The event loop of a worker: libuv's, which costs less per wait, and a worker at a steady pace mostly waits."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import uvloop

_T = TypeVar("_T")


COLLECT_AFTER: Final = 20_000, 50, 100
"""Objects of each generation. A few events make the 700 of Python, and none is garbage in a circle: to look for it
so often took 3 to 4 % of the core's CPU."""


def spare_garbage_collection() -> None:
    """What is loaded by now stays as long as the service: no garbage collection is to walk over it.

    In a replay that took tenths of a second at a time, and 6 % of the core's CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def run(service: Coroutine[Any, Any, _T]) -> _T:
    """Run a service to its end; loops that its threads make, such as that of Faust's consumer, are of the same kind."""
    spare_garbage_collection()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    return asyncio.run(service)
