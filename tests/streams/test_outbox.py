"""What is decided, as the messages that say so."""

from __future__ import annotations

import msgspec
import orjson

from rules.loading import shipped
from schemas.almanac import decode_contribution
from schemas.compression import DECISIONS as PACKED
from schemas.lane import KafkaRecord
from schemas.topics import DEAD_LETTERS, DECISIONS, LESSONS, MESSAGES, ORDERS
from streams.customer_session import Failure
from streams.ingest import FORWARDED, Arrival, DeadLetter, Forward
from streams.outbox import MAX_BODY, Outbox, chunks, post, post_failures
from tests.builders import START, Life, event, lane_context, placed

RAW = KafkaRecord(ORDERS, 3, 17, START, b"c-1", b"{broken", (("trace", b"abc"),))


def outbox(sequence: int = 0) -> Outbox:
    return Outbox(partition=3, partitions=8, sequence=sequence)


def test_messages_are_numbered_from_where_the_lane_came_to() -> None:
    out = outbox(sequence=41)
    out.dead_letter(DeadLetter(RAW, "wrong_json", "", "no"))
    out.dead_letter(DeadLetter(RAW, "wrong_json", "", "no"))

    assert [entry.sequence for entry in out.entries] == [42, 43]
    assert out.sequence == 43


def test_a_dead_letter_keeps_bytes_and_headers_and_says_where_it_lay_and_why() -> None:
    out = outbox()
    out.dead_letter(DeadLetter(RAW, "wrong_field", "amount", "should be more"))

    (entry,) = out.entries
    assert (entry.topic, entry.partition, entry.key, entry.value) == (DEAD_LETTERS, 3, b"c-1", b"{broken")
    assert dict(entry.headers) == {
        "tend-reason": b"wrong_field",
        "tend-field": b"amount",
        "tend-message": b"should be more",
        "tend-topic": ORDERS.encode(),
        "tend-partition": b"3",
        "tend-offset": b"17",
        "tend-timestamp": str(START).encode(),
        "trace": b"abc",
    }


def test_of_a_record_too_long_for_a_letter_the_beginning_is_kept_and_its_length_said() -> None:
    out = outbox()
    huge = msgspec.structs.replace(RAW, value=b"x" * 1_000_000, headers=tuple(("h", b"y" * 40_000) for _ in range(9)))
    out.dead_letter(DeadLetter(huge, "too_long", "", "too long"))

    (entry,) = out.entries
    assert len(entry.value) == MAX_BODY
    assert dict(entry.headers)["tend-truncated"] == b"1000000"
    assert sum(len(value) for _, value in entry.headers) < 70_000


def test_a_misplaced_record_goes_to_its_partition_with_a_note_of_where_it_lay() -> None:
    out = outbox()
    out.put_aside(Forward(RAW, 5))

    (entry,) = out.entries
    assert (entry.topic, entry.partition, entry.value) == (ORDERS, 5, RAW.value)
    assert dict(entry.headers) == {"trace": b"abc", FORWARDED: b"3:17"}


def test_what_is_put_aside_is_cut_into_pieces_that_fit_and_nothing_is_left_out() -> None:
    letters = [
        DeadLetter(msgspec.structs.replace(RAW, offset=n, value=b"x" * 60_000), "wrong_json", "", "") for n in range(20)
    ]

    pieces = list(chunks(letters))

    assert [item for piece in pieces for item in piece] == letters
    assert max(sum(len(item.raw.value or b"") for item in piece) for piece in pieces) <= 200_000


def test_a_single_record_larger_than_a_piece_is_a_piece_of_its_own() -> None:
    huge = DeadLetter(msgspec.structs.replace(RAW, value=b"x" * 900_000), "too_long", "", "")

    assert [len(piece) for piece in chunks([huge, huge])] == [1, 1]


def test_an_action_goes_to_its_senders_and_its_decision_to_the_ledger() -> None:
    life = Life(lane_context(shipped()))
    outcome = life.happens(
        event("customer.registered", START, email="a@example.org", name="Anna", zone="Europe/Berlin"),
        placed(START + 1),
    )
    out = outbox()

    recent = post(out, [outcome], epoch=1, first=1)

    action = next(entry for entry in out.entries if entry.topic == MESSAGES)
    body = orjson.loads(action.value)
    assert (action.partition, action.key) == (3, b"c-1")
    assert body["sequence"] == action.sequence
    assert dict(action.headers)["ce_id"] == body["action_id"].encode()
    ledger = [entry.value for entry in out.entries if entry.topic == DECISIONS]
    assert {who: [PACKED.unpack(one[2:]) for one in some] for who, some in recent.items()} == {"c-1": ledger}


def test_what_lanes_count_is_told_the_learner_once_per_portion() -> None:
    life = Life(lane_context(shipped()))
    outcomes = [life.happens(placed(START + day * 86_400_000, f"o-{day}")) for day in range(5)]
    out = outbox()

    post(out, outcomes, epoch=9, first=7)

    lessons = [entry for entry in out.entries if entry.topic == LESSONS]
    assert len(lessons) == 1
    assert lessons[0].partition == 0
    contribution = decode_contribution(lessons[0].value)
    assert (contribution.partition, contribution.epoch, contribution.first, contribution.done) == (3, 9, 7, False)
    assert contribution.sequence == lessons[0].sequence
    assert list(contribution.counts) == sorted(contribution.counts)


def test_an_event_that_failed_is_a_dead_letter_and_a_failed_timer_leaves_a_note() -> None:
    one = placed()
    out = outbox()

    failed = Failure("c-1", Arrival(one, one.at, RAW), "ValueError: no")
    post_failures(out, [failed, Failure("c-2", None, "KeyError: 'x'")])

    event_failed, timer_failed = out.entries
    assert event_failed.value == RAW.value
    assert dict(event_failed.headers)["tend-reason"] == b"event_failed"
    assert dict(event_failed.headers)["tend-message"] == b"ValueError: no"
    assert dict(timer_failed.headers)["tend-reason"] == b"timer_failed"
    assert orjson.loads(timer_failed.value) == {"customer": "c-2", "timer": True}
