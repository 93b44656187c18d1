"""Where a dead letter goes when it is sent again."""

from __future__ import annotations

import pytest

from agents.dead_letters import target
from schemas.errors import TendError
from schemas.events import encode_event
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.topics import BROWSE, COMPLAINTS, DEAD_LETTERS
from tests.builders import complained

GOOD = encode_event(complained())


def letter(body: bytes = GOOD, topic: str = COMPLAINTS, **further: str) -> KafkaRecord:
    headers = {"tend-topic": topic, "tend-partition": "5", **further}
    return KafkaRecord(
        DEAD_LETTERS, 3, 17, 0, b"c-1", body, tuple((name, value.encode()) for name, value in headers.items())
    )


def test_a_valid_event_goes_to_its_own_topic_and_partition_wherever_it_lay() -> None:
    assert target(letter(topic=BROWSE), "3:17", 8, force=False) == (COMPLAINTS, partition_of("c-1", 8))


def test_what_is_still_no_event_stays_and_says_why() -> None:
    with pytest.raises(TendError, match=r"3:17 is still no valid event \(wrong_json: .*--force"):
        target(letter(b"{"), "3:17", 8, force=False)


def test_by_force_it_goes_back_to_where_it_lay() -> None:
    assert target(letter(b"{"), "3:17", 8, force=True) == (COMPLAINTS, 5)


def test_what_is_not_whole_is_never_sent_again() -> None:
    with pytest.raises(TendError, match="only the beginning of a record of 900000 bytes"):
        target(letter(b"{", **{"tend-truncated": "900000"}), "3:17", 8, force=True)


def test_what_came_from_no_topic_of_events_has_nowhere_to_go() -> None:
    with pytest.raises(TendError, match="came from timers, which takes no events"):
        target(letter(topic="timers"), "3:17", 8, force=True)


def test_the_letters_own_headers_win_over_those_that_the_record_came_with() -> None:
    raw = letter(b"{")
    spoofed = KafkaRecord(raw.topic, 3, 17, 0, raw.key, raw.value, (*raw.headers, ("tend-topic", b"tend.watermarks")))

    assert target(spoofed, "3:17", 8, force=True) == (COMPLAINTS, 5)
