"""Why, and why not."""

from __future__ import annotations

from pathlib import Path

from rules.loading import shipped
from schemas.outcome import REASONS_IN_WORDS, Decision, Outcome, Reason, Verdict
from streams.explain import why, why_not
from tests.builders import Life, added, event, lane_context, when


def decided(outcome: Outcome, rule: str) -> list[Decision]:
    return [one for one in outcome.decisions if one.rule == rule]


def reachable(life: Life) -> None:
    life.happens(
        event("customer.registered", name="Ada", email="ada@example.org", zone="Europe/London"),
        event("consent.granted", channel="email", purpose="marketing"),
    )


def test_every_reason_can_be_said_in_words() -> None:
    assert set(REASONS_IN_WORDS) == set(Reason)


def test_every_reason_is_given_by_some_limit() -> None:
    code = "".join(module.read_text(encoding="utf-8") for module in Path("rules").rglob("*.py"))

    assert [reason.name for reason in Reason if f"Reason.{reason.name}" not in code] == []


def test_an_action_is_explained_by_what_woke_it_and_what_it_knew() -> None:
    life = Life(lane_context(shipped()))
    reachable(life)
    life.happens(added(price=4_000))

    (decision,) = decided(life.until(when(0, 2)), "cart_left")

    said = " ".join(why(decision))
    assert decision.verdict == Verdict.EMITTED
    assert "was given out" in said
    assert "a cart with something in it was not touched" in said
    assert "cart.value = 4000" in said


def test_a_refusal_is_explained_by_its_reason() -> None:
    life = Life(lane_context(shipped()))
    life.happens(event("customer.registered", email="ada@example.org"), added(price=4_000))

    (decision,) = decided(life.until(when(0, 2)), "cart_left")

    assert decision.verdict == Verdict.REFUSED
    assert decision.reason in (Reason.NO_CONSENT, Reason.NO_ADDRESS)
    assert any(REASONS_IN_WORDS[decision.reason] in sentence for sentence in why(decision))


def test_a_rule_that_acted_not_long_ago_is_not_due_and_suppresses_nothing() -> None:
    life = Life(lane_context(shipped()))
    reachable(life)
    life.happens(added(price=4_000))
    life.until(when(0, 2))
    life.happens(added(when(1), cart_id="k-2", price=4_000))

    (decision,) = decided(life.until(when(1, 2)), "cart_left")

    assert decision.reason is Reason.COOLDOWN
    assert decision.is_not_due
    assert "was not due" in why(decision)[0]


def test_what_was_decided_lately_answers_why_not() -> None:
    life = Life(lane_context(shipped()))
    life.happens(added(price=4_000))
    decisions = life.until(when(0, 2)).decisions

    said = why_not(life.customer, "cart_left", life.lane, when(1), decisions)

    assert said == why(decided_last(decisions, "cart_left"))


def decided_last(decisions: list[Decision], rule: str) -> Decision:
    return [one for one in decisions if one.rule == rule][-1]


def test_a_rule_that_never_woke_says_what_it_waits_for_and_what_it_would_see() -> None:
    life = Life(lane_context(shipped()))
    reachable(life)
    before = life.stored()

    said = " ".join(why_not(life.customer, "cart_left", life.lane, when(1)))

    assert "wakes at cart.left" in said
    assert "is not true now" in said
    assert "cart.open = False" in said
    assert life.stored() == before


def test_a_rule_that_acted_long_ago_says_when() -> None:
    life = Life(lane_context(shipped()))
    reachable(life)
    rule = shipped().rule("cart_left")
    assert rule is not None
    life.record.fired[rule.hash] = when(0, 1)

    said = " ".join(why_not(life.customer, "cart_left", life.lane, when(20)))

    assert "It acted for the customer at 2026-03-02T13:00:00.000Z." in said


def test_an_unknown_rule_is_answered_with_those_there_are() -> None:
    life = Life(lane_context(shipped()))

    (said,) = why_not(life.customer, "cart_letf", life.lane, when(1))

    assert "no rule cart_letf" in said
    assert "cart_left" in said


def test_somebody_forgotten_is_looked_at_by_no_rule() -> None:
    life = Life(lane_context(shipped()))
    life.happens(event("erasure.requested"))

    assert why_not(life.customer, "cart_left", life.lane, when(1)) == [
        "The customer asked to be forgotten: no rule looks at them any more."
    ]


def test_of_who_objects_to_being_profiled_that_is_the_answer() -> None:
    life = Life(lane_context(shipped()))
    reachable(life)
    life.happens(event("consent.withdrawn", when(0, 1), channel="any", purpose="profiling"))

    said = " ".join(why_not(life.customer, "win_back_coupon", life.lane, when(1)))

    assert "The customer objects to being profiled" in said
    assert "objects" not in " ".join(why_not(life.customer, "welcome", life.lane, when(1)))
