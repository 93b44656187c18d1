"""Each limit: that it lets pass, holds, releases or refuses."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.profile import Profile
from schemas.record import Consent
from schemas.times import DAY, HOUR, MINUTE
from tests.rules.moments import NOON, Moments, action, at, complaint, customer, rule, rules, verdicts, without_consent

SERVICE = rule()
MARKETING = rule(purpose="marketing")
SMS = rule(purpose="marketing", actions=[action(channel="sms")])
PASSES = [("emitted", "")]


def refused(reason: str) -> list[tuple[str, str]]:
    return [("refused", reason)]


def held(reason: str) -> list[tuple[str, str]]:
    return [("held", reason)]


class TestConsent:
    def test_marketing_needs_a_grant(self) -> None:
        assert verdicts(Moments(rules(MARKETING)).when("order.placed")) == PASSES

        silent = customer(consents=[])
        assert verdicts(Moments(rules(MARKETING), silent).when("order.placed")) == refused("no_consent")

    def test_marketing_is_refused_after_a_withdrawal(self) -> None:
        record = without_consent(customer())

        decided = Moments(rules(MARKETING), record).when("order.placed")

        assert verdicts(decided) == refused("no_consent")
        assert decided[0].detail == "no consent to marketing by email"

    def test_service_is_allowed_until_it_is_withdrawn(self) -> None:
        assert verdicts(Moments(rules(SERVICE), customer(consents=[])).when("order.placed")) == PASSES

        unwilling = without_consent(customer(), "service")
        assert verdicts(Moments(rules(SERVICE), unwilling).when("order.placed")) == refused("no_consent")

    def test_a_store_may_ask_for_a_grant_for_service_too(self) -> None:
        strict = rules(SERVICE, defaults={"consents": {"service": []}})

        assert verdicts(Moments(strict, customer(consents=[])).when("order.placed")) == refused("no_consent")
        assert verdicts(Moments(strict).when("order.placed")) == PASSES

    def test_a_consent_for_one_channel_is_none_for_another(self) -> None:
        only_sms = customer(consents=[Consent("sms", "marketing", True, NOON)])

        assert verdicts(Moments(rules(MARKETING), only_sms).when("order.placed")) == refused("no_consent")

    def test_of_several_channels_the_ledger_says_why_not_each(self) -> None:
        either = rules(rule(purpose="marketing", actions=[action(channel=["sms", "push", "email"])]))
        record = customer(consents=[Consent("email", "marketing", True, NOON)])

        (given,) = Moments(either, record).when("order.placed")
        assert (given.verdict, given.channel) == ("emitted", "email")
        assert given.channels == {"sms": "no_consent", "push": "no_address"}

        record.profile.email = ""
        (none,) = Moments(either, record).when("order.placed", "o-2", NOON + DAY)
        assert (none.verdict, none.reason) == ("refused", "no_consent")
        assert none.channels == {"sms": "no_consent", "push": "no_address", "email": "no_address"}

    def test_who_has_an_address_and_said_no_is_not_said_to_have_none(self) -> None:
        either = rules(rule(purpose="marketing", actions=[action(channel=["push", "email"])]))

        (none,) = Moments(either, customer(consents=[])).when("order.placed")
        assert (none.reason, none.channels) == ("no_consent", {"push": "no_address", "email": "no_consent"})

    def test_of_one_channel_its_reason_is_enough(self) -> None:
        (decided,) = Moments(rules(MARKETING), customer(consents=[])).when("order.placed")

        assert decided.channels == {}

    def test_a_desk_needs_none(self) -> None:
        ticket = {"kind": "ticket", "text": "hello", "queue": "q", "urgency": "low", "due": "1 hour"}
        nobody = customer(consents=[], profile=Profile())

        assert verdicts(Moments(rules(rule(actions=[ticket])), nobody).when("order.placed")) == PASSES


class TestAddress:
    @pytest.mark.parametrize("channel", ["email", "sms", "push"])
    def test_without_an_address_nothing_is_sent(self, channel: str) -> None:
        book = rules(rule(actions=[action(channel=channel)]))
        elsewhere = customer(consents=[], profile=Profile(email="" if channel == "email" else "anna@example.com"))
        if channel == "email":
            elsewhere.profile.phone = "+441234567"

        assert verdicts(Moments(book, elsewhere).when("order.placed")) == refused("no_address")
        assert verdicts(Moments(book).when("order.placed")) == PASSES

    def test_who_is_known_by_nothing_yet_is_waited_for_as_their_address_may_be_told_a_moment_later(self) -> None:
        stranger = customer(profile=Profile(), consents=[])
        moments = Moments(rules(SERVICE), stranger)

        (first,) = moments.when("order.placed")
        assert (first.verdict, first.reason, first.until) == ("held", "no_address", NOON + MINUTE)

        stranger.profile.email = "anna@example.com"
        assert verdicts(moments.until(NOON + MINUTE)) == [("released", "")]

    def test_who_stays_unknown_is_waited_for_once(self) -> None:
        moments = Moments(rules(SERVICE), customer(profile=Profile(), consents=[]))
        moments.when("order.placed")

        assert verdicts(moments.until(NOON + DAY)) == refused("no_address")
        assert moments.release_due is None

    def test_the_first_channel_that_works_is_taken(self) -> None:
        book = rules(rule(actions=[action(channel=["push", "sms", "email"])]))
        no_push = customer(consents=[])

        decided = Moments(book, no_push).when("order.placed")

        assert decided[0].channel == "sms"


class TestOpenComplaint:
    def test_marketing_is_held_and_decided_again_after_a_while(self) -> None:
        record = customer()
        record.complaints.recent = [complaint()]
        moments = Moments(rules(rule(purpose="marketing", expiry="20 days")), record)

        first = moments.when("order.placed")

        assert verdicts(first) == held("open_complaint")
        assert first[0].until == NOON + 72 * HOUR
        assert verdicts(moments.until(NOON + 72 * HOUR)) == held("open_complaint")
        record.complaints.recent[0].closed = NOON + 4 * DAY
        assert verdicts(moments.until(NOON + 6 * DAY)) == [("released", "")]
        assert moments.release_due is None

    def test_it_is_freed_as_soon_as_the_last_complaint_closes(self) -> None:
        record = customer()
        record.complaints.recent = [complaint(), complaint(id="p-2")]
        moments = Moments(rules(MARKETING), record)
        moments.when("order.placed")

        record.complaints.recent[0].closed = NOON + HOUR
        assert moments.when("complaint.resolved", "p-1", NOON + HOUR) == []
        record.complaints.recent[1].closed = NOON + 2 * HOUR
        assert verdicts(moments.when("complaint.resolved", "p-2", NOON + 2 * HOUR)) == [("released", "")]

    def test_service_goes_on(self) -> None:
        record = customer()
        record.complaints.recent = [complaint()]

        assert verdicts(Moments(rules(SERVICE), record).when("order.placed")) == PASSES

    def test_a_closed_one_holds_nothing(self) -> None:
        record = customer()
        record.complaints.recent = [complaint(closed=NOON - HOUR)]

        assert verdicts(Moments(rules(MARKETING), record).when("order.placed")) == PASSES


class TestQuietHours:
    def test_at_night_it_is_held_until_the_morning_where_the_customer_lives(self) -> None:
        record = customer()
        record.profile.zone = "Asia/Tokyo"
        moments = Moments(rules(SERVICE), record)

        decided = moments.when("order.placed", at=at("2026-03-04T20:15:00+09:00"))

        assert verdicts(decided) == held("quiet_hours")
        assert decided[0].until == at("2026-03-05T09:00:00+09:00")
        assert moments.texts == []
        assert verdicts(moments.until(at("2026-03-05T09:00:00+09:00"))) == [("released", "")]
        assert moments.texts == ["Hello."]

    @pytest.mark.parametrize(
        ("clock", "passes"), [("08:59", False), ("09:00", True), ("19:59", True), ("20:00", False)]
    )
    def test_the_first_minute_belongs_to_the_day_and_the_last_to_the_night(self, clock: str, passes: bool) -> None:
        decided = Moments(rules(SERVICE)).when("order.placed", at=at(f"2026-03-04T{clock}:00+00:00"))

        assert verdicts(decided) == (PASSES if passes else held("quiet_hours"))

    def test_the_night_before_the_clocks_change_is_an_hour_shorter(self) -> None:
        moments = Moments(rules(SERVICE))

        decided = moments.when("order.placed", at=at("2026-03-28T21:00:00+00:00"))

        assert decided[0].until == at("2026-03-29T09:00:00+01:00")

    def test_an_action_for_any_hour_does_not_wait(self) -> None:
        any_hour = rules(rule(actions=[action(hours="any")]))

        assert verdicts(Moments(any_hour).when("order.placed", at=at("2026-03-04T03:00:00+00:00"))) == PASSES

    def test_a_channel_may_be_left_out(self) -> None:
        book = rules(SERVICE, defaults={"quiet": {"channels": ["sms"]}})
        night = at("2026-03-04T03:00:00+00:00")

        assert verdicts(Moments(book).when("order.placed", at=night)) == PASSES

    def test_senders_are_told_the_hours(self) -> None:
        moments = Moments(rules(SERVICE))
        moments.when("order.placed")

        hours = moments.outcome.actions[0].hours
        assert hours
        assert (hours.earliest, hours.latest, hours.zone) == ("09:00", "20:00", "Europe/London")

    def test_the_time_of_acting_counts_not_that_of_the_event(self) -> None:
        night = at("2026-03-04T03:00:00+00:00")

        assert verdicts(Moments(rules(SERVICE), acting=NOON).when("order.placed", at=night)) == PASSES


def caps(*some: dict[str, Any]) -> dict[str, Any]:
    return {"caps": list(some)}


class TestCaps:
    def send(self, moments: Moments, *times: int) -> list[tuple[str, str]]:
        return [verdicts(moments.when("order.placed", f"o-{time}", time))[0] for time in times]

    def test_a_channel_is_capped_in_a_rolling_window(self) -> None:
        cap = {"channel": "sms", "purpose": "marketing", "count": 2, "days": 7, "then": "refuse"}
        moments = Moments(rules(SMS, defaults=caps(cap)))

        assert self.send(moments, NOON, NOON + DAY, NOON + 2 * DAY) == PASSES * 2 + refused("channel_cap")
        assert self.send(moments, NOON + 7 * DAY, NOON + 7 * DAY + MINUTE) == PASSES + refused("channel_cap")

    def test_what_is_held_by_a_cap_goes_out_when_there_is_room(self) -> None:
        cap = {"channel": "any", "purpose": "marketing", "count": 1, "days": 2, "then": "hold"}
        moments = Moments(rules(SMS, defaults=caps(cap)))
        self.send(moments, NOON)

        decided = moments.when("order.placed", "o-2", NOON + DAY)

        assert verdicts(decided) == held("total_cap")
        assert decided[0].until == NOON + 2 * DAY
        assert verdicts(moments.until(NOON + 2 * DAY)) == [("released", "")]

    def test_all_channels_together_are_capped(self) -> None:
        cap = {"channel": "any", "purpose": "any", "count": 1, "days": 1, "then": "refuse"}
        both = rule(actions=[action(channel="sms"), action(channel="email")])

        decided = Moments(rules(both, defaults=caps(cap))).when("order.placed")

        assert verdicts(decided) == PASSES + refused("total_cap")

    APART = caps({"channel": "any", "purpose": "any", "count": 1, "minutes": 30, "limits": "marketing", "then": "hold"})

    def test_marketing_keeps_half_an_hour_from_what_was_sent_before(self) -> None:
        moments = Moments(
            rules(rule(id="thanks", priority=900), rule(id="offer", purpose="marketing"), defaults=self.APART)
        )

        assert verdicts(moments.when("order.placed")) == PASSES + held("total_cap")
        assert verdicts(moments.until(NOON + 30 * MINUTE)) == [("released", "")]

    def test_service_waits_a_minute_where_an_offer_leaves_at_the_same_moment(self) -> None:
        offer, some = rule(id="offer", purpose="marketing", priority=900), [rule(id="thanks"), rule(id="tier")]
        moments = Moments(rules(offer, *some))

        assert verdicts(moments.when("order.placed")) == PASSES + held("total_cap") * 2
        assert verdicts(moments.until(NOON + MINUTE)) == [("released", "")] * 2
        assert verdicts(moments.when("order.placed", "o-2", NOON + 2 * MINUTE))[1:] == PASSES * 2, (
            "an answer to an offer"
        )
        assert verdicts(Moments(rules(*some)).when("order.placed")) == PASSES * 2

    def test_of_what_waited_for_the_morning_service_goes_first_however_small(self) -> None:
        night = at("2026-03-04T03:00:00+00:00")
        both = rules(rule(id="offer", purpose="marketing", priority=900), rule(id="news"), defaults=self.APART)
        moments = Moments(both)
        moments.when("order.placed", at=night)

        decided = moments.until(at("2026-03-04T09:00:00+00:00"))

        assert [(one.rule, one.verdict.value) for one in decided] == [("news", "released"), ("offer", "held")]

    def test_what_one_rule_does_at_once_is_not_kept_apart(self) -> None:
        both = rule(purpose="marketing", actions=[action(channel="sms"), action(channel="email")])

        assert verdicts(Moments(rules(both, defaults=self.APART)).when("order.placed")) == PASSES * 2

    def test_a_cap_on_marketing_leaves_service_alone(self) -> None:
        cap = {"channel": "any", "purpose": "marketing", "count": 1, "days": 7, "then": "refuse"}
        both = rules(SERVICE, rule(id="offer", purpose="marketing"), defaults=caps(cap))
        moments = Moments(both)

        assert set(verdicts(moments.when("order.placed"))) == set(PASSES)
        second = {one.rule: verdicts([one])[0] for one in moments.when("order.placed", "o-2", NOON + 1)}
        assert second == {"hello": ("emitted", ""), "offer": ("refused", "total_cap")}

    def test_service_may_slow_marketing_down_and_go_on_itself(self) -> None:
        cap = {"channel": "any", "purpose": "any", "count": 1, "days": 2, "limits": "marketing", "then": "hold"}
        offer = rule(id="offer", purpose="marketing", on=["order.delivered"])
        moments = Moments(rules(SERVICE, offer, defaults=caps(cap)))

        assert self.send(moments, NOON, NOON + HOUR) == PASSES * 2
        decided = moments.when("order.delivered", "o-1", NOON + 2 * HOUR)
        assert verdicts(decided) == held("total_cap")
        assert decided[0].until == NOON + HOUR + 2 * DAY

    def test_another_channel_is_taken_where_the_first_is_capped(self) -> None:
        cap = {"channel": "push", "purpose": "any", "count": 1, "days": 7, "then": "refuse"}
        moments = Moments(rules(rule(actions=[action(channel=["push", "email"])]), defaults=caps(cap)))

        channels = [moments.when("order.placed", f"o-{n}")[0].channel for n in range(3)]

        assert channels == ["push", "email", "email"]

    def test_what_must_be_counted_is_never_forgotten(self) -> None:
        many = {"channel": "email", "purpose": "any", "count": 12, "days": 30, "then": "refuse"}
        calls = {"channel": "sms", "purpose": "any", "count": 12, "days": 30, "then": "refuse"}
        both = rule(actions=[action(channel="sms"), action(channel="email")])
        moments = Moments(rules(both, defaults=caps(many, calls)))
        for n in range(6):
            self.send(moments, NOON + n * HOUR)

        decided = moments.when("order.placed", "one more", NOON + 7 * HOUR)

        assert verdicts(decided) == held("total_cap") * 2
        assert decided[0].detail == "the record remembers no more actions"
        assert decided[0].until == NOON + 3 * DAY + 7 * HOUR, "when it expires itself, which is earlier"


class TestCooldown:
    def test_the_rule_does_not_act_again_within_it(self) -> None:
        moments = Moments(rules(rule(cooldown="3 days")))
        moments.when("order.placed", "o-1", NOON)

        assert verdicts(moments.when("order.placed", "o-2", NOON + 3 * DAY - 1)) == refused("cooldown")
        assert verdicts(moments.when("order.placed", "o-3", NOON + 3 * DAY)) == PASSES

    def test_once_is_forever(self) -> None:
        moments = Moments(rules(rule(cooldown="once")))
        moments.when("order.placed", "o-1", NOON)

        assert verdicts(moments.when("order.placed", "o-2", NOON + 900 * DAY)) == refused("cooldown")

    def test_what_was_refused_starts_none(self) -> None:
        record = without_consent(customer(), "service")
        moments = Moments(rules(rule(cooldown="once")), record)
        moments.when("order.placed", "o-1", NOON)

        record.consents = []

        assert verdicts(moments.when("order.placed", "o-2", NOON + DAY)) == PASSES

    def test_the_actions_of_one_occasion_do_not_stop_each_other(self) -> None:
        both = rule(cooldown="once", group="offer", actions=[action(), action(channel="sms")])

        assert verdicts(Moments(rules(both)).when("order.placed")) == PASSES * 2


class TestExclusive:
    BOTH = (rule(id="low", group="offer", priority=1), rule(id="high", group="offer", priority=9))

    def test_of_a_group_the_higher_priority_acts(self) -> None:
        decided = Moments(rules(*self.BOTH)).when("order.placed")

        assert [(one.rule, *verdicts([one])[0]) for one in decided] == [
            ("high", "emitted", ""),
            ("low", "refused", "exclusive"),
        ]

    def test_the_other_acts_where_the_higher_may_not(self) -> None:
        high = rule(id="high", group="offer", priority=9, actions=[action(channel="push")])
        no_push = customer(consents=[])

        decided = Moments(rules(self.BOTH[0], high), no_push).when("order.placed")

        assert [(one.rule, one.verdict.value) for one in decided] == [("high", "refused"), ("low", "emitted")]

    def test_the_others_wait_for_the_window_of_the_group(self) -> None:
        later = rule(id="later", group="offer", on=["order.delivered"])
        moments = Moments(rules(rule(group="offer"), later))
        moments.when("order.placed", "o-1", NOON)

        assert verdicts(moments.when("order.delivered", "o-1", NOON + 6 * DAY)) == refused("exclusive")
        assert verdicts(moments.when("order.delivered", "o-2", NOON + 7 * DAY)) == PASSES

    def test_what_is_held_keeps_its_place_against_what_matters_less(self) -> None:
        night = at("2026-03-04T22:00:00+00:00")
        held_one = rule(id="held", group="offer", priority=5)
        less = rule(id="less", group="offer", priority=4, on=["order.delivered"], actions=[action(hours="any")])
        more = rule(id="more", group="offer", priority=6, on=["order.returned"], actions=[action(hours="any")])
        moments = Moments(rules(held_one, less, more))
        moments.when("order.placed", "o-1", night)

        assert verdicts(moments.when("order.delivered", "o-1", night)) == refused("exclusive")
        assert verdicts(moments.when("order.returned", "o-1", night)) == PASSES
        assert verdicts(moments.until(night + DAY)) == refused("exclusive")


class TestExpiry:
    def test_what_is_held_longer_than_it_is_of_use_is_refused(self) -> None:
        moments = Moments(rules(rule(expiry="2 hours")))
        night = at("2026-03-04T22:00:00+00:00")

        decided = moments.when("order.placed", at=night)

        assert decided[0].until == night + 2 * HOUR
        assert verdicts(moments.until(night + DAY)) == refused("expired")
        assert moments.texts == []

    def test_what_an_outage_delayed_too_long_is_not_done(self) -> None:
        late = Moments(rules(rule(expiry="2 hours")), acting=NOON + 3 * HOUR)

        assert verdicts(late.when("order.placed", at=NOON)) == refused("expired")
