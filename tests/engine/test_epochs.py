"""Almanacs in service: the learner closes an epoch at its deadline, and lanes decide with it two epochs later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agents.clock import wall_clock
from schemas.topics import ALMANAC
from tests.engine.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EPOCH_SECONDS = 60


@pytest.fixture(scope="module")
def site_of_minutes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site whose epochs are as short as they may be."""
    with Site(tmp_path_factory.mktemp("site"), learner=True, epoch_seconds=EPOCH_SECONDS) as running:
        running.until_ready()
        yield running


def test_an_almanac_is_made_by_the_clock_and_lanes_take_it_up(site_of_minutes: Site) -> None:
    site = site_of_minutes
    site.tell("order.placed", "epoch-1", order_id="o-1", amount=5_000, currency="EUR")
    first = wall_clock() // (EPOCH_SECONDS * 1_000)

    def almanacs() -> list[int]:
        return [int(raw.key or b"-1") for raw in site.broadcast(ALMANAC)]

    site.until(almanacs, "the first almanac is made")
    assert almanacs()[0] <= first + 1

    def in_force() -> list[int]:
        return [state.almanac for state in site.states() if state and state.almanac >= almanacs()[0]]

    site.until(lambda: len(in_force()) == 2, "both lanes decide with an almanac")
    made = almanacs()
    assert made == sorted(set(made)), "each epoch has one almanac, in order"
    assert all(state.almanac <= state.epoch - 2 for state in site.states() if state)
