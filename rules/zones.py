"""Time zones from the pinned ``tzdata`` package, so that every machine has the same ones.

``zoneinfo.ZoneInfo(name)`` would prefer what the operating system has, and two workers could differ.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
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
