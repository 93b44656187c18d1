"""Waiting for a dependency that is away: keep what is in hand, try again, say so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_never, wait_exponential_jitter

from schemas.errors import DependencyUnavailable

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 1.0
_FIRST_SECONDS = 0.1
Result = TypeVar("Result")


async def until_available(ask: Callable[[], Awaitable[Result]], waits: Callable[[str | None], None]) -> Result:
    """Ask until the dependency answers, at longer and longer intervals of 5 seconds at most; the log tells of it.

    Args:
        ask: safe to call again after ``DependencyUnavailable``.
        waits: told what is away while waiting, and None once it answers.
    """

    try:
        # Most calls are answered at once, and are not to pay for what waiting needs.
        result = await ask()
    except DependencyUnavailable as away:
        result = await _again(ask, waits, str(away))
    waits(None)
    return result


async def _again(ask: Callable[[], Awaitable[Result]], waits: Callable[[str | None], None], away: str) -> Result:
    log.warning("Waiting for %s", away)
    waits(away)
    await asyncio.sleep(_FIRST_SECONDS)

    def tell(state: RetryCallState) -> None:
        nonlocal away
        why = str(state.outcome.exception()) if state.outcome is not None else "away"
        if why != away:
            log.warning("Waiting for %s", why)
        away = why
        waits(why)

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(DependencyUnavailable),
        wait=wait_exponential_jitter(multiplier=0.1, max=5, jitter=0.2),
        stop=stop_never,
        before_sleep=tell,
    )

    async def once() -> Result:
        return await ask()

    result: Result = await retrying(once)
    log.warning("Going on; waited for %s", away)
    return result


async def keep_reading(read: Callable[[], Awaitable[None]]) -> None:
    """Go on reading until cancelled: where the broker was away, ``read`` begins anew from where it came to."""
    while True:
        try:
            await read()
        except DependencyUnavailable as away:
            log.warning("%s; reading again in %.0f s", away, _AGAIN_SECONDS)
            await asyncio.sleep(_AGAIN_SECONDS)
