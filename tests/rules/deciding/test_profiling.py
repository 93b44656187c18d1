"""Who objects to being profiled: no marketing chosen by their profile, and everything else as before.

GDPR, Articles 21 (2) and (3); Personal Information Protection Law of China, Article 24: an option that does not target
by personal characteristics, or a convenient way to refuse.
"""

from __future__ import annotations

from typing import Any

import pytest

from rules.facts import FACTS
from rules.facts.profile import PROFILED_MOMENTS, nothing_known, of_profile
from rules.loading import shipped
from schemas.record import Consent
from schemas.triggers import NOTICED
from tests.rules.moments import NOON, Moments, customer, rule, rules, verdicts

PASSES = [("emitted", "")]
REFUSED = [("refused", "no_profiling")]


def objecting(**changes: Any) -> Any:
    record = customer(**changes)
    record.consents.append(Consent("any", "profiling", False, NOON))
    return record


def marketing(when: str = "true", **changes: Any) -> dict[str, Any]:
    return rule(purpose="marketing", when=when, **changes)


@pytest.mark.parametrize("when", [
    "segment.value == 'low'", "profile.region == ''  && segment.tier == 'bronze'", "orders.spent >= 1000",
    "orders.days_since_last > 3", "churn.probability >= 0.0 && segment.stage == 'repeat'",
    "100 / orders.spent >= 0 && orders.count > 0",
])  # fmt: skip
def test_nothing_is_offered_that_a_profile_decided(when: str) -> None:
    assert verdicts(Moments(rules(marketing(when))).when("order.placed")) == PASSES

    assert verdicts(Moments(rules(marketing(when)), objecting()).when("order.placed")) == REFUSED


@pytest.mark.parametrize("when", ["true", "orders.count > 0", "segment.stage != 'dormant'", "profile.has_name"])
def test_what_everybody_gets_they_get_too(when: str) -> None:
    """The condition holds of somebody of whose profile nothing is known, so no profile decided."""
    assert verdicts(Moments(rules(marketing(when)), objecting()).when("order.placed")) == PASSES


def test_service_goes_on_whatever_it_asks() -> None:
    service = rule(when="segment.value == 'low'")

    assert verdicts(Moments(rules(service), objecting()).when("order.placed")) == PASSES


def test_a_moment_that_comes_of_a_profile_wakes_no_marketing() -> None:
    on_stage = marketing(on=["stage.changed"], occasion="{now.date}")

    assert verdicts(Moments(rules(on_stage), objecting()).when("stage.changed", "loyal")) == REFUSED
    assert verdicts(Moments(rules(on_stage)).when("stage.changed", "loyal")) == PASSES


def test_nobody_calls_them_because_of_a_forecast() -> None:
    call = marketing(actions=[{"kind": "callback", "text": "hello", "due": "3 days"}], on=["churn.scored"])
    call |= {"occasion": "{now.date}"}

    assert verdicts(Moments(rules(call), objecting()).when("churn.scored")) == REFUSED


def test_the_ledger_says_what_the_profile_was() -> None:
    (decision,) = Moments(rules(marketing("segment.value == 'low'")), objecting()).when("order.placed")

    assert decision.detail == "chosen by segment.value"


def test_the_action_tells_senders_that_a_profile_decided_it() -> None:
    chosen, everybody = Moments(rules(marketing("segment.value == 'low'"))), Moments(rules(marketing()))
    chosen.when("order.placed")
    everybody.when("order.placed")

    assert [one.outcome.actions[0].profiled for one in (chosen, everybody)] == [True, None]


def test_who_allows_it_again_is_chosen_again() -> None:
    record = objecting()
    record.consents[-1] = Consent("any", "profiling", True, NOON)

    assert verdicts(Moments(rules(marketing("segment.value == 'low'")), record).when("order.placed")) == PASSES


def test_of_the_shipped_rules_those_that_win_back_need_a_profile_and_those_of_a_day_or_an_order_do_not() -> None:
    needs = {
        one.id
        for one in shipped().rules
        if one.terms.purpose == "marketing"
        and (PROFILED_MOMENTS & set(one.on) or any(of_profile(FACTS[fact]) for fact in one.when.uses))
    }

    assert needs == {
        "win_back_coupon", "win_back_call", "quiet_coupon", "quiet_call", "dormant_wake_up", "festival_greeting"
    }  # fmt: skip
    record = objecting()
    record.profile.locale = "en-GB"
    greeted = Moments(shipped(), record).when("festival", "christmas-2026")
    assert [one.reason for one in greeted if one.rule == "festival_greeting"] == [None], "everybody is greeted"


def test_every_fact_has_a_value_for_nothing_and_every_such_moment_is_known() -> None:
    for fact in FACTS.values():
        assert type(nothing_known(fact)) in (str, int, float, bool, list)
    assert set(NOTICED) >= PROFILED_MOMENTS
