"""A lane whose store forgot its last moments goes on behind what is published."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from agents.worker.lane_states import (
    REMEMBERED,
    UNFINISHED,
    continue_behind,
    outbound_places,
    recover_state,
)
from schemas.errors import ConfigurationRefused
from schemas.lane import BrokerIdentity, LaneState
from schemas.topics import LANE_TOPICS, LESSONS
from tests.equality.conftest import settings_of
from tests.equality.histories import history, rehearse

BEGINS = dict.fromkeys(LANE_TOPICS, 0)


class Out:
    """What is published, up to a sequence."""

    def __init__(self, furthest: int) -> None:
        self.furthest = furthest
        self.asked: list[int] = []

    async def pass_over(self, sequence: int, places: Sequence[tuple[str, int]]) -> int:
        assert (LESSONS, 0) in places
        self.asked.append(sequence)
        return self.furthest


def state(sequence: int, time: int = 1_000) -> LaneState:
    return LaneState(dict(BEGINS), time=time, epoch=5, sequence=sequence)


async def test_where_nothing_was_forgotten_nothing_changes() -> None:
    here = state(100)

    await continue_behind(here, 0, Out(97), exact=False)

    assert here == state(100)


async def test_a_sequence_that_is_out_is_not_given_out_again() -> None:
    here = state(80)

    await continue_behind(here, 0, Out(100), exact=False)

    assert (here.sequence, here.out_since, here.out_until) == (100, 80, 1_000 + REMEMBERED)


async def test_the_next_owners_look_as_far_back_until_it_is_long_ago() -> None:
    here, out = state(80), Out(100)
    await continue_behind(here, 0, out, exact=False)
    await continue_behind(here, 0, out, exact=False)
    here.time += REMEMBERED + 1
    await continue_behind(here, 0, out, exact=False)

    assert out.asked == [80, 80, 100]


async def test_forgetting_twice_reaches_back_to_the_first_time() -> None:
    here, out = state(80), Out(100)
    await continue_behind(here, 0, out, exact=False)
    here.sequence, out.furthest = 110, 120
    await continue_behind(here, 0, out, exact=False)

    assert (here.sequence, here.out_since) == (120, 80)


async def test_an_exact_replay_decides_the_same_under_the_same_sequences() -> None:
    here, out = state(80), Out(100)

    await continue_behind(here, 0, out, exact=True)

    assert here == state(80)
    assert out.asked == []


async def test_a_store_that_forgot_everything_is_refused_in_service() -> None:
    with pytest.raises(ConfigurationRefused, match=r"which has published 100 messages.*tend rebuild"):
        await continue_behind(LaneState(dict(BEGINS)), 0, Out(100), exact=False)


async def test_a_lane_that_begins_where_nothing_was_published_begins() -> None:
    here = LaneState(dict(BEGINS))

    await continue_behind(here, 0, Out(0), exact=False)

    assert here.sequence == 0


def test_a_lane_that_was_rebuilt_in_part_only_is_refused() -> None:
    broker = BrokerIdentity("cluster", {})
    body = msgspec.msgpack.encode(LaneState(dict(BEGINS), broker=broker, clock=UNFINISHED))

    with pytest.raises(ConfigurationRefused, match="rebuilt in part only"):
        recover_state(body, 0, broker, "wall", BEGINS)


def test_a_store_of_another_number_of_lanes_is_refused() -> None:
    made, now = BrokerIdentity("cluster", {}, 4), BrokerIdentity("cluster", {}, 8)
    body = msgspec.msgpack.encode(LaneState(dict(BEGINS), broker=made))

    with pytest.raises(
        ConfigurationRefused, match=r"customers in 4 lanes, and the topics have 8 partitions now.*Make the topics"
    ):
        recover_state(body, 0, now, "wall", BEGINS)


def test_a_store_that_never_wrote_its_number_of_lanes_down_does_so_now() -> None:
    body = msgspec.msgpack.encode(LaneState(dict(BEGINS), broker=BrokerIdentity("cluster", {})))

    assert recover_state(body, 0, BrokerIdentity("cluster", {}, 8), "wall", BEGINS).broker == BrokerIdentity(
        "cluster", {}, 8
    )


@pytest.mark.parametrize(
    ("known", "here", "refused"), [("tend", "shop", True), ("", "shop", False), ("tend", "tend", False)]
)
def test_a_second_group_on_one_store_is_refused(known: str, here: str, *, refused: bool) -> None:
    body = msgspec.msgpack.encode(LaneState(dict(BEGINS), broker=BrokerIdentity("cluster", {}, 8, known)))
    identity = BrokerIdentity("cluster", {}, 8, here)

    if refused:
        with pytest.raises(
            ConfigurationRefused, match=r"belongs to the workers' group tend.*TEND_GROUP=shop.*Set TEND_GROUP=tend"
        ):
            recover_state(body, 0, identity, "wall", BEGINS)
    else:
        assert recover_state(body, 0, identity, "wall", BEGINS).broker == identity


def test_what_is_out_is_looked_for_wherever_a_lane_writes() -> None:
    rehearsal = rehearse(history(first_day=0, days=28, households=20), settings_of())

    written = {message.topic for shelf in rehearsal.shelves for message in shelf.outbox}
    assert {"tend.decisions", "tend.moves", "tend.lessons"} < written
    assert written <= {topic for topic, _ in outbound_places(3)}
