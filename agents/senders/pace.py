"""How fast a provider is asked: retries with back-off, a breaker, a rate, and a new sender's slow beginning."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from agents.senders.provider import Temporary

Given = TypeVar("Given")
_TRIES: Final = 5
_BREAKS_AFTER: Final = 5
_PAUSE_SECONDS: Final = 15.0
_LONGEST_PAUSE: Final = 600.0
_REST_SECONDS: Final = 60.0
PATIENCE: Final = 30.0
"""Seconds that a sender waits with messages in hand; for longer they are put off: its consumer must go on polling."""


@dataclass(slots=True)
class Breaker:
    """After several refusals in a row nothing is asked for a while; the while doubles until one is taken."""

    failures: int = 0
    opens_at: float = 0.0
    """On the clock of the caller, in seconds."""
    pause: float = field(default=_PAUSE_SECONDS)

    def wait(self, now: float) -> float:
        """Seconds until it may be tried again."""
        return max(0.0, self.opens_at - now)

    def taken(self) -> None:
        """The provider took one."""
        self.failures, self.pause = 0, _PAUSE_SECONDS

    def rest(self, now: float) -> None:
        """One message was given up for now: the next ones are not tried as often before the provider had some rest."""
        self.opens_at = max(self.opens_at, now + _REST_SECONDS)

    def refused(self, now: float, retry_after: float | None) -> None:
        """The provider took none, and perhaps said when it will."""
        self.failures += 1
        if retry_after is not None:
            self.opens_at = max(self.opens_at, now + min(retry_after, _LONGEST_PAUSE))
        elif self.failures >= _BREAKS_AFTER:
            self.opens_at = now + self.pause
            self.pause = min(self.pause * 2, _LONGEST_PAUSE)


@dataclass(slots=True)
class Rate:
    """At most this number of messages a second."""

    per_second: float
    _next: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next may go; it counts as gone."""
        starts = max(now, self._next)
        self._next = starts + 1 / self.per_second
        return starts - now


def warm_up(days: int, first: int, limit: int | None) -> int | None:
    """Messages allowed on a day of a new sender: twice as many each day; None for no limit.

    Args:
        days: whole days since its first message; before it, as on its first day.
        first: allowed on the first day; 0 for a sender that needs no warming up.
        limit: allowed on any day.
    """
    if first == 0:
        return limit
    grown: int = first * 2 ** min(max(days, 0), 30)
    return grown if limit is None else min(grown, limit)


async def persistently(
    attempt: Callable[[], Awaitable[Given]], sleep: Callable[[float], Awaitable[None]], tries: int = _TRIES
) -> Given:
    """Try until it is taken, with growing pauses; what the provider asks for is waited, if it is not too long.

    Raises:
        Temporary: it was not taken after all tries.
    """
    retrying = AsyncRetrying(
        retry=retry_if_exception(_at_once),
        stop=stop_after_attempt(tries),
        wait=_pause,
        sleep=sleep,
        reraise=True,
    )

    async def tried() -> Given:
        return await attempt()

    return await retrying(tried)


def _at_once(failure: BaseException) -> bool:
    if not isinstance(failure, Temporary) or failure.of_recipient:
        return False
    return failure.retry_after is None or failure.retry_after <= PATIENCE


_GROWING: Final = wait_exponential_jitter(multiplier=0.5, max=60)


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.retry_after if isinstance(failure, Temporary) else None
    return min(asked, _LONGEST_PAUSE) if asked is not None else _GROWING(state)
