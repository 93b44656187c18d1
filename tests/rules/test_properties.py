"""What holds for every customer, rule and moment."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.context import Churn
from rules.deciding.action_history import MAX_HELD_BYTES
from rules.loading import shipped
from rules.rulebook import Rulebook
from rules.zones import zone_info
from schemas.actions import encode_action
from schemas.codec import decode_record, encode_record
from schemas.given_out import MAX_COUPONS, MAX_HELD, MAX_LAST_FIRED, MAX_SENT, MAX_SPENT
from schemas.outcome import Decision, Verdict, encode_decision
from schemas.record import Cart, Consent, CustomerRecord
from schemas.times import DAY, HOUR, MINUTE, Millis
from tests.rules.moments import (
    CHANNELS,
    NOON,
    PURPOSES,
    Moments,
    action,
    cart,
    complaint,
    customer,
    orders,
    rule,
    rules,
)

TRIGGERS = (
    ("order.placed", "o-1"),
    ("order.placed", "o-2"),
    ("second_order.due", "o-1"),
    ("cart.left", "k-1"),
    ("birthday", "2026"),
    ("festival", "christmas-2026"),
    ("tier.upgraded", "silver"),
    ("delivery.overdue", "o-1"),
    ("survey.due", "o-1"),
    ("survey.due", "o-2"),
    ("complaint.opened", "p-1"),
    ("complaint.resolved", "p-1"),
    ("complaint.breached", "p-1"),
    ("churn.scored", "7"),
    ("stage.changed", "dormant"),
)
LIKELY = Churn(0.8, 0.7, 0.9, trusted=True, labels=900)
Step = tuple[tuple[str, str], Millis, bool]

STEPS = st.lists(st.tuples(st.sampled_from(TRIGGERS), st.integers(0, 3 * DAY), st.booleans()), max_size=15)
CONSENTS = st.lists(
    st.builds(Consent, st.sampled_from(CHANNELS), st.sampled_from(PURPOSES), st.booleans(), st.just(NOON)), max_size=8
)
FEW = settings(max_examples=25, deadline=None)


def somebody(consents: list[Consent], zone: str = "Europe/London") -> CustomerRecord:
    """A customer for whom most shipped rules can apply."""
    record = customer(consents=consents, cart=cart())
    record.profile.zone = zone
    record.segment.tier, record.segment.stage = "silver", "dormant"
    return record


def live(rulebook: Rulebook, record: CustomerRecord, steps: list[Step]) -> Moments:
    """Triggers one after the other, with the releases that come between; complaints open and close on the way."""
    moments = Moments(rulebook, record, orders=orders("o-1", "o-2", promised=NOON), churn=LIKELY)
    times = accumulate((gap for _, gap, _ in steps), initial=NOON)
    for now, ((trigger, ref), _, complains) in zip(list(times)[1:], steps, strict=True):
        moments.until(now)
        record.complaints.recent = [complaint(closed=0 if complains else now)]
        moments.when(trigger, ref, now)
    moments.until(NOON + 200 * DAY)
    return moments


@given(STEPS, CONSENTS)
@FEW
def test_the_same_life_leads_to_the_same_bytes(steps: list[Step], consents: list[Consent]) -> None:
    one, other = (live(shipped(), somebody(deepcopy(consents)), steps) for _ in range(2))

    assert list(map(encode_action, one.outcome.actions)) == list(map(encode_action, other.outcome.actions))
    assert list(map(encode_decision, one.outcome.decisions)) == list(map(encode_decision, other.outcome.decisions))
    assert encode_record(one.record) == encode_record(other.record)


@given(STEPS, CONSENTS)
@FEW
def test_a_record_stored_and_loaded_decides_the_same(steps: list[Step], consents: list[Consent]) -> None:
    half = len(steps) // 2
    whole = live(shipped(), somebody(deepcopy(consents)), steps[:half])
    stored = decode_record(encode_record(whole.record))

    assert encode_record(stored) == encode_record(whole.record)
    assert stored.held == whole.record.held


@given(STEPS, CONSENTS)
@FEW
def test_each_action_is_given_out_once_and_each_held_one_has_one_outcome(
    steps: list[Step], consents: list[Consent]
) -> None:
    moments = live(shipped(), somebody(consents), steps)

    given_out = Counter(one.action_id for one in moments.outcome.actions)
    finals = Counter(one.action_id for one in moments.outcome.decisions if one.verdict is not Verdict.HELD)
    held = {one.action_id for one in moments.outcome.decisions if one.verdict is Verdict.HELD}
    assert max(given_out.values(), default=1) == 1
    assert all(finals[one] == 1 for one in held), "each held action came to its end within 200 days"
    assert moments.record.held == []
    assert moments.release_due is None


@given(STEPS, CONSENTS)
@FEW
def test_nothing_goes_out_without_consent_or_at_night(steps: list[Step], consents: list[Consent]) -> None:
    moments = live(shipped(), somebody(consents, "America/New_York"), steps)

    last_word = {(one.channel, one.purpose): one.granted for one in consents}
    for one in moments.outcome.actions:
        if one.channel != "desk":
            assert last_word.get((one.channel, one.purpose), one.purpose == "service")
            assert one.hours is not None
    for decided in acted(moments):
        if decided.channel != "desk":
            local = datetime.fromtimestamp(decided.acting / 1000, UTC).astimezone(zone_info("America/New_York"))
            assert 9 <= local.hour < 20


@given(STEPS)
@FEW
def test_marketing_never_goes_out_while_a_complaint_is_open(steps: list[Step]) -> None:
    always_open = [(trigger, gap, True) for trigger, gap, _ in steps]

    moments = live(shipped(), somebody([Consent(c, p, True, NOON) for c in CHANNELS for p in PURPOSES]), always_open)

    assert {one.purpose for one in moments.outcome.actions} <= {"service"}


@given(st.lists(st.tuples(st.integers(0, 2 * DAY), st.sampled_from(["a", "b", "c"])), max_size=60))
@FEW
def test_caps_are_never_exceeded_in_any_window(gaps: list[tuple[int, str]]) -> None:
    moments = Moments(_capped(), customer())
    now = NOON
    for number, (gap, name) in enumerate(gaps):
        now += gap
        moments.until(now)
        moments.when({"a": "order.placed", "b": "order.delivered", "c": "order.returned"}[name], f"o-{number}", now)
    moments.until(now + 90 * DAY)

    sent = [(one.acting, one.channel, one.purpose) for one in acted(moments)]
    for cap in moments.rulebook.defaults.caps:
        times = [at for at, channel, purpose in sent if cap.counts(channel, purpose)]
        for start in times:
            within = sum(start <= at < start + cap.window for at in times)
            assert cap.limits != "any" or within <= cap.count, cap


@given(STEPS, CONSENTS, st.text("abc:é漢", min_size=0, max_size=64))
@FEW
def test_what_is_kept_stays_bounded(steps: list[Step], consents: list[Consent], cart_id: str) -> None:
    record = somebody(consents)
    record.cart = Cart(id=cart_id or "k", currency="EUR", value=4_000)

    kept = live(shipped(), record, steps).record

    assert len(kept.sent) <= MAX_SENT
    assert len(kept.spent) <= 4 * MAX_SPENT
    assert len(kept.held) <= MAX_HELD
    assert len(kept.fired) <= MAX_LAST_FIRED
    assert len(kept.coupons) <= MAX_COUPONS
    assert MAX_HELD_BYTES < 4_096


@given(st.integers(NOON - 3_000 * DAY, NOON + 3_000 * DAY), st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe"]))
@FEW
def test_what_is_held_for_the_night_is_let_go_in_the_morning(at: Millis, where: str) -> None:
    record = customer()
    record.profile.zone = where
    moments = Moments(rules(rule(expiry="2 days")), record)

    moments.when("order.placed", "o-1", at)
    moments.until(at + 20 * HOUR)

    (sent,) = acted(moments)
    assert sent.acting - at <= 14 * HOUR + MINUTE
    assert 9 <= datetime.fromtimestamp(sent.acting / 1000, UTC).astimezone(zone_info(where)).hour < 20


def acted(moments: Moments) -> list[Decision]:
    """The decisions to act."""
    return [one for one in moments.outcome.decisions if one.verdict in (Verdict.EMITTED, Verdict.RELEASED)]


@cache
def _capped() -> Rulebook:
    return rules(
        rule(id="a", on=["order.placed"], purpose="marketing", actions=[action(channel=["sms", "email"])]),
        rule(id="b", on=["order.delivered"], purpose="service", expiry="20 days", actions=[action(hours="any")]),
        rule(id="c", on=["order.returned"], actions=[action(channel="push"), action(channel="email")]),
        defaults={
            "caps": [
                {"channel": "sms", "purpose": "marketing", "count": 1, "days": 5, "then": "refuse"},
                {"channel": "email", "purpose": "any", "count": 3, "days": 7, "then": "hold"},
                {"channel": "any", "purpose": "any", "count": 4, "days": 6, "then": "hold"},
                {"channel": "any", "purpose": "service", "count": 12, "days": 30, "then": "refuse"},
            ]
        },
    )
