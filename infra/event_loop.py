"""The event loop of a worker: libuv's, which costs less per wait, and a worker at a steady pace mostly waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

_T = TypeVar("_T")


def run(service: Coroutine[Any, Any, _T]) -> _T:
    """Run a service to its end; loops that its threads make, such as that of Faust's consumer, are of the same kind."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    return asyncio.run(service)
