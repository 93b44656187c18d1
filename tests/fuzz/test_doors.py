"""What others wrote, whatever it is, is refused in the way that callers expect, or handled; it ends nobody."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.doors import DOORS
from tests.fuzz.inputs import inputs, kept
from tests.fuzz.page import Page, Row, read_page

A_FEW, MANY = 60, 1_500
FEWER = {"bundle": 12}
"""A rulebook takes as long to check as thousands of events."""
MOST_SECONDS = 8.0
"""Of many inputs, after the first few."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Refusals are logged, and are not of interest here."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def enter(name: str, count: int) -> None:
    door = DOORS[name]
    random = Random(name)
    until = time.monotonic() + MOST_SECONDS
    found = list(kept(name))
    for number, data in enumerate(chain(found, islice(inputs(door.seeds, random), count))):
        if number >= len(found) + A_FEW and time.monotonic() > until:
            break
        try:
            with contextlib.suppress(*door.refuses):
                door.enter(data)
        except BaseException as error:
            raise AssertionError(f"{name}: {type(error).__name__} at {data[:300]!r}") from error


@pytest.mark.parametrize("name", DOORS)
def test_a_few_inputs_and_all_that_were_found_before(name: str) -> None:
    enter(name, FEWER.get(name, A_FEW))


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_many_inputs(name: str) -> None:
    enter(name, MANY)


def test_a_page_adds_up_over_runs(tmp_path: Path) -> None:
    page = Page({"event": Row(1_000, 3, 0, 20, 50), "almanac body": Row(7, 7, 0, 1, 9)}, [1, 2], 170)
    (tmp_path / "page.md").write_text(page.text())

    assert read_page(tmp_path / "page.md") == page
    assert Row(5, 1, 0, 3, 40).beside(page.rows["event"]) == Row(1_005, 4, 0, 20, 40)
    assert read_page(tmp_path / "none.md") == Page({}, [], 0)
