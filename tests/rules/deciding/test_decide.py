"""Deciding: occasions, ids, holding, releasing, failing."""

from __future__ import annotations

import msgspec
import pytest

from rules.deciding.decide import decide
from rules.loading import shipped
from rules.rulebook import Rulebook
from schemas.actions import CouponAction, TicketAction, encode_action
from schemas.codec import encode_record
from schemas.given_out import MAX_HELD, MAX_SPENT
from schemas.ids import action_id
from schemas.outcome import Reason, Verdict
from schemas.times import DAY, HOUR, to_millis
from tests.rules.moments import (
    NOON,
    Moments,
    action,
    at,
    book,
    cart,
    complaint,
    customer,
    orders,
    rule,
    rules,
    verdicts,
    without_consent,
)

NIGHT = at("2026-03-04T22:00:00+00:00")
MORNING = at("2026-03-05T09:00:00+00:00")


def test_the_id_comes_from_rule_customer_occasion_and_place() -> None:
    moments = Moments(rules(rule(occasion="order-{order.id}", actions=[action(), action(channel="sms")])))

    decided = moments.when("order.placed", "o-7")

    assert [one.action_id for one in decided] == [action_id("hello", "c-1", "order-o-7", n) for n in (0, 1)]
    assert [one.action_id for one in moments.outcome.actions] == [one.action_id for one in decided]


def test_an_occasion_is_decided_once() -> None:
    moments = Moments(rules(rule()))

    assert len(moments.when("order.placed", "o-1")) == 1
    assert moments.when("order.placed", "o-1", NOON + DAY) == []
    assert len(moments.when("order.placed", "o-2", NOON + DAY)) == 1


def test_a_refusal_is_final_too() -> None:
    moments = Moments(rules(rule()), without_consent(customer(), "service"))
    moments.when("order.placed")

    moments.record.consents = []

    assert moments.when("order.placed", at=NOON + HOUR) == []


def test_an_edited_rule_gives_the_same_id_and_so_does_nothing_twice() -> None:
    moments = Moments(rules(rule()))
    moments.when("order.placed")

    moments.rulebook = rules(rule(reason="bought something", priority=1, expiry="9 days"))

    assert moments.when("order.placed", at=NOON + HOUR) == []


def test_a_condition_that_does_not_hold_proposes_nothing() -> None:
    moments = Moments(rules(rule(when="orders.count > 5")))

    assert moments.when("order.placed") == []
    assert moments.record == customer()


def test_other_triggers_wake_nothing() -> None:
    assert Moments(rules(rule())).when("order.delivered") == []


def test_a_held_action_keeps_its_id_until_its_one_outcome() -> None:
    moments = Moments(rules(rule()))

    held = moments.when("order.placed", at=NIGHT)
    again = moments.when("order.placed", at=NIGHT + HOUR)
    released = moments.until(MORNING)

    assert again == []
    assert [one.action_id for one in held] == [one.action_id for one in released]
    assert verdicts(released) == [("released", "")]
    assert released[0].trigger == "order.placed"
    assert moments.when("order.placed", at=MORNING + HOUR) == []
    assert moments.record.held == []


def test_what_is_no_longer_true_is_not_done() -> None:
    moments = Moments(rules(rule(when="cart.open")), customer(cart=cart()))
    moments.when("order.placed", at=NIGHT)

    moments.record.cart = None
    decided = moments.until(MORNING)

    assert verdicts(decided) == [("refused", "no_longer_true")]
    assert decided[0].detail == "held for quiet_hours; meanwhile: cart.open"
    assert moments.texts == []


def test_a_held_action_remembers_what_it_was_about() -> None:
    terms = rule(when="order.amount == 5000", reason="ordered {order.id}")
    texts = {"hello": {"en": "Order {{ order.id }}."}}
    moments = Moments(with_texts(terms, texts), orders=orders("o-1"))
    moments.when("order.placed", at=NIGHT)

    later = Moments(moments.rulebook, moments.record)
    decided = later.until(MORNING)

    assert verdicts(decided) == [("released", "")]
    assert later.texts == ["Order o-1."]
    assert decided[0].facts["order.id"] == "o-1"


def test_a_held_action_of_a_rule_that_is_gone_is_refused() -> None:
    moments = Moments(rules(rule()))
    moments.when("order.placed", at=NIGHT)

    moments.rulebook = rules(rule(id="other"))
    decided = moments.until(MORNING)

    assert verdicts(decided) == [("refused", "no_longer_true")]
    assert decided[0].detail == "the rule is no longer in the rulebook"


def test_a_customer_waits_for_the_first_of_what_is_held() -> None:
    record = customer()
    record.complaints.recent = [complaint()]
    moments = Moments(rules(rule(id="night"), rule(id="offer", purpose="marketing", expiry="9 days")), record)

    moments.when("order.placed", at=NIGHT)

    assert moments.release_due == MORNING
    moments.until(MORNING)
    assert moments.release_due == NIGHT + 72 * HOUR


def test_where_too_much_is_held_one_more_is_refused() -> None:
    moments = Moments(rules(rule()))

    decided = [moments.when("order.placed", f"o-{n}", NIGHT)[0] for n in range(MAX_HELD + 1)]

    assert verdicts(decided)[-2:] == [("held", "quiet_hours"), ("refused", "held_full")]


def test_held_actions_stay_small_however_long_their_words_are() -> None:
    moments = Moments(with_texts(rule(), {"hello": {"en": "Order {{ order.id }}."}}))

    for n in range(MAX_HELD):
        moments.when("order.placed", f"{n}" + "x" * 63, NIGHT)

    reasons = [one.reason for one in moments.outcome.decisions]
    assert Reason.HELD_FULL in reasons
    assert len(moments.record.held) >= 2


def test_before_acting_begins_occasions_are_only_spent() -> None:
    moments = Moments(rules(rule(), rule(id="once", cooldown="once", occasion="once")), act_from=NOON + DAY)

    assert moments.when("order.placed", "o-1", NOON) == []
    assert moments.outcome.actions == []
    assert moments.when("order.placed", "o-1", NOON + 2 * DAY) == []
    later = moments.when("order.placed", "o-2", NOON + 2 * DAY)
    assert [one.rule for one in later] == ["hello"]


def test_a_rule_done_once_before_acting_began_is_not_done_again_however_long_ago() -> None:
    moments = Moments(rules(rule(id="once", cooldown="once", occasion="{order.id}")), act_from=NOON + DAY)
    moments.when("order.placed", "o-1", NOON)

    assert verdicts(moments.when("order.placed", "o-2", NOON + 2 * DAY)) == [("refused", "cooldown")]


def test_nothing_is_decided_for_somebody_who_asked_to_be_forgotten() -> None:
    moments = Moments(rules(rule()), customer(erased=NOON))

    assert moments.when("order.placed") == []


def test_a_rule_that_fails_is_told_and_the_others_go_on() -> None:
    broken = rule(id="broken", when="orders.count / points.balance == 1", priority=999)
    moments = Moments(rules(broken, rule()))

    decided = moments.when("order.placed")

    assert verdicts(decided) == [("refused", "rule_failed"), ("emitted", "")]
    assert decided[0].detail == "orders.count / points.balance == 1: divide by zero"
    assert moments.record.held == []


def test_a_text_that_lacks_a_value_is_a_failure_and_no_message() -> None:
    moments = Moments(with_texts(rule(), {"hello": {"en": "Cart {{ cart.id }}."}}))

    decided = moments.when("order.placed")

    assert verdicts(decided) == [("refused", "rule_failed")]
    assert decided[0].detail == "no value for {{ cart.id }}"
    assert moments.record.sent == []


def test_an_occasion_that_is_empty_is_a_failure() -> None:
    decided = Moments(rules(rule(occasion="{cart.id}"))).when("order.placed")

    assert verdicts(decided) == [("refused", "rule_failed")]


def test_a_long_occasion_is_shortened_and_stays_itself() -> None:
    moments = Moments(rules(rule(occasion="{order.id}/{order.id}")))

    first = moments.when("order.placed", "x" * 64)[0]
    other = moments.when("order.placed", "x" * 63 + "y")[0]

    assert len(first.occasion) <= 80
    assert first.occasion != other.occasion


def test_the_ledger_holds_the_facts_used_and_nothing_personal() -> None:
    terms = rule(when="orders.count == 2 && profile.name != ''")
    moments = Moments(with_texts(terms, {"hello": {"en": "Hello."}}))

    decided = moments.when("order.placed")[0]

    assert decided.facts == {"orders.count": 2, "order.id": "o-1"}
    assert decided.detail == "ordered"
    assert (decided.almanac, decided.rulebook) == (7, moments.rulebook.version)


def test_a_coupon_is_remembered_and_good_to_the_end_of_its_last_day() -> None:
    moments = Moments(rules(rule(actions=[coupon()])))

    moments.when("order.placed")

    given = moments.outcome.actions[0]
    assert isinstance(given, CouponAction)
    assert given.coupon.code.startswith("TEST-")
    assert to_millis(given.coupon.expires_at) == at("2026-03-15T00:00:00+00:00")
    assert given.message is not None
    assert given.message.slip is not None
    assert given.message.slip.rows[0].value == "Saturday, March 14"
    kept = moments.record.coupons[0]
    assert (kept.code, kept.percent, kept.expires) == (given.coupon.code, 5, at("2026-03-15T00:00:00+00:00"))


def test_a_ticket_says_queue_urgency_and_deadline() -> None:
    ticket = {
        "kind": "ticket",
        "text": "hello",
        "queue": "q-{complaint.category}",
        "urgency": "{complaint.urgency}",
        "due": "{complaint.deadline}",
    }
    record = customer()
    record.complaints.recent = [complaint(urgency="high")]
    moments = Moments(rules(rule(on=["complaint.opened"], occasion="{complaint.id}", actions=[ticket])), record)

    moments.when("complaint.opened", "p-1")

    given = moments.outcome.actions[0]
    assert isinstance(given, TicketAction)
    assert (given.queue, given.urgency, given.address) == ("q-delivery", "high", "desk/q-delivery")
    assert to_millis(given.due_at) == NOON + 48 * HOUR
    assert (given.complaint_id, given.category) == ("p-1", "delivery")


def test_a_campaign_is_spread_the_same_way_each_time() -> None:
    one, other = (Moments(rules(rule(spread="4 hours"))) for _ in range(2))
    one.when("order.placed")
    other.when("order.placed")

    starts = to_millis(one.outcome.actions[0].not_before)
    assert NOON <= starts < NOON + 4 * HOUR
    assert encode_action(one.outcome.actions[0]) == encode_action(other.outcome.actions[0])


def test_the_oldest_refusals_are_forgotten_first_and_what_was_done_last() -> None:
    moments = Moments(rules(rule(), rule(id="never", purpose="marketing", occasion="{order.id}")))
    without_consent(moments.record)
    moments.when("order.placed", "o-0", NOON)
    for n in range(1, MAX_SPENT - 5):
        moments.record.sent = []
        moments.when("order.placed", f"o-{n}", NOON + n * 8 * DAY)

    again = moments.when("order.placed", "o-0", NOON + 400 * DAY)

    assert len(moments.record.spent) == 4 * MAX_SPENT
    assert [(one.rule, one.verdict) for one in again] == [("never", Verdict.REFUSED)]


def test_the_actions_left_out_by_a_full_ring_are_those_that_nothing_counts() -> None:
    ticket = {"kind": "ticket", "text": "hello", "queue": "q", "urgency": "low", "due": "1 hour"}
    moments = Moments(rules(rule(id="ticket", actions=[ticket]), rule(on=["order.delivered"])))
    for n in range(14):
        moments.when("order.placed", f"o-{n}", NOON + n)

    moments.when("order.delivered", "o-1", NOON + HOUR)

    assert len(moments.record.sent) == 12
    assert moments.record.sent[-1].channel == "email"


def coupon() -> dict[str, object]:
    terms = {"percent": 5, "valid": "10 days", "prefix": "TEST"}
    return {"kind": "coupon", "channel": "email", "text": "hello", "coupon": terms}


def with_texts(terms: dict[str, object], texts: object) -> Rulebook:
    parts = {"rules": [terms], "texts": texts, "defaults": {"place": {"zone": "Europe/London"}}}
    return book(msgspec.json.encode(parts).decode())


@pytest.mark.parametrize(
    "trigger", ["order.placed", "order.delivered", "complaint.resolved", "churn.scored", "birthday"]
)
def test_deciding_changes_nothing_and_comes_to_the_same_again(trigger: str) -> None:
    moments = Moments(shipped(), orders=orders("o-1"))
    moments.when("order.placed", "o-0")
    before = encode_record(moments.record)
    context = moments.context(trigger, "o-1", NOON + DAY)

    once, again = decide(context), decide(context)

    assert encode_record(moments.record) == before
    assert (context.outcome.actions, context.outcome.decisions) == ([], [])
    assert once == again
