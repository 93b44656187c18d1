"""Time zones from the pinned ``tzdata`` package, so that every machine has the same ones.

``zoneinfo.ZoneInfo(name)`` would prefer what the operating system has, and two workers could differ.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo


@cache
def zone_names() -> frozenset[str]:
    """All zones that are known."""
    return frozenset((resources.files("tzdata") / "zones").read_text(encoding="utf-8").split())


def is_zone(name: str) -> bool:
    """Whether it is a zone of the IANA database."""
    return name in zone_names()


@cache
def zone_info(name: str) -> ZoneInfo:
    """The zone of that name.

    Raises:
        ValueError: there is no such zone.
    """
    if not is_zone(name):
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin")
    path = resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
    with path.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


_OFFSET: Final = re.compile(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?", re.IGNORECASE)
_FARTHEST: Final = {"+": 14, "-": 12}


def resolved_zone(name: str) -> str | None:
    """The zone that is meant: in other capitals, or as an offset in whole hours such as UTC+8. None where none is."""
    if is_zone(name):
        return name
    offset = _OFFSET.fullmatch(name.strip())
    if offset and int(offset[2]) <= _FARTHEST[offset[1]]:
        # In Etc the sign is turned round: Etc/GMT-8 is eight hours ahead of UTC.
        hours, sign = int(offset[2]), "-" if offset[1] == "+" else "+"
        return f"Etc/GMT{sign}{hours}" if hours else "Etc/UTC"
    return _by_small_letters().get(name.strip().lower().replace(" ", "_"))


@cache
def _by_small_letters() -> dict[str, str]:
    return {zone.lower(): zone for zone in zone_names()}
