"""Every named outcome, through the engine in service: what is wrong goes aside with its origin, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from agents.clock import wall_clock
from schemas.times import MINUTE
from schemas.topics import BROWSE, COMPLAINTS, FEEDBACK, ORDERS
from streams.ingest import FORWARDED
from tests.engine.site import Letter, Site

pytestmark = pytest.mark.timeout(300)

Body = Callable[[Site], bytes]


def without(field: str) -> Body:
    def body(site: Site) -> bytes:
        told = orjson.loads(site.event("order.placed", "bad-1", order_id="o-1", amount=1, currency="EUR"))
        del told[field]
        return orjson.dumps(told)

    return body


def changed(kind: str = "order.placed", **fields: Any) -> Body:
    def body(site: Site) -> bytes:
        usual = {"order_id": "o-1", "amount": 1, "currency": "EUR"} if kind == "order.placed" else {}
        return site.event(kind, "bad-1", **{**usual, **fields})

    return body


WRONG: dict[str, tuple[Body, str, str]] = {
    "wrong JSON": (lambda _: b'{"type": "order.placed", ', "wrong_json", ""),
    "nothing at all": (lambda _: b"", "wrong_json", ""),
    "an unknown type": (changed(kind="order.dreamt"), "unknown_type", "type"),
    "no type": (without("type"), "missing_field", "type"),
    "a missing field": (without("amount"), "missing_field", "amount"),
    "a wrong field": (changed(amount=-1), "wrong_field", "amount"),
    "a field nobody knows": (changed(colour="red"), "wrong_field", "colour"),
    "a text that is too long": (changed(order_id="o" * 65), "too_long", "order_id"),
    "a body that is too long": (lambda _: b" " * 70_000, "too_long", ""),
    "a time in the future": (lambda site: _ahead(site), "time_in_future", "time"),
    "a type of another topic": (lambda site: site.event("product.viewed", "bad-1", sku="s"), "wrong_topic", "type"),
}


def _ahead(site: Site) -> bytes:
    at = wall_clock() + 6 * MINUTE
    return site.event("order.placed", "bad-1", at, order_id="o-1", amount=1, currency="EUR")


@pytest.fixture(scope="module")
def sent(site: Site) -> dict[str, tuple[bytes, int]]:
    """Everything wrong, one after the other, with somebody's valid orders before, between and behind."""
    told = {}
    site.tell("order.placed", "good-1", order_id="before", amount=100, currency="EUR")
    for number, (name, (make, _, _)) in enumerate(WRONG.items()):
        body = make(site)
        told[name] = body, site.put(ORDERS, body, "bad-1", headers=(("trace", name.encode()),))
        site.tell("order.placed", "good-1", order_id=f"between-{number}", amount=100, currency="EUR")
    return told


def letter_of(site: Site, name: str) -> Letter:
    def look() -> Letter | None:
        return next((letter for letter in site.letters("bad-1") if letter.headers.get("trace") == name), None)

    return site.until(look, f"the dead letter of {name}")


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_event_becomes_a_dead_letter_with_its_origin(
    site: Site, sent: dict[str, tuple[bytes, int]], name: str
) -> None:
    body, offset = sent[name]
    _, reason, field = WRONG[name]

    letter = letter_of(site, name)

    assert (letter.reason, letter.headers["tend-field"]) == (reason, field)
    assert letter.raw.value == body
    assert letter.headers["tend-topic"] == ORDERS
    assert letter.headers["tend-partition"] == str(site.partition("bad-1"))
    assert letter.headers["tend-offset"] == str(offset)
    assert letter.headers["tend-message"]


def test_nothing_valid_around_it_is_lost_and_no_letter_is_told_twice(
    site: Site, sent: dict[str, tuple[bytes, int]]
) -> None:
    def all_orders() -> bool:
        record = site.record("good-1")
        return record is not None and record.purchases.count == len(sent) + 1

    site.until(all_orders, "every valid order is counted")

    assert len(site.letters("bad-1")) == len(sent)


def test_a_customer_who_was_never_heard_of_gets_a_record_and_the_event_is_handled(site: Site) -> None:
    site.complain("new-1")

    site.until(lambda: "complaint_routed" in site.rules_acted("new-1"), "the complaint of somebody new is routed")

    record = site.record("new-1")
    assert record is not None
    assert record.complaints.total == 1


def test_a_receipt_for_an_unknown_action_is_counted_and_no_dead_letter(site: Site) -> None:
    site.tell("receipt.delivered", "receipt-1", action_id="nobody-knows-it")
    site.tell("receipt.redeemed", "receipt-1", action_id="somebody-elses", campaign="flyer", discount=100)
    site.complain("receipt-1")

    site.until(lambda: site.rules_acted("receipt-1"), "what came behind the receipts is handled")

    counted = [line for line in site.metrics().splitlines() if line.startswith("tend_") and "receipts" in line]
    assert any(float(line.split()[-1]) >= 2 for line in counted), counted
    assert site.letters("receipt-1") == []


def test_a_record_on_a_wrong_partition_is_forwarded_and_handled(site: Site) -> None:
    customer, wrong = "lost-1", 1 - site.partition("lost-1")
    body = site.event("complaint.opened", customer, complaint_id="p-1", category="delivery")

    offset = site.put(COMPLAINTS, body, customer, wrong)

    site.until(lambda: "complaint_routed" in site.rules_acted(customer), "the forwarded complaint is routed")
    moved = [raw for raw in site.log(COMPLAINTS) if raw.value == body and raw.partition != wrong]
    assert [dict(raw.headers)[FORWARDED] for raw in moved] == [f"{wrong}:{offset}".encode()]
    assert site.letters(customer) == []


def test_a_record_that_was_forwarded_and_is_wrong_again_becomes_a_dead_letter(site: Site) -> None:
    customer, wrong = "lost-2", 1 - site.partition("lost-2")
    body = site.event("product.reviewed", customer, sku="s-1", rating=5)

    site.put(FEEDBACK, body, customer, wrong, headers=((FORWARDED, b"0:0"),))

    letters = site.until(lambda: site.letters(customer), "the record is given up")
    assert [letter.reason for letter in letters] == ["wrong_partition"]
    assert "murmur2" in letters[0].headers["tend-message"]
    assert site.record(customer) is None


def test_dead_letters_are_listed_shown_and_sent_again(site: Site) -> None:
    customer = "again-1"
    body = site.event("complaint.opened", customer, complaint_id="p-9", category="delivery")
    site.put(BROWSE, body, customer, headers=(("trace", b"abc"),))  # the wrong topic
    wrong = 1 - site.partition(customer)
    site.put(COMPLAINTS, body, customer, wrong, headers=((FORWARDED, b"0:0"), ("trace", b"xyz")))
    site.until(lambda: len(site.letters(customer)) == 2, "two letters")
    letters = {letter.reason: letter for letter in site.letters(customer)}

    listed = site.tend("dead-letters", "list", "--reason", "wrong_partition", "--json")
    shown = site.tend("dead-letters", "show", letters["wrong_partition"].name)
    again = site.tend("dead-letters", "redrive", letters["wrong_partition"].name)

    assert (listed.status, shown.status, again.status) == (0, 0, 0), again.err
    told = [orjson.loads(line) for line in listed.out.splitlines()]
    assert letters["wrong_partition"].name in [one["id"] for one in told]
    assert {one["reason"] for one in told} == {"wrong_partition"}
    described = orjson.loads(shown.out)
    assert (described["headers"], described["body"]) == ({"trace": "xyz"}, body.decode())
    site.until(lambda: "complaint_routed" in site.rules_acted(customer), "the complaint sent again is routed")


def test_a_letter_that_is_still_no_event_is_not_sent_again(site: Site, sent: dict[str, tuple[bytes, int]]) -> None:
    letter = letter_of(site, "a missing field")

    refused = site.tend("dead-letters", "redrive", letter.name)

    assert refused.status == 2
    assert "is still no valid event" in refused.err
