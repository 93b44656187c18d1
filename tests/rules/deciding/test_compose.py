"""What an action carries."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rules.rulebook import Rulebook
from schemas.actions import CouponAction, decode_action, encode_action
from schemas.receipts import MAX_HOPS
from schemas.times import DAY, to_millis
from tests.rules.moments import NOON, Moments, action, at, book, customer, rule, rules, verdicts

SPOKEN = {"hello": {"en": "Hello.", "de": "Guten Tag.", "zh-Hans": "您好。", "pt-BR": "Olá."}}


def speaking(*some: dict[str, Any], locale: str = "en") -> Rulebook:
    numbers = {"place": {"zone": "Europe/London", "locale": locale}}
    return book(msgspec.json.encode({"rules": list(some), "texts": SPOKEN, "defaults": numbers}).decode())


@pytest.mark.parametrize(
    ("locale", "text", "spoken"),
    [
        ("en", "Hello.", "en"),
        ("en-GB", "Hello.", "en"),
        ("de-AT", "Guten Tag.", "de"),
        ("DE", "Guten Tag.", "de"),
        ("zh-Hans-CN", "您好。", "zh-Hans"),
        ("zh-TW", "您好。", "zh-Hant"),
        ("pt", "Olá.", "pt-BR"),
        ("fr", "Hello.", "en"),
        ("", "Hello.", "en"),
    ],
)
def test_customers_are_spoken_to_in_their_language_or_the_stores(locale: str, text: str, spoken: str) -> None:
    record = customer()
    record.profile.locale = locale
    moments = Moments(speaking(rule()), record)
    moments.when("order.placed")

    (sent,) = moments.outcome.actions
    assert (sent.text, sent.locale) == (text, spoken)


def test_the_stores_own_people_are_spoken_to_in_theirs() -> None:
    record = customer()
    record.profile.locale = "zh-Hans"
    call = {"kind": "callback", "text": "hello", "due": "2 days"}
    moments = Moments(speaking(rule(actions=[call]), locale="de"), record)
    moments.when("order.placed")

    assert moments.texts == ["Guten Tag."]


@pytest.mark.parametrize(
    ("channel", "address"),
    [("email", "customer/c-1/email"), ("sms", "customer/c-1/phone"), ("push", "customer/c-1/push")],
)
def test_it_refers_to_the_address_and_never_holds_it(channel: str, address: str) -> None:
    moments = Moments(rules(rule(actions=[action(channel=channel)])))
    moments.when("order.placed")

    sent = moments.outcome.actions[0]
    assert sent.address == address
    assert b"anna@example.com" not in encode_action(sent)
    assert b"+441234567" not in encode_action(sent)


def test_it_says_who_decided_when_and_why() -> None:
    moments = Moments(rules(rule(reason="ordered {order.id}", priority=321)), acting=NOON + 5)
    moments.when("order.placed")

    sent = moments.outcome.actions[0]
    assert (sent.rule, sent.rulebook, sent.almanac) == ("hello", moments.rulebook.version, 7)
    assert (sent.reason, sent.priority, sent.template) == ("ordered o-1", 321, "hello")
    assert to_millis(sent.decided_at) == to_millis(sent.not_before) == NOON + 5
    assert to_millis(sent.expires_at) == NOON + 3 * DAY
    assert decode_action(encode_action(sent)) == sent


def test_a_coupon_of_an_amount_has_a_currency_and_a_minimum() -> None:
    terms = {"amount": 500, "currency": "EUR", "minimum": 2_000, "valid": "1 week", "prefix": "FIVE"}
    kind = {"kind": "coupon", "channel": "email", "text": "gift", "coupon": terms}
    texts = {"gift": {"en": "{{ coupon.off }} off with {{ coupon.code }} until {{ coupon.last_day }}."}}
    moments = Moments(book(msgspec.json.encode({"rules": [rule(actions=[kind])], "texts": texts}).decode()))
    moments.when("order.placed")

    sent = moments.outcome.actions[0]
    assert isinstance(sent, CouponAction)
    assert (sent.coupon.amount, sent.coupon.currency, sent.coupon.minimum) == (500, "EUR", 2_000)
    assert sent.text == f"€5.00 off with {sent.coupon.code} until Wednesday, March 11."


def test_codes_differ_from_customer_to_customer() -> None:
    terms = {"percent": 5, "valid": "1 week", "prefix": "GIFT"}
    with_coupon = rules(rule(actions=[{"kind": "coupon", "channel": "email", "text": "hello", "coupon": terms}]))
    codes = set()
    for number in range(50):
        moments = Moments(with_coupon, customer(id=f"c-{number}"))
        moments.when("order.placed")
        codes.add(moments.record.coupons[0].code)

    assert len(codes) == 50


def test_a_coupon_ends_with_a_day_also_when_the_clocks_change() -> None:
    terms = {"percent": 5, "valid": "1 day", "prefix": "GIFT"}
    with_coupon = rules(
        rule(expiry="1 day", actions=[{"kind": "coupon", "channel": "email", "text": "hello", "coupon": terms}])
    )
    moments = Moments(with_coupon)
    moments.when("order.placed", at=at("2026-03-28T10:00:00+00:00"))

    assert moments.record.coupons[0].expires == at("2026-03-30T00:00:00+01:00")


def test_receipts_and_actions_in_a_row_are_counted_and_a_loop_is_cut() -> None:
    answering = rules(rule(on=["receipt.opened", "order.placed"], occasion="{trigger.ref}"))

    def hops(trigger: str, so_far: int) -> Moments:
        moments = Moments(answering, hops=so_far)
        moments.when(trigger, "a-1")
        return moments

    assert hops("receipt.opened", 2).outcome.actions[0].hops == 3
    assert hops("order.placed", 0).outcome.actions[0].hops == 0
    looping = hops("receipt.opened", MAX_HOPS)
    assert verdicts(looping.outcome.decisions) == [("refused", "rule_failed")]
    assert "are a loop" in looping.outcome.decisions[0].detail


def test_a_loop_is_not_hidden_by_a_night() -> None:
    night = at("2026-03-04T22:00:00+00:00")
    moments = Moments(rules(rule(on=["receipt.opened"], occasion="{trigger.ref}")), hops=3)
    moments.when("receipt.opened", "a-1", night)

    later = Moments(moments.rulebook, moments.record)
    later.until(night + DAY)

    assert later.outcome.actions[0].hops == 4
