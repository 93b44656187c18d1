"""Dates as other systems write them: one form for a column; whether days or months come first is never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agents.imports.problems import BadValue
from schemas.errors import TendError
from schemas.times import Millis, to_millis, to_rfc3339

Form = Literal["day first", "month first", "serial"]

_SEPARATED: Final = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[T, ]+(.+))?")
_CLOCK: Final = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?\s*([AaPp])?\.?(?:[Mm]\.?)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_YEAR_FIRST: Final = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)")
_ZONE: Final = re.compile(r"(.*?\d(?:\s*[AaPp]\.?[Mm]\.?)?)\s*(?:\(?([A-Za-z][A-Za-z_]*(?:/[A-Za-z_+-]+)*)\)?)")
_OFFSET_AT_END: Final = re.compile(r"(.*:\d{2}(?:[.,]\d+)?)\s*(?:UTC|GMT)?\s*([+-]\d{2}:?\d{2})(?:\s*\([^)]*\))?")
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12,
}  # fmt: skip
_NAME: Final = "|".join(_MONTHS)
_WORDED: Final = re.compile(
    rf"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
    rf"(?:(?P<day>\d{{1,2}})[\s.-]+(?P<month>{_NAME})[a-z]*\.?[\s,-]+|(?P<month2>{_NAME})[a-z]*\.?\s+(?P<day2>\d{{1,2}}),?\s+)"
    rf"(?P<year>\d{{4}})(?:[\sT,]+(?P<clock>.+))?",
    re.IGNORECASE,
)
_SERIAL: Final = re.compile(r"[2-7]\d{4}(?:[.,]\d+)?")
"""Days since 1899-12-30, from 1954 to 2119: what a date becomes when a spreadsheet forgets that it is one."""
_ZONES: Final = {
    "UTC": 0, "GMT": 0, "Z": 0, "CET": 60, "CEST": 120, "WET": 0, "WEST": 60, "EET": 120, "EEST": 180, "MSK": 180,
    "EST": -300, "EDT": -240, "CDT": -300, "MDT": -360, "MST": -420, "PST": -480, "PDT": -420, "JST": 540,
    "KST": 540, "HKT": 480, "SGT": 480, "AEST": 600, "AEDT": 660, "BRT": -180, "NZST": 720, "NZDT": 780,
}  # fmt: skip
"""Abbreviations that mean one offset, in minutes; others (CST, IST, BST) count where the file's own zone uses them."""
_NOON: Final = 12


class DateEvidence:
    """What the dates of a column say about their form."""

    def __init__(self) -> None:
        self._order: Form | None = None
        self._both = ("", "")
        self._serial = self._other = 0

    def see(self, where: str, text: str) -> None:
        """Take one more date into account."""
        if self._order:
            return
        text = text.strip()
        found = _SEPARATED.fullmatch(text)
        if not found:
            self._serial += bool(_SERIAL.fullmatch(text))
            self._other += bool(text) and not _SERIAL.fullmatch(text)
            return
        self._other += 1
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            self._order = "day first"
        elif second > 12 >= first:
            self._order = "month first"
        elif first != second and not self._both[0]:
            self._both = (text, where)

    def form(self, column: str) -> Form | None:
        """The form that the column proves; None where it needs none.

        Raises:
            TendError: every such date can be read both ways.
        """
        if self._order:
            return self._order
        if self._both[0]:
            raise TendError(_both_ways(column, *self._both))
        return "serial" if self._serial and not self._other else None


def _both_ways(column: str, text: str, where: str) -> str:
    found = _SEPARATED.fullmatch(text)
    assert found is not None
    sign = found[2]
    clock = " %H:%M:%S" if (found[5] or "").count(":") == 2 else " %H:%M" if found[5] else ""
    formats = [f"%d{sign}%m{sign}%Y{clock}", f"%m{sign}%d{sign}%Y{clock}"]
    meant = [
        datetime(int(found[4]), month, day, tzinfo=UTC).strftime("%d %B %Y")
        for month, day in ((int(found[3]), int(found[1])), (int(found[1]), int(found[3])))
        if 1 <= month <= 12
    ]
    return (
        f"The dates in {column} are ambiguous: {text} ({where}) may be {' or '.join(meant)}, and no date of the file "
        f"tells which. Say --date-format '{formats[0]}' or --date-format '{formats[1]}'."
    )


class Dates:
    """Reads the dates of one column.

    Args:
        zone: of times that carry no offset of their own.
        pattern: a ``strptime`` format; without, ISO 8601, Unix seconds and milliseconds, dates such as 31.01.2026 and
            Jan 31, 2026 are understood, with offsets or names of zones.
        form: of the column, where its dates need one.
        since: the earliest moment that is taken.
        until: the latest.
    """

    def __init__(
        self,
        zone: tzinfo,
        pattern: str | None = None,
        form: Form | None = None,
        since: Millis | None = None,
        until: Millis | None = None,
    ) -> None:
        self._zone, self._pattern, self._form, self._since, self._until = zone, pattern, form, since, until
        # Rows of one order stand beside each other and share their time.
        self._read = lru_cache(maxsize=4_096)(self._moment)

    def read(self, field: str, text: str) -> Millis:
        """The moment that a text names. A date without a time of day is taken as noon in the zone.

        Raises:
            BadValue: it is none, or lies outside the span that is taken.
        """
        try:
            found = self._read(text.strip())
        except (ValueError, OverflowError) as problem:
            expected = f"the format {self._pattern}" if self._pattern else f"a date ({problem})"
            hint = "" if self._pattern else "; other formats are told by --date-format"
            raise BadValue(field, f"{text!r} is not {expected}{hint}") from None
        if self._since is not None and found < self._since:
            raise BadValue(field, f"{text!r} lies before {to_rfc3339(self._since)[:10]}; --since takes earlier ones")
        if self._until is not None and found > self._until:
            raise BadValue(field, f"{text!r} lies in the future")
        return found

    def _moment(self, text: str) -> Millis:
        found = self._formatted(text) if self._pattern else self._guessed(text)
        return to_millis(found if found.tzinfo else found.replace(tzinfo=self._zone))

    def _formatted(self, text: str) -> datetime:
        pattern = self._pattern or ""
        found = datetime.strptime(text, pattern)  # noqa: DTZ007  # the zone follows
        return found if any(sign in pattern for sign in ("%H", "%I", "%c", "%X")) else found.replace(hour=_NOON)

    def _guessed(self, text: str) -> datetime:
        if self._form == "serial":
            return _from_serial(text)
        if text.isdecimal() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / (1 if len(text) == 10 else 1000), UTC)
        if text.isdecimal() and len(text) == 14:
            text = f"{text[:8]}T{text[8:]}"
        bare, zone = self._without_zone(text)
        found = self._local(bare)
        return found if zone is None else found.replace(tzinfo=zone(found))

    def _local(self, text: str) -> datetime:
        if found := _SEPARATED.fullmatch(text):
            return self._separated(found)
        if found := _WORDED.fullmatch(text):
            month = _MONTHS[(found["month"] or found["month2"]).lower()]
            return _at(int(found["year"]), month, int(found["day"] or found["day2"]), found["clock"])
        if _YEAR_FIRST.match(text):
            text = _padded(text)
        found_iso = datetime.fromisoformat(text)
        return found_iso.replace(hour=_NOON) if len(text) <= 10 else found_iso

    def _without_zone(self, text: str) -> tuple[str, Callable[[datetime], tzinfo] | None]:
        if text[-1:].isdigit() and not {text[-6:-5], text[-5:-4]} & {"+", "-"}:
            return text, None
        if (found := _OFFSET_AT_END.fullmatch(text)) is not None:
            offset = _offset(found[2])
            return found[1], lambda _: offset
        if (named := _ZONE.fullmatch(text)) is not None and named[2].lower() not in ("am", "pm", "a", "p", "t"):
            name = named[2]
            return named[1], lambda at: self._named(name, at)
        return text, None

    def _named(self, name: str, at: datetime) -> tzinfo:
        """The zone of a name or an abbreviation.

        Raises:
            ValueError: it may be several, or none.
        """
        if at.replace(tzinfo=self._zone).tzname() == name.upper():
            return self._zone
        if name.upper() in _ZONES:
            return timezone(timedelta(minutes=_ZONES[name.upper()]))
        try:
            if "/" in name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            pass
        raise ValueError(f"{name} is no zone that is known without doubt; --tz names it")

    def _separated(self, found: re.Match[str]) -> datetime:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        day, month = (second, first) if self._form == "month first" else (first, second)
        return _at(year, month, day, found[5])


def _at(year: int, month: int, day: int, clock: str | None) -> datetime:
    hour, minute, second, micro = _clock(clock) if clock else (_NOON, 0, 0, 0)
    return datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001  # the zone follows


def _from_serial(text: str) -> datetime:
    days = float(text.replace(",", "."))
    found = datetime(1899, 12, 30) + timedelta(milliseconds=round(days * 86_400) * 1000)  # noqa: DTZ001  # the zone follows
    return found if days % 1 else found.replace(hour=_NOON)


def _offset(text: str) -> timezone:
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


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
