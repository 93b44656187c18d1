"""When the learner closes an epoch: with all lanes, or at its deadline once it has read what there is."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from agents.learner import GRACE, Learner
from infra.kafka.consumers import ExclusiveRead
from infra.settings import load_settings
from schemas.almanac import Almanac, Contribution, decode_almanac, encode_contribution
from schemas.errors import DependencyUnavailable
from schemas.lane import KafkaRecord
from schemas.signing import SIGNATURE
from schemas.times import DAY, Millis
from schemas.topics import LESSONS
from streams.churn import initial_state
from tests.builders import SIGNING, START

FIRST = START // DAY


class Announced:
    """What everybody has been told."""

    def __init__(self) -> None:
        self.almanacs: list[Almanac] = []
        self.trouble: list[Exception] = []

    async def announce(self, topic: str, key: bytes, value: bytes, headers: Sequence[tuple[str, bytes]] = ()) -> None:
        if self.trouble:
            raise self.trouble.pop()
        self.almanacs.append(decode_almanac(value))


class Reads:
    """Gives one read after the other."""

    def __init__(self, *reads: ExclusiveRead) -> None:
        self._reads = list(reads)

    async def read(self, max_wait_ms: int) -> ExclusiveRead | None:
        return self._reads.pop(0)


def learner(now: Millis | None) -> tuple[Learner, Announced]:
    made = Learner(
        load_settings({"partitions": 2}), initial_state((28,)), SIGNING.key, None if now is None else lambda: now
    )
    announced = Announced()
    made._announcer = announced  # type: ignore[assignment]  # as much of one as it needs
    return made, announced


def told(offset: int, partition: int, epoch: int, *, done: bool = True) -> KafkaRecord:
    body = encode_contribution(Contribution(partition, offset + 1, epoch, FIRST, [], {"orders": 1}, done))
    return KafkaRecord(LESSONS, 0, offset, 0, b"", body, (SIGNING.header(LESSONS, 0, b"", body),))


async def turns(made: Learner, *reads: ExclusiveRead) -> None:
    source = Reads(*reads)
    for _ in reads:
        await made._turn(source)  # type: ignore[arg-type]  # as much of one as it needs


async def test_an_epoch_is_closed_when_all_lanes_are_done_with_it() -> None:
    made, announced = learner(None)

    await turns(made, ExclusiveRead([told(0, 0, FIRST)], 1, True))
    assert announced.almanacs == []
    await turns(made, ExclusiveRead([told(1, 1, FIRST)], 2, True))

    assert [almanac.epoch for almanac in announced.almanacs] == [FIRST]


async def test_in_service_an_epoch_is_closed_at_its_deadline_without_the_lane_that_is_missing() -> None:
    made, announced = learner((FIRST + 1) * DAY + GRACE + 1)

    await turns(
        made, ExclusiveRead([told(0, 0, FIRST), told(1, 1, FIRST, done=False)], 2, True), ExclusiveRead([], 2, False)
    )

    assert [almanac.epoch for almanac in announced.almanacs] == [FIRST]


async def test_after_an_outage_nothing_is_closed_before_what_was_said_in_time_is_read() -> None:
    made, announced = learner((FIRST + 3) * DAY)

    await turns(made, ExclusiveRead([told(0, 0, FIRST, done=False), told(1, 1, FIRST, done=False)], 2, False))
    assert announced.almanacs == []
    await turns(made, ExclusiveRead([told(2, 0, FIRST), told(3, 1, FIRST)], 4, True))

    closed = announced.almanacs[0]
    assert closed.epoch == FIRST
    assert made._collector.late == 0


async def test_who_does_not_know_whether_an_almanac_is_out_never_says_it_again_unasked() -> None:
    made, announced = learner(None)
    announced.trouble = [DependencyUnavailable("it slept too long")]

    with pytest.raises(DependencyUnavailable):
        await turns(made, ExclusiveRead([told(0, 0, FIRST), told(1, 1, FIRST)], 2, True))

    assert announced.almanacs == []


NONSENSE = [
    b"nonsense",
    b"",
    b"\x91" * 3_000,
    encode_contribution(Contribution(9, 1, FIRST, FIRST)),
    encode_contribution(Contribution(0, 1, FIRST, -(10**9))),
    encode_contribution(Contribution(0, 1, 10**9, FIRST)),
    encode_contribution(Contribution(0, 1, FIRST - 1, FIRST)),
]


@pytest.mark.parametrize("body", NONSENSE, ids=str)
@pytest.mark.parametrize("clock", [None, FIRST * DAY + 1])
async def test_what_no_lane_can_have_said_is_left_out_and_counted(body: bytes, clock: Millis | None) -> None:
    made, announced = learner(clock)
    bad = KafkaRecord(LESSONS, 0, 7, 0, b"", body, (SIGNING.header(LESSONS, 0, b"", body),))

    await turns(made, ExclusiveRead([bad, told(8, 0, FIRST), bad, told(9, 1, FIRST)], 10, True))

    assert made.refused == {LESSONS: 2}
    assert [almanac.epoch for almanac in announced.almanacs] == [FIRST]


async def test_a_lesson_that_is_not_signed_teaches_nothing() -> None:
    made, announced = learner(FIRST * DAY + 1)
    forged = msgspec.structs.replace(told(7, 0, FIRST), headers=((SIGNATURE, b"guessed"),))
    elsewhere = msgspec.structs.replace(told(8, 0, FIRST), partition=3)

    await turns(made, ExclusiveRead([forged, elsewhere, told(9, 1, FIRST)], 10, True))

    assert made.refused == {LESSONS: 2}
    assert announced.almanacs == []
