"""The wall clock of service, as far as it can be believed.

A clock that is wrong for a moment (a machine that was asleep, a bad time server) would refuse all that is due as
expired and silence a lane until the real time has come there. So a leap against the machine's own steady clock is not
believed until it has lasted and the store's clock says the same; meanwhile a lane takes nothing in, and says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from schemas.errors import DependencyUnavailable
from schemas.times import MINUTE, SECOND, Millis, to_rfc3339

SKEW: Millis = MINUTE
"""How far two clocks may lie apart."""
PROOF: Millis = MINUTE
"""How long a leap must have lasted before it is believed."""
_AGAIN_SECONDS = 1.0


class ClockDistrusted(Exception):
    """The clock cannot be believed for now: nothing is taken in until it can."""


def steady_clock() -> Millis:
    """Milliseconds that never leap; they say nothing of the time of day."""
    return time.monotonic_ns() // 1_000_000


class TrustedClock:
    """Gives the time while the wall clock goes as evenly as the steady one.

    Args:
        wall: the time of day.
        others: asks the time of the store.
        steady: goes evenly.
    """

    def __init__(
        self,
        wall: Callable[[], Millis],
        others: Callable[[], Awaitable[Millis]],
        steady: Callable[[], Millis] = steady_clock,
    ) -> None:
        self._wall, self._others, self._steady = wall, others, steady
        self._last: tuple[Millis, Millis] | None = None

    def __call__(self) -> Millis:
        """The time.

        Raises:
            ClockDistrusted: it leapt since it was last asked, or was never compared with the store's.
        """
        now, steady = self._wall(), self._steady()
        if self._last is None:
            raise ClockDistrusted("this machine's clock was not compared with the store's yet")
        leap = (now - self._last[0]) - (steady - self._last[1])
        if abs(leap) > SKEW:
            raise ClockDistrusted(f"this machine's clock leapt by {leap / SECOND:+,.0f} s, to {as_told(now)}")
        self._last = now, steady
        return now

    async def prove(self, waits: Callable[[str | None], None]) -> None:
        """Wait until the clock can be believed: it agrees with the store's, and after a leap has done so for a minute.

        Args:
            waits: told why it is not believed yet, and None once it is.
        """
        leapt = self._last is not None
        since: Millis | None = None
        offset = 0
        while (why := await self._doubt()) is not None or leapt:
            now, steady = self._wall(), self._steady()
            if self._goes_on(now, steady):
                break  # it was wrong for a moment only
            if why is not None or since is None or abs(now - steady - offset) > SKEW:
                since, offset = (None if why else steady), now - steady
            elif steady - since >= PROOF:
                break
            waits(why or f"this machine's clock leapt, to {as_told(now)}; it is believed once that has lasted a minute")
            await asyncio.sleep(_AGAIN_SECONDS)
        self._last = self._wall(), self._steady()
        waits(None)

    def _goes_on(self, now: Millis, steady: Millis) -> bool:
        """Whether it is where it would be had it never leapt."""
        return self._last is not None and abs((now - self._last[0]) - (steady - self._last[1])) <= SKEW

    async def _doubt(self) -> str | None:
        try:
            theirs = await self._others()
        except DependencyUnavailable as away:
            return f"this machine's clock cannot be compared: {away}"
        ours = self._wall()
        if abs(ours - theirs) <= SKEW:
            return None
        return (
            f"this machine's clock says {as_told(ours)}, the store's {as_told(theirs)}; they may differ by "
            f"{SKEW // SECOND} s: set the clock that is wrong (NTP)"
        )


def as_told(moment: Millis) -> str:
    """The moment, whatever a broken clock says."""
    try:
        return to_rfc3339(moment)
    except (OverflowError, ValueError):
        return f"{moment} ms"
