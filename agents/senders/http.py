"""What HTTP answers of providers mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from agents.senders.provider import Permanent, Temporary

_PASSING: Final = (408, 409, 425, 429)


def refused(status: int, headers: Mapping[str, str], *, dead: bool = False) -> Temporary | Permanent:
    """The failure that an answer other than success stands for."""
    if status >= 500 or status in _PASSING:
        return Temporary(f"http_{status}", retry_after(headers.get("Retry-After", ""), datetime.now(UTC)))
    return Permanent(f"http_{status}", dead=dead)


def retry_after(told: str, now: datetime) -> float | None:
    """Seconds that ``Retry-After`` asks for: a number, or a date of HTTP; None where it says nothing of use."""
    if told.strip().isdigit():
        return float(told.strip())
    try:
        until = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
    return max(0.0, (until - now).total_seconds()) if until.tzinfo else None
