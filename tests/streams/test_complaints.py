"""Complaints: open, closed, open again."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.complaint_list import MAX_OPEN_COMPLAINTS, Complaint
from schemas.outcome_codes import OutcomeCode
from schemas.record import TimerKind
from schemas.times import HOUR
from tests.builders import START, Life, complained, event, when


def only(life: Life) -> Complaint:
    (complaint,) = life.record.complaints.recent
    return complaint


@pytest.mark.parametrize("category", ["safety", "payment", "delivery", "other"])
def test_the_table_gives_urgency_and_deadline_where_the_event_tells_none(category: str) -> None:
    life = Life()
    numbers = life.lane.rulebook.defaults.complaints

    life.happens(complained(category=category))

    assert only(life).urgency == dict(numbers.urgency)[category]  # type: ignore[index]  # parametrised as text
    assert only(life).deadline == START + numbers.deadline_millis(only(life).urgency)


def test_an_urgency_that_was_told_counts() -> None:
    life = Life()

    life.happens(complained(urgency="critical"))

    assert only(life).urgency == "critical"
    assert life.due(TimerKind.COMPLAINT_DEADLINE) == START + 4 * HOUR


def test_a_deadline_that_passes_while_open_is_escalated_once() -> None:
    life = Life()
    life.happens(complained())

    life.until(when(30))

    assert life.heard.count("complaint.breached") == 1
    assert only(life).escalated


def test_a_complaint_closed_in_time_is_not_escalated_and_is_asked_after() -> None:
    life = Life()
    life.happens(complained(), event("complaint.resolved", when(1), complaint_id="p-1"))
    assert only(life).closed == when(1)

    life.until(when(30))

    heard = life.heard
    assert "complaint.breached" not in heard
    assert heard.count("complaint.follow_up") == 1


def test_a_reopened_complaint_gets_a_new_deadline_and_may_be_escalated_again() -> None:
    life = Life()
    life.happens(
        complained(),
        event("complaint.resolved", when(1), complaint_id="p-1"),
        event("complaint.reopened", when(2), complaint_id="p-1"),
    )
    assert (only(life).closed, only(life).reopened, life.record.complaints.resolved) == (0, 1, 0)
    assert life.due(TimerKind.COMPLAINT_FOLLOW_UP) is None

    life.until(when(30))

    heard = life.heard
    assert heard.count("complaint.breached") == 1
    assert "complaint.follow_up" not in heard


def test_a_higher_urgency_brings_the_deadline_forward_counted_from_the_opening() -> None:
    life = Life()
    life.happens(complained(), event("complaint.updated", when(0, 1), complaint_id="p-1", urgency="critical"))

    assert only(life).deadline == START + 4 * HOUR


def test_a_deadline_brought_forward_into_the_past_is_breached_at_once() -> None:
    life = Life()
    life.happens(complained(), event("complaint.updated", when(0, 9), complaint_id="p-1", urgency="critical"))

    life.until(when(0, 9) + 1)

    assert life.heard.count("complaint.breached") == 1


@pytest.mark.parametrize("kind", ["complaint.updated", "complaint.resolved", "complaint.reopened"])
def test_news_of_a_complaint_that_was_never_opened_is_counted(kind: str) -> None:
    assert Life().happens(event(kind, complaint_id="ghost")).codes == {OutcomeCode.UNKNOWN_COMPLAINT: 1}


def test_older_news_does_not_undo_newer() -> None:
    life = Life()
    life.happens(
        complained(),
        event("complaint.resolved", when(1), complaint_id="p-1"),
        event("complaint.reopened", when(2), complaint_id="p-1"),
    )
    complaint = life.record.complaints.recent[0]
    before = (complaint.closed, complaint.reopened, complaint.deadline, life.record.complaints.resolved)

    outcome = life.happens(event("complaint.resolved", when(1, 1), complaint_id="p-1"))

    assert outcome.codes == {OutcomeCode.OUTDATED: 1}
    assert (complaint.closed, complaint.reopened, complaint.deadline, life.record.complaints.resolved) == before


def test_opening_closing_and_reopening_twice_is_a_duplicate() -> None:
    life = Life()
    life.happens(complained(id="a"))
    assert life.happens(complained(id="b")).codes == {OutcomeCode.DUPLICATE: 1}
    assert life.happens(event("complaint.reopened", when(1), complaint_id="p-1")).codes == {OutcomeCode.DUPLICATE: 1}

    life.happens(event("complaint.resolved", when(2), complaint_id="p-1"))
    assert life.happens(event("complaint.resolved", when(3), complaint_id="p-1")).codes == {OutcomeCode.DUPLICATE: 1}


def test_closed_complaints_make_room_first_and_are_not_taken_for_new_later() -> None:
    life = Life()
    life.happens(complained(id="first"), event("complaint.resolved", when(1), complaint_id="p-1"))

    outcome = life.happens(*(complained(when(2, 0, n), complaint_id=f"n-{n}") for n in range(MAX_OPEN_COMPLAINTS)))

    assert OutcomeCode.CAP_COMPLAINTS not in outcome.codes
    assert "p-1" not in {one.id for one in life.record.complaints.recent}
    assert life.happens(complained(id="again")).codes == {OutcomeCode.TOO_OLD_COMPLAINT: 1}


def test_too_many_open_complaints_let_go_of_the_oldest_and_say_so() -> None:
    life = Life()

    outcome = life.happens(*(complained(when(0, 0, n), complaint_id=f"n-{n}") for n in range(MAX_OPEN_COMPLAINTS + 2)))

    assert outcome.codes == {OutcomeCode.CAP_COMPLAINTS: 2}
    assert len(life.record.complaints.recent) == MAX_OPEN_COMPLAINTS
    assert life.record.complaints.total == MAX_OPEN_COMPLAINTS + 2


def test_whoever_takes_a_complaint_first_has_it_until_it_is_handed_over() -> None:
    life = Life()
    life.happens(complained())
    named: dict[str, Any] = {"complaint_id": only(life).id}

    life.happens(event("complaint.taken", when(hours=1), owner="mei", **named))
    life.happens(event("complaint.taken", when(hours=2), owner="jonas", **named))
    assert only(life).owner == "mei"

    life.happens(event("complaint.handed_over", when(hours=3), owner="jonas", **named))
    assert only(life).owner == "jonas"
    life.happens(event("complaint.handed_over", when(hours=4), **named))
    assert only(life).owner == ""


def test_an_answer_is_remembered_and_leaves_the_complaint_open() -> None:
    life = Life()
    life.happens(complained())

    life.happens(event("complaint.answered", when(hours=1), complaint_id=only(life).id, text="It is on its way."))

    assert only(life).answered == when(hours=1)
    assert not only(life).closed


def test_who_took_it_has_it_though_later_news_of_the_customer_was_heard_of_first() -> None:
    life = Life()
    named: dict[str, Any] = {"complaint_id": "p-1"}
    life.happens(complained(), event("complaint.updated", when(hours=2), text="Still nothing.", **named))
    life.happens(event("complaint.taken", when(hours=1), owner="mei", **named))
    assert only(life).owner == "mei"

    life.happens(event("complaint.handed_over", when(hours=4), owner="jonas", **named))
    life.happens(event("complaint.handed_over", when(hours=3), owner="tom", **named))
    assert only(life).owner == "jonas"


@pytest.mark.parametrize("kind", ["complaint.taken", "complaint.handed_over", "complaint.answered"])
def test_news_of_a_complaint_that_was_not_opened_yet_waits_and_counts_as_no_open_complaint(kind: str) -> None:
    life = Life()
    fields: dict[str, Any] = {"owner": "mei"} if kind != "complaint.answered" else {}

    outcome = life.happens(event(kind, complaint_id="k-unknown", **fields))

    assert outcome.codes == {OutcomeCode.UNKNOWN_COMPLAINT: 1}
    assert not only(life).is_open
    assert life.record.complaints.total == 0
