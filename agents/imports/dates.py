"""Dates as other systems write them; an order of day and month that the file does not prove is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final, Literal

from agents.imports.problems import BadValue
from schemas.errors import TendError
from schemas.times import Millis, to_millis

Order = Literal["day first", "month first"]

_SEPARATED: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T, ]+(.+))?")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?")
_YEAR_FIRST: Final = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)")
_NOON: Final = 12


def order_of(dates: Iterable[tuple[int, str]]) -> Order | None:
    """Whether days or months come first, as far as the numbered dates prove it; None where none is so written.

    Raises:
        TendError: every such date can be read both ways.
    """
    example = ""
    for number, text in dates:
        found = _SEPARATED.fullmatch(text.strip())
        if not found:
            continue
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            return "day first"
        if second > 12 >= first:
            return "month first"
        if first != second and not example:
            example = _both_ways(number, text, found)
    if example:
        raise TendError(example)
    return None


def _both_ways(number: int, text: str, found: re.Match[str]) -> str:
    sign = found[2]
    clock = " %H:%M:%S" if (found[5] or "").count(":") == 2 else " %H:%M" if found[5] else ""
    formats = [f"%d{sign}%m{sign}%Y{clock}", f"%m{sign}%d{sign}%Y{clock}"]
    meant = [
        datetime(int(found[4]), month, day, tzinfo=UTC).strftime("%d %B %Y")
        for month, day in ((int(found[3]), int(found[1])), (int(found[1]), int(found[3])))
        if 1 <= month <= 12
    ]
    return (
        f"The dates are ambiguous: {text.strip()} (line {number}) may be {' or '.join(meant)}, and no date of the file "
        f"tells which. Say --date-format '{formats[0]}' or --date-format '{formats[1]}'."
    )


class Dates:
    """Reads the dates of one file.

    Args:
        zone: of times that carry no offset of their own.
        pattern: a ``strptime`` format; without, ISO 8601, Unix seconds and milliseconds, and dates such as
            31.01.2026 are understood.
        order: of day and month in the latter.
    """

    def __init__(self, zone: tzinfo, pattern: str | None = None, order: Order | None = None) -> None:
        self._zone, self._pattern, self._order = zone, pattern, order
        # Lines of one order stand beside each other and share their time.
        self._read = lru_cache(maxsize=1024)(self._moment)

    def read(self, field: str, text: str) -> Millis:
        """The moment that a text names. A date without a time of day is taken as noon in the zone.

        Raises:
            BadValue: it is none.
        """
        try:
            return self._read(text.strip())
        except (ValueError, OverflowError) as problem:
            expected = f"the format {self._pattern}" if self._pattern else f"a date ({problem})"
            hint = "" if self._pattern else "; other formats are told by --date-format"
            raise BadValue(field, f"{text!r} is not {expected}{hint}") from None

    def _moment(self, text: str) -> Millis:
        found = self._formatted(text) if self._pattern else self._guessed(text)
        return to_millis(found if found.tzinfo else found.replace(tzinfo=self._zone))

    def _formatted(self, text: str) -> datetime:
        pattern = self._pattern or ""
        found = datetime.strptime(text, pattern)  # noqa: DTZ007  # the zone follows
        return found if any(sign in pattern for sign in ("%H", "%I", "%c", "%X")) else found.replace(hour=_NOON)

    def _guessed(self, text: str) -> datetime:
        if found := _SEPARATED.fullmatch(text):
            return self._separated(found)
        if text.isdecimal() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / (1 if len(text) == 10 else 1000), UTC)
        if _YEAR_FIRST.match(text):
            text = _padded(text)
        found_iso = datetime.fromisoformat(text)
        return found_iso.replace(hour=_NOON) if len(text) <= 10 else found_iso

    def _separated(self, found: re.Match[str]) -> datetime:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        day, month = (second, first) if self._order == "month first" else (first, second)
        clock = _clock(found[5]) if found[5] else (_NOON, 0, 0, 0)
        return datetime(year, month, day, *clock)  # noqa: DTZ001  # the zone follows


def _padded(text: str) -> str:
    """``2026/1/5 8:30`` as ``2026-01-05 08:30``."""
    date, _, rest = re.sub(r"[T ]+", " ", text, count=1).partition(" ")
    year, month, day = re.split(r"[-/.]", date)
    hour, colon, minutes = rest.partition(":")
    clock = f" {hour:0>2}{colon}{minutes}" if rest else ""
    return f"{year}-{month:0>2}-{day:0>2}{clock}"


def _clock(text: str) -> tuple[int, int, int, int]:
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise ValueError(f"no time of day: {text}")
    hour = int(found[1])
    if half := (found[5] or "").lower():
        if not 1 <= hour <= 12:
            raise ValueError(f"no hour of twelve: {hour}")
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(found[2]), int(found[3] or 0), int((found[4] or "0").ljust(6, "0"))
