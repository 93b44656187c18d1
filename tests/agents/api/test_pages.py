"""A cursor names a place in a list; what comes before it moves nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agents.api.pages import Place, newest_first, paged

ROWS = st.lists(st.tuples(st.integers(0, 40), st.text("abc", min_size=1, max_size=6)), unique=True, max_size=30)


def rows_of(found: list[tuple[int, str]]) -> list[dict[str, Any]]:
    return [{"at": at, "id": name} for at, name in found]


def at(row: dict[str, Any]) -> Place:
    return newest_first(row["at"], row["id"])


@given(ROWS, st.integers(1, 7))
def test_pages_in_a_row_hold_every_item_once_the_newest_first(found: list[tuple[int, str]], limit: int) -> None:
    rows, seen, cursor = rows_of(found), list[dict[str, Any]](), ""

    while True:
        page = paged(rows, at, cursor, limit)
        seen += page.items
        if page.next is None:
            break
        cursor = page.next

    assert sorted(map(str, seen)) == sorted(map(str, rows))
    assert [row["at"] for row in seen] == sorted((row["at"] for row in rows), reverse=True)


@given(ROWS.filter(lambda rows: len(rows) > 3), st.integers(1, 3))
def test_what_happens_between_two_looks_repeats_and_hides_nothing(found: list[tuple[int, str]], limit: int) -> None:
    rows = rows_of(found)
    first = paged(rows, at, "", limit)

    grown = [*rows, {"at": 41, "id": "newer"}]

    assert paged(grown, at, first.next or "", 100).items == paged(rows, at, first.next or "", 100).items
