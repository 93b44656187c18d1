"""Every change of a customer's stage and tier is told, one after the other, however long nobody looks."""

from __future__ import annotations

from itertools import pairwise

import pytest

from schemas.events import AnyEvent
from schemas.move import Move
from schemas.readings import AT_RISK, DORMANT, FIRST, PROSPECT
from schemas.record import CustomerRecord
from streams.pipeline import handle
from tests.builders import START, Life, add, event, placed, when


def place(record: CustomerRecord) -> tuple[str, str]:
    return record.segment.stage, record.segment.tier


def assert_unbroken(moves: list[Move], record: CustomerRecord) -> None:
    """Each begins where the one before ended, the first nowhere, and the last ends where the record stands."""
    assert (moves[0].stage_before, moves[0].tier_before) == ("", "")
    for before, after in pairwise(moves):
        assert (after.stage_before, after.tier_before) == (before.stage, before.tier)
    assert (moves[-1].stage, moves[-1].tier) == place(record)


def test_a_life_in_one_go_tells_every_stage_it_came_through() -> None:
    life = Life()
    told = life.happens(event("customer.registered"), placed(when(1)))
    add(told, life.until(when(800)))
    add(told, life.happens(placed(when(801), "o-2")))

    stages = [move.stage for move in told.moves]
    assert stages[:2] == [PROSPECT, FIRST]
    assert stages.index(AT_RISK) < stages.index(DORMANT)
    assert stages[-1] == "won_back"
    assert_unbroken(told.moves, life.record)


def test_what_moves_nobody_is_not_told() -> None:
    life = Life()
    life.happens(placed())

    assert life.happens(event("product.viewed", when(1), sku="s-1")).moves == []
    assert life.until(when(2)).moves == []


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (event("erasure.requested", when(5)), "forgotten"),
        (event("customer.identified", when(5), into="c-2"), "merged"),
    ],
)
def test_who_is_forgotten_or_somebody_else_stands_nowhere(last: AnyEvent, why: str) -> None:
    life = Life()
    told = life.happens(placed())

    add(told, handle(life.customer, last, life.lane, when(5)))

    assert (told.moves[-1].stage, told.moves[-1].tier, told.moves[-1].gone) == ("", "", why)
    assert_unbroken(told.moves, life.record)


def test_who_is_forgotten_before_anything_was_known_is_not_told_at_all() -> None:
    assert Life().happens(event("erasure.requested", START)).moves == []
