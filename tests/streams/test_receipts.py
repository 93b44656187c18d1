"""What became of the actions that were given out."""

from __future__ import annotations

import pytest

from schemas.given_out import Coupon, Sent
from schemas.ids import action_id, short_key
from schemas.outcome_codes import OutcomeCode
from tests.builders import START, Life, event, when

ACTION = action_id("win_back", "c-1", "2026", 0)


@pytest.fixture
def life() -> Life:
    """Somebody who was sent a coupon."""
    life = Life()
    life.record.sent.append(Sent(short_key(bytes.fromhex(ACTION)), 7, START, "email", "marketing"))
    life.record.coupons.append(Coupon("TEND-1", 7, when(30)))
    return life


def test_an_action_goes_forward_and_never_back(life: Life) -> None:
    life.happens(event("receipt.opened", when(1), action_id=ACTION))

    outcome = life.happens(event("receipt.delivered", when(2), action_id=ACTION))

    assert life.record.sent[0].state == 3
    assert outcome.codes == {OutcomeCode.DUPLICATE: 1}


def test_a_failure_is_final(life: Life) -> None:
    life.happens(event("receipt.failed", when(1), action_id=ACTION), event("receipt.opened", when(2), action_id=ACTION))

    assert life.record.sent[0].state == 9


@pytest.mark.parametrize("kind", ["receipt.accepted", "receipt.clicked", "receipt.failed"])
def test_a_receipt_for_an_action_nobody_knows_is_counted(kind: str) -> None:
    life = Life()
    before = life.facts()

    assert life.happens(event(kind, action_id="not-ours")).codes == {OutcomeCode.UNKNOWN_RECEIPT: 1}
    assert life.facts() == before


def test_our_coupon_is_redeemed(life: Life) -> None:
    outcome = life.happens(event("receipt.redeemed", when(1), action_id=ACTION, code="TEND-1"))

    assert life.record.coupons[0].redeemed
    assert life.record.sent[0].state == 5
    assert outcome.codes == {}


def test_our_coupon_is_redeemed_though_the_action_was_forgotten(life: Life) -> None:
    life.record.sent.clear()

    outcome = life.happens(event("receipt.redeemed", when(1), action_id=ACTION, code="TEND-1"))

    assert life.record.coupons[0].redeemed
    assert outcome.codes == {}


def test_somebody_elses_coupon_is_counted_as_such(life: Life) -> None:
    outcome = life.happens(event("receipt.redeemed", action_id="campaign-8", code="54200", campaign="8"))

    assert outcome.codes == {OutcomeCode.FOREIGN_REDEMPTION: 1}


def test_the_unsubscribe_link_withdraws_consent_whatever_became_of_the_action(life: Life) -> None:
    life.happens(
        event("consent.granted", channel="email", purpose="marketing"),
        event("receipt.unsubscribed", when(1), action_id="long-gone", channel="email"),
    )

    (consent,) = life.record.consents
    assert (consent.channel, consent.purpose, consent.granted) == ("email", "marketing", False)


@pytest.mark.parametrize(("outcome", "state"), [("reached", 2), ("not_reached", 9), ("declined", 9)])
def test_a_call_that_reached_nobody_has_failed(life: Life, outcome: str, state: int) -> None:
    life.happens(event("callback.completed", when(1), action_id=ACTION, outcome=outcome))

    assert life.record.sent[0].state == state


def test_an_address_that_failed_is_stopped_though_something_else_was_told_in_between(life: Life) -> None:
    life.happens(
        event("customer.registered", email="ada@example.org"),
        event("customer.updated", when(2), zone="Europe/Lisbon"),
        event("receipt.failed", when(1), action_id=ACTION, permanent=True),
    )

    assert set(life.record.stopped) == {"email"}


def test_an_address_told_since_is_not_stopped_by_what_failed_before(life: Life) -> None:
    life.happens(
        event("customer.registered", email="ada@example.org"),
        event("customer.updated", when(2), email="lovelace@example.org"),
        event("receipt.failed", when(1), action_id=ACTION, permanent=True),
    )

    assert life.record.stopped == {}
