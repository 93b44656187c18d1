"""How far a lane has published is what its last own record says, however often an older one is written again."""

from __future__ import annotations

from itertools import count

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from infra.kafka.publishing.published_position import Position, _told, _without_copies, position_record
from schemas.lane import KafkaRecord

LANE = 0


def published(*sequences: int) -> list[KafkaRecord]:
    """Positions as a lane writes them, each behind a marker of the transaction before."""
    offsets, records = count(0, 2), list[KafkaRecord]()
    for sequence in sequences:
        after = records[-1].offset if records else -1
        entry = position_record(LANE, sequence, after)
        records.append(KafkaRecord(entry.topic, LANE, next(offsets), 0, entry.key, entry.value))
    return records


def at_the_end(records: list[KafkaRecord], copies: list[KafkaRecord]) -> list[KafkaRecord]:
    """The same with copies of some of them behind."""
    first = records[-1].offset + 1
    return [*records, *(msgspec.structs.replace(copy, offset=first + n) for n, copy in enumerate(copies))]


def read(records: list[KafkaRecord]) -> Position:
    """As ``_position`` reads: from what the newest names as the one before it."""
    after = _told(records[-1]).after
    return _without_copies([raw for raw in records if after is None or raw.offset > after], after, 0)


def test_what_a_lane_wrote_last_counts() -> None:
    records = published(3, 7, 9)

    assert read(records) == Position(9, offset=records[-1].offset)


def test_a_copy_of_an_earlier_position_counts_for_nothing() -> None:
    records = published(3, 7, 9)

    for copies in ([records[0]], records[:2], [*records, *records]):
        found = read(at_the_end(records, copies))
        assert (found.sequence, found.offset) == (9, records[-1].offset)
        assert found.refused > 0


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=8), st.lists(st.integers(0, 7), max_size=12), st.integers(1, 50)
)
def test_whatever_is_copied_the_lane_goes_on_where_it_was(steps: list[int], which: list[int], then: int) -> None:
    sequences = [sum(steps[: n + 1]) for n in range(len(steps))]
    records = published(*sequences)
    spoiled = at_the_end(records, [records[n % len(records)] for n in which])
    found = read(spoiled)
    entry = position_record(LANE, sequences[-1] + then, found.offset)
    later = KafkaRecord(entry.topic, LANE, spoiled[-1].offset + 1, 0, entry.key, entry.value)

    assert found.sequence == sequences[-1]
    assert read([*spoiled, later]).sequence == sequences[-1] + then
    assert read(at_the_end([*spoiled, later], [records[n % len(records)] for n in which])).sequence == (
        sequences[-1] + then
    )
