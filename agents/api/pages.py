"""Pages of a list behind a cursor that holds still while the list grows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Query

from schemas.ids import digest

MOST: Final = 100
Cursor = Annotated[
    str, Query(pattern=r"^([0-9]{1,17}-[0-9a-f]{8})?$", description="`next` of the page before; empty for the first.")
]
Limit = Annotated[int, Query(ge=1, le=MOST)]
Place = tuple[int, str]
"""Where an item stands in its list: a number that orders it, and what tells it from others of the same number."""


class Turned(NamedTuple):
    """What stands on one page, and the cursor of the next; none where this is the last."""

    items: list[dict[str, Any]]
    next: str | None


def place(number: int, name: str) -> Place:
    """The place of an item.

    Args:
        number: what the list is ordered by, the smallest first.
        name: unique in the list.
    """
    return number, digest(name, size=4).hex()


def newest_first(at: int, name: str) -> Place:
    """The place of an item in a list whose newest stands first."""
    return place(_END - at, name)


def paged(
    items: Sequence[dict[str, Any]], places: Callable[[dict[str, Any]], Place], cursor: str, limit: int
) -> Turned:
    """The items after a cursor, in order of their places.

    What has come before the cursor meanwhile moves nothing: a cursor names a place, and not how many came before it.
    """
    after = _place_of(cursor)
    rest = sorted(((at, item) for item in items if (at := places(item)) > after), key=lambda one: one[0])
    shown = rest[:limit]
    return Turned(
        items=[item for _, item in shown],
        next="{:d}-{:s}".format(*shown[-1][0]) if len(rest) > limit else None,
    )


def _place_of(cursor: str) -> Place:
    number, _, name = cursor.partition("-")
    return (int(number), name) if number else (-1, "")


_END: Final = 1 << 53
"""Later than any moment."""
