"""What the records of a partition add to the rollups."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agents.access import AccessKeys
from agents.rollups.answers import CustomersActions, by_rule
from agents.rollups.fold import Fold
from agents.rollups.model import ANSWERED_ACTIONS, Changes, Standing, WorkItem, decode_row
from schemas.events import encode_event
from schemas.lane import KafkaRecord
from schemas.move import Gone, Move, encode_move
from schemas.outcome import Decision, Reason, Verdict, encode_decision
from schemas.times import to_rfc3339
from schemas.topics import COMPLAINTS, DECISIONS, MOVES, RECEIPTS, TICKETS, TOPIC_OF
from tests.builders import START, event, when

KEYS = AccessKeys.of(b"a secret of the installation")


class Partition:
    """One partition whose records are folded as they come."""

    def __init__(self) -> None:
        self.work: dict[str, WorkItem] = {}
        self.held: set[str] = set()
        self.answers: CustomersActions = {}
        self.erased: dict[str, int] = {}
        self.offset = 0

    def take(self, *bodies: tuple[str, bytes]) -> Changes:
        records = []
        for topic, body in bodies:
            records.append(KafkaRecord(topic, 0, self.offset, START, b"c-1", body))
            self.offset += 1
        return Fold(self.work, self.held, self.answers, self.erased, KEYS.index_key, None).take(records)

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


def move(stage: str, before: str) -> tuple[str, bytes]:
    gone: Gone = "" if stage else "forgotten"
    return MOVES, encode_move(Move("c-1", START, stage, "gold" if stage else "", before, "gold", gone))


def order() -> bytes:
    return encode_event(event("order.placed", START, order_id="o-1", amount=100, currency="EUR"))


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

    assert changes.erased == {"c-1": when(1)}
    assert changes.seen == {}
    assert changes.rows == {}
    assert changes.index == {}
    assert partition.work["c-1 k-5"].text == ""


def test_what_was_decided_before_an_erasure_is_not_shown_though_it_is_read_after_it() -> None:
    partition = Partition()
    partition.tell("erasure.requested", when(1))

    late = partition.take(decision(Verdict.EMITTED), move("loyal", "repeat"), (TOPIC_OF["order.placed"], order()))

    assert late.rows == {}
    assert (late.feed, late.index, late.seen, late.answers) == ([], {}, {}, {})
    assert late.counts["decided.acted"] == 1


def test_an_erasure_takes_back_the_decisions_among_those_of_all() -> None:
    partition = Partition()

    changes = partition.take(
        decision(Verdict.EMITTED, "a" * 32), decision(Verdict.EMITTED, "b" * 32, customer="c-2"), move("", "loyal")
    )

    assert len(changes.feed) == len(changes.rows["rule", "cart_left"]) == 1
    assert changes.rows["care", "c-2"] == changes.feed
    assert changes.standings == {"c-1": None}


def test_every_move_between_stages_counts_whoever_looks_when() -> None:
    changes = Partition().take(
        move("first", ""), move("loyal", "first"), move("at_risk", "loyal"), move("loyal", "at_risk")
    )

    assert changes.flows == {"moved.first>loyal": 1, "moved.loyal>at_risk": 1, "moved.at_risk>loyal": 1}
    assert changes.standings == {"c-1": Standing("gold", "loyal")}
    assert len(changes.rows["moves", "c-1"]) == 3


def test_garbage_is_counted_and_passed_over() -> None:
    changes = Partition().take((COMPLAINTS, b"{"), (DECISIONS, b"nothing"), (MOVES, b"{}"), (TICKETS, b"[]"))

    assert changes.counts["unreadable"] == 4
    assert changes.rows == {}
    assert changes.positions == {COMPLAINTS: 1, DECISIONS: 2, MOVES: 3, TICKETS: 4}


def answers(*changes: Changes) -> dict[str, dict[str, int]]:
    """What was told of the actions of the one rule, by channel."""
    sums: dict[str, int] = {}
    for one in changes:
        for day in one.days.values():
            for name, by in day.items():
                sums[name] = sums.get(name, 0) + by
    return by_rule(sums).get("cart_left", {})


def told(kind: str, number: int, **fields: Any) -> tuple[str, bytes]:
    given = {"id": f"r-{number}", "action_id": "a" * 32, **fields}
    return RECEIPTS, encode_event(event(kind, when(number), **given))


def test_what_was_told_of_an_action_counts_once_for_its_rule_and_channel() -> None:
    partition = Partition()

    sums = answers(
        partition.take(decision(Verdict.EMITTED)),
        partition.take(told("receipt.accepted", 1), told("receipt.delivered", 2), told("receipt.opened", 3)),
        partition.take(told("receipt.opened", 4), told("receipt.clicked", 5), decision(Verdict.EMITTED)),
    )

    assert sums == {"email": {"sent": 1, "accepted": 1, "delivered": 1, "opened": 1, "clicked": 1}}


def test_a_receipt_that_is_read_before_its_decision_counts_once_that_is_known() -> None:
    partition = Partition()

    sums = answers(partition.take(told("receipt.delivered", 1)), partition.take(decision(Verdict.EMITTED)))

    assert sums == {"email": {"sent": 1, "delivered": 1}}


def test_a_message_that_comes_back_is_another_thing_than_one_that_nobody_took() -> None:
    taken, refused, dead = Partition(), Partition(), Partition()

    came_back = taken.take(decision(Verdict.EMITTED), told("receipt.accepted", 1), told("receipt.failed", 2))
    not_taken = refused.take(decision(Verdict.EMITTED), told("receipt.failed", 1, reason="no_consent"))
    no_address = dead.take(decision(Verdict.EMITTED), told("receipt.failed", 1, permanent=True))

    assert answers(came_back)["email"] == {"sent": 1, "accepted": 1, "bounced": 1}
    assert answers(not_taken)["email"] == {"sent": 1, "refused": 1}
    assert answers(no_address)["email"] == {"sent": 1, "bounced": 1}


def test_what_machines_open_and_follow_is_counted_apart() -> None:
    changes = Partition().take(
        decision(Verdict.EMITTED), told("receipt.opened", 1, machine=True), told("receipt.clicked", 2)
    )

    assert answers(changes)["email"] == {"sent": 1, "opened_by_machine": 1, "clicked": 1}


def test_of_a_customer_the_newest_actions_are_kept_and_no_more() -> None:
    partition = Partition()

    every = [
        partition.take(decision(Verdict.EMITTED, f"{number:032x}", acting=when(number)))
        for number in range(ANSWERED_ACTIONS + 5)
    ]

    assert len(partition.answers["c-1"]) == ANSWERED_ACTIONS
    assert every[-1].answers["c-1"][f"{4:032x}"] is None


def test_staff_who_raise_the_urgency_escalate_and_a_customer_who_adds_something_does_not() -> None:
    partition = Partition()
    partition.tell("complaint.opened", complaint_id="k-5", category="delivery", urgency="normal")

    partition.tell("complaint.updated", when(1), complaint_id="k-5", text="and wet", actor="customer", urgency="high")
    assert not partition.work["c-1 k-5"].escalated

    partition.tell("complaint.updated", when(2), complaint_id="k-5", actor="staff:mei", urgency="critical")
    assert partition.work["c-1 k-5"].escalated == when(2)
    assert partition.work["c-1 k-5"].urgency == "critical"


def test_whoever_takes_a_call_first_has_it_until_it_is_handed_over() -> None:
    partition = Partition()
    call = {"action_id": "b" * 32}

    partition.tell("callback.taken", when(1), owner="mei", **call)
    partition.tell("callback.taken", when(2), owner="jonas", **call)
    assert partition.work[f"c-1 {'b' * 32}"].owner == "mei"

    partition.tell("callback.handed_over", when(3), **call)
    assert partition.work[f"c-1 {'b' * 32}"].owner == ""


def test_a_ticket_about_no_complaint_is_a_task_until_somebody_says_how_it_went() -> None:
    partition = Partition()
    ticket = {"action_id": "t" * 32, "customer": "c-1", "rule": "question_routed", "reason": "asked a question"}

    partition.take((TICKETS, msgspec.json.encode(ticket | {"decided_at": "2026-03-02T12:00:00Z", "kind": "ticket"})))
    task = partition.work[f"c-1 {'t' * 32}"]
    assert (task.kind, task.text, task.closed) == ("task", "asked a question", 0)

    partition.tell("callback.completed", when(1), action_id="t" * 32, outcome="reached")
    assert partition.work[f"c-1 {'t' * 32}"].closed


@pytest.mark.parametrize("ticket_first", [True, False], ids=["ticket first", "closing first"])
@pytest.mark.parametrize(("days", "became"), [(1, "met"), (4, "missed")])
def test_a_deadline_is_met_or_missed_whichever_topic_is_read_first(ticket_first: bool, days: int, became: str) -> None:
    partition, due = Partition(), to_rfc3339(when(3))
    partition.tell("complaint.opened", complaint_id="k-5", category="delivery")
    told = {"action_id": "t" * 32, "customer": "c-1", "complaint_id": "k-5", "rule": "complaint_routed", "due_at": due}
    ticket = TICKETS, msgspec.json.encode(told | {"decided_at": to_rfc3339(START), "kind": "ticket"})

    def close() -> Changes:
        return partition.tell("complaint.resolved", when(days), complaint_id="k-5", resolution="refunded")

    first = partition.take(ticket) if ticket_first else close()
    last = close() if ticket_first else partition.take(ticket)

    sums = {name: by for one in (first, last) for day in one.days.values() for name, by in day.items()}
    assert {name: by for name, by in sums.items() if name.startswith(("complaints.met", "complaints.missed"))} == {
        f"complaints.{became}.delivery": 1
    }
