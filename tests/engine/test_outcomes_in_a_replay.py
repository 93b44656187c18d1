"""The named outcomes where a replay differs: its clock is the watermark, and nothing is forwarded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agents.signing import signing_of
from schemas.times import DAY, MINUTE
from schemas.topics import COMPLAINTS, WATERMARKS
from schemas.watermarks import Watermark, encode_watermark
from tests.builders import START
from tests.engine.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that handles a replay."""
    with Site(tmp_path_factory.mktemp("site"), clock="event") as running:
        yield running


def complaint(site: Site, customer: str, at: int, partition: int | None = None) -> None:
    body = site.event("complaint.opened", customer, at, complaint_id="p-1", category="delivery")
    site.put(COMPLAINTS, body, customer, partition)


def test_an_interval_with_all_kinds_of_wrong_records_leaves_the_right_ones(replay: Site) -> None:
    good, ahead, lost = "good-1", "ahead-1", "lost-1"
    complaint(replay, good, START)
    replay.put(COMPLAINTS, b"{broken", "bad-1")
    complaint(replay, ahead, START + DAY + 6 * MINUTE)
    complaint(replay, lost, START, 1 - replay.partition(lost))
    complaint(replay, "good-2", START + 1)
    ends = replay.producer.flush()
    for partition in (0, 1):
        mine = {topic: end for (topic, p), end in ends.items() if p == partition and topic != WATERMARKS}
        watermark = Watermark(0, START + DAY, mine, begins=True, finishes=True)
        body = encode_watermark(watermark)
        header = signing_of(replay.settings).header(WATERMARKS, partition, b"", body)
        replay.producer.send(WATERMARKS, partition, b"", body, START + DAY, (header,))
    replay.producer.flush()

    def done() -> bool:
        return all(state is not None and state.time >= START + DAY for state in replay.states())

    replay.until(done, "the interval is handled")
    replay.until(lambda: len(replay.letters()) >= 3, "the wrong ones are put aside")

    reasons = {(letter.raw.key or b"").decode(): letter.reason for letter in replay.letters()}
    assert reasons == {"bad-1": "wrong_json", ahead: "time_in_future", lost: "wrong_partition"}
    replay.until(lambda: all(replay.rules_acted(who) for who in (good, "good-2")), "the right ones are routed")
    first = [one for one in replay.decisions(good) if one["acting"] != START + MINUTE]
    assert {one["acting"] for one in first} == {START}, "but for what waited a minute for an address"
    assert replay.record(ahead) is None
    assert replay.record(lost) is None
