"""Spans of time as people write them: ``45 minutes``, ``4 hours``, ``7 days``, ``2 weeks``."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

from schemas.times import DAY, HOUR, MINUTE, WEEK, Millis

_UNITS: Final = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_SPAN = re.compile(r"([0-9]{1,5}) (minute|hour|day|week)s?")
LONGEST: Final = 10 * 366 * DAY


def parse_duration(text: object) -> Millis:
    """The span in milliseconds.

    Raises:
        ValueError: it is not a number and a unit, or longer than ten years.
    """
    found = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise ValueError("expected a span such as 45 minutes, 4 hours, 7 days or 2 weeks")
    span = int(found[1]) * _UNITS[found[2]]
    if span > LONGEST:
        raise ValueError("expected at most ten years")
    return span


def in_words(span: Millis) -> str:
    """The span in the largest unit that fits."""
    unit = next((name for name in reversed(_UNITS) if span % _UNITS[name] == 0 and span), "minute")
    count = span // _UNITS[unit]
    return f"{count} {unit}{'' if count == 1 else 's'}"


Duration = Annotated[Millis, BeforeValidator(parse_duration)]
