"""What sections of numbers are made of."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Len
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from rules.zones import is_zone


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError(f"{name!r} is no IANA time zone, such as Europe/Berlin")
    return name


def _rising(steps: tuple[int, ...]) -> tuple[int, ...]:
    if list(steps) != sorted(set(steps)):
        raise ValueError("each step must be larger than the one before")
    return steps


Days = Annotated[int, Field(ge=1, le=3_650)]
Hours = Annotated[int, Field(ge=1, le=8_760)]
Minutes = Annotated[int, Field(ge=0, le=10_080)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Steps = Annotated[tuple[int, ...], Len(4, 4), AfterValidator(_rising)]
ZoneName = Annotated[str, AfterValidator(_zone)]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Section(BaseModel):
    """A group of settings: immutable, complete, without unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
