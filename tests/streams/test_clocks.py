"""Clocks differ and leap: a lane whose time is ahead of the clock neither turns for ever nor acts before the moment."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.codec import decode_record
from schemas.outcome import decode_decision
from schemas.times import HOUR, MINUTE, SECOND, Millis
from schemas.topics import DECISIONS
from streams import pipeline
from tests.builders import START, added, event
from tests.streams.service import Service

NINE = START // (24 * HOUR) * 24 * HOUR + 9 * HOUR
"""The end of quiet hours in UTC."""


def with_a_held_reminder(now: Millis) -> Service:
    """Somebody left a cart at night: the reminder waits for nine o'clock."""
    service = Service()
    service.feed(
        event("customer.registered", now - 5 * HOUR, email="a@b.cc", zone="Etc/UTC", locale="en"),
        event("consent.granted", now - 5 * HOUR, channel="email", purpose="marketing"),
        now=now - 4 * HOUR,
    )
    service.feed(added(now - 2 * HOUR, price=9_000), now=now - 10 * MINUTE)
    assert decode_record(service.store.records["c-1"]).held
    return service


@pytest.mark.parametrize("ahead", [SECOND, 30 * SECOND, 5 * MINUTE, 3 * HOUR])
@pytest.mark.parametrize("before", [SECOND, MINUTE, 0])
def test_a_lane_ahead_of_the_clock_across_the_end_of_a_hold_comes_to_an_end(
    monkeypatch: pytest.MonkeyPatch, ahead: Millis, before: Millis
) -> None:
    now = NINE - before
    service = with_a_held_reminder(now)
    service.lane.state.time = now + ahead
    fired = 0
    fire = pipeline._fire

    def counting(*arguments: Any) -> None:
        nonlocal fired
        fired += 1
        if fired > 100:
            pytest.fail("a hold that ends before the timer that made it fires for ever")
        fire(*arguments)

    monkeypatch.setattr(pipeline, "_fire", counting)

    service.feed(event("product.viewed", now, sku="s"), now=now, until=now + ahead)

    assert service.lane.state.time == now + ahead


def test_nothing_acts_before_the_moment_of_its_timer_and_no_hold_ends_before_it() -> None:
    service = with_a_held_reminder(NINE - SECOND)
    service.lane.state.time = NINE + MINUTE
    before = len(service.store.outbox)

    service.feed(now=NINE - SECOND, until=NINE + MINUTE)

    decided = [decode_decision(entry.value) for entry in service.store.outbox[before:] if entry.topic == DECISIONS]
    assert decided
    for decision in decided:
        assert decision.acting >= decision.at
        assert not decision.until or decision.until > decision.at
