"""Records that a broker shows later than those behind them.

A broker without transactions gives out its offsets without gaps. The embedded one lets several write to a partition at
the same moment, and may show the second record before the first: who read on behind it would never see the first.
Whoever reads from the missing place again finds it, mostly at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 3.0


class Gaps:
    """What is missing in front of what came, in one partition of several topics.

    Args:
        contiguous: whether this broker's offsets are without gaps; where they are not, nothing is ever missing.
        clock: tells seconds that never go back.
    """

    def __init__(self, *, contiguous: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._contiguous = contiguous
        self._clock = clock
        self._missing: dict[str, tuple[int, float]] = {}

    def before(self, topic: str, expected: int, offset: int) -> bool:
        """Whether to read from the expected offset again, and to leave what came at this one until then.

        What has been missing for some seconds is taken for deleted, and the log tells of it.
        """
        if not self._contiguous or offset <= expected:
            return False
        now = self._clock()
        missing, since = self._missing.get(topic, (None, now))
        if missing != expected:
            since = now
        if now - since >= _PATIENCE_SECONDS:
            del self._missing[topic]
            log.error("%s holds nothing from offset %d to %d; going on behind that", topic, expected, offset - 1)
            return False
        self._missing[topic] = expected, since
        return True
