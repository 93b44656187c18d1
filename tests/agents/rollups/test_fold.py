"""What the records of a partition add to the rollups."""

from __future__ import annotations

from typing import Any

import msgspec

from agents.access import AccessKeys
from agents.rollups.fold import Fold
from agents.rollups.model import Changes, WorkItem, decode_row
from schemas.events import encode_event
from schemas.lane import KafkaRecord
from schemas.outcome import Decision, Reason, Verdict, encode_decision
from schemas.topics import COMPLAINTS, DECISIONS, TICKETS, TOPIC_OF
from tests.builders import START, event, when

KEYS = AccessKeys.of(b"a secret of the installation")


class Partition:
    """One partition whose records are folded as they come."""

    def __init__(self) -> None:
        self.work: dict[str, WorkItem] = {}
        self.held: set[str] = set()
        self.offset = 0

    def take(self, *bodies: tuple[str, bytes]) -> Changes:
        records = []
        for topic, body in bodies:
            records.append(KafkaRecord(topic, 0, self.offset, START, b"c-1", body))
            self.offset += 1
        return Fold(self.work, self.held, KEYS.index_key, None).take(records)

    def tell(self, kind: str, at: int = START, **fields: Any) -> Changes:
        told = event(kind, at, **fields)
        return self.take((TOPIC_OF[kind], encode_event(told)))


def decision(verdict: Verdict, action: str = "a" * 32, **fields: Any) -> tuple[str, bytes]:
    given: dict[str, Any] = {
        "action_id": action,
        "customer": "c-1",
        "rule": "cart_left",
        "occasion": "k-1",
        "index": 0,
        "kind": "message",
        "channel": "email",
        "purpose": "marketing",
        "verdict": verdict,
        "at": START,
        "acting": START,
        "rulebook": "r",
        "almanac": 1,
        "trigger": "cart.left",
    }
    return DECISIONS, encode_decision(Decision(**(given | fields)))


def added_up(*changes: Changes) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in changes:
        for name, by in one.counts.items():
            total[name] = total.get(name, 0) + by
    return total


def test_what_was_proposed_is_what_was_done_held_and_not_done() -> None:
    partition = Partition()
    night = {"reason": Reason.QUIET_HOURS, "until": when(hours=8)}

    sums = added_up(
        partition.take(decision(Verdict.HELD, "a" * 32, **night), decision(Verdict.EMITTED, "b" * 32)),
        partition.take(decision(Verdict.HELD, "a" * 32, **night), decision(Verdict.HELD, "c" * 32, **night)),
        partition.take(decision(Verdict.RELEASED, "a" * 32), decision(Verdict.REFUSED, "d" * 32)),
    )

    assert sums["decided.proposed"] == 4
    assert sums["decided.acted"] + sums["decided.not_sent"] + len(partition.held) == 4


def test_whoever_takes_a_complaint_first_has_it_until_it_is_handed_over() -> None:
    partition = Partition()
    partition.tell("complaint.opened", complaint_id="k-5", category="delivery", text="late")

    partition.tell("complaint.taken", when(1), complaint_id="k-5", owner="mei")
    partition.tell("complaint.taken", when(2), complaint_id="k-5", owner="jonas")
    assert partition.work["c-1 k-5"].owner == "mei"

    partition.tell("complaint.handed_over", when(3), complaint_id="k-5", owner="jonas")
    assert partition.work["c-1 k-5"].owner == "jonas"


def test_a_ticket_that_comes_after_its_complaint_was_settled_opens_nothing() -> None:
    partition = Partition()
    partition.tell("complaint.opened", complaint_id="k-5", category="delivery")
    partition.tell("complaint.resolved", when(1), complaint_id="k-5", resolution="refunded")

    ticket = {"action_id": "t" * 32, "customer": "c-1", "complaint_id": "k-5", "queue": "delivery", "rule": "routed"}
    partition.take((TICKETS, msgspec.json.encode(ticket | {"decided_at": "2026-03-02T12:00:00Z", "kind": "ticket"})))

    assert partition.work["c-1 k-5"].closed
    assert partition.work["c-1 k-5"].outcome == "refunded"


def test_complaints_of_two_customers_with_one_number_are_two() -> None:
    partition = Partition()

    partition.tell("complaint.opened", who="c-1", complaint_id="1", category="delivery")
    partition.tell("complaint.opened", who="c-2", complaint_id="1", category="product")

    assert {work.category for work in partition.work.values()} == {"delivery", "product"}


def test_a_timeline_says_that_an_address_was_told_and_never_which() -> None:
    changes = Partition().tell("customer.registered", name="Edda Marlow", email="edda@example.org")

    body = changes.rows["life", "c-1"][0]
    assert sorted(decode_row(body).data["told"]) == ["email", "name"]  # type: ignore[arg-type]
    assert b"Edda" not in body
    assert b"example.org" not in body


def test_a_customer_is_found_by_what_was_told_of_them_without_it_standing_there() -> None:
    changes = Partition().tell("customer.registered", email="Edda@Example.org")

    assert set(changes.index["c-1"]) == {KEYS.index_key("email", "edda@example.org")}


def test_an_erasure_takes_back_what_the_same_batch_has_told() -> None:
    partition = Partition()
    first, last = (
        event("complaint.opened", complaint_id="k-5", category="delivery", text="private"),
        event("erasure.requested", when(1)),
    )

    changes = partition.take((COMPLAINTS, encode_event(first)), (TOPIC_OF["erasure.requested"], encode_event(last)))

    assert changes.erased == {"c-1"}
    assert changes.rows == {}
    assert changes.index == {}
    assert partition.work["c-1 k-5"].text == ""


def test_garbage_is_counted_and_passed_over() -> None:
    changes = Partition().take((COMPLAINTS, b"{"), (DECISIONS, b"nothing"), (TICKETS, b"[]"))

    assert changes.counts["unreadable"] == 3
    assert changes.rows == {}
    assert changes.positions == {COMPLAINTS: 1, DECISIONS: 2, TICKETS: 3}
