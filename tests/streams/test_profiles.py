"""Who the customer is and what they allow."""

from __future__ import annotations

from itertools import permutations
from typing import Any

from schemas.channels import TO_CUSTOMERS
from schemas.outcome_codes import OutcomeCode
from schemas.record import MAX_TAGS, TimerKind
from tests.builders import START, Life, added, event, placed, when


def test_what_is_told_is_kept_and_what_is_not_told_stays() -> None:
    life = Life()
    life.happens(
        event("customer.registered", name="Ada", email="ada@example.org", birthday="1990-12-10"),
        event("customer.updated", when(1), email="lovelace@example.org", tags=["reader"]),
    )

    profile = life.record.profile
    assert (profile.name, profile.email, profile.birthday) == ("Ada", "lovelace@example.org", "1990-12-10")
    assert profile.tags == ["reader"]
    assert (profile.registered, profile.updated) == (START, when(1))


def test_an_older_event_only_fills_what_nobody_has_told_since() -> None:
    life = Life()
    life.happens(event("customer.updated", when(1), name="Ada"))

    outcome = life.happens(event("customer.registered", name="Someone", region="Marylebone"))

    assert (life.record.profile.name, life.record.profile.region) == ("Ada", "Marylebone")
    assert outcome.codes == {OutcomeCode.LATE: 1}


def test_of_each_field_the_latest_word_counts_in_whatever_order_it_is_heard_of() -> None:
    told = [
        event("customer.registered", name="Ada", phone="+4915112345678", region="Kent"),
        event("customer.updated", when(2), phone="+4915187654321", region=None),
        event("customer.updated", when(5), zone="Europe/London", birthday="12-10", birthday_calendar="lunar"),
        event("customer.updated", when(4), birthday="11-09", birthday_calendar="solar", name="Ada L."),
    ]
    known = set()
    for arrived in permutations(told):
        life = Life()
        life.happens(*arrived)
        profile = life.record.profile
        known.add((profile.name, profile.phone, profile.region, profile.zone, profile.birthday, profile.lunar))

    assert known == {("Ada L.", "+4915187654321", "", "Europe/London", "12-10", True)}


def test_a_birthday_sets_the_clock_and_a_new_one_moves_it() -> None:
    life = Life()
    life.happens(event("customer.registered", birthday="12-10"))
    winter = life.due(TimerKind.BIRTHDAY)

    life.happens(event("customer.updated", when(1), birthday="06-10"))
    summer = life.due(TimerKind.BIRTHDAY)

    assert winter is not None
    assert summer is not None
    assert summer < winter


def test_a_customer_is_congratulated_once_a_year() -> None:
    life = Life()
    life.happens(event("customer.registered", birthday="06-10"))

    life.until(when(2 * 365))

    assert life.heard.count("birthday") == 2


def test_a_lunar_birthday_is_another_day() -> None:
    solar, lunar = Life(), Life()
    solar.happens(event("customer.registered", birthday="06-10"))
    lunar.happens(event("customer.registered", birthday="06-10", birthday_calendar="lunar"))

    assert lunar.record.profile.lunar
    assert lunar.due(TimerKind.BIRTHDAY) != solar.due(TimerKind.BIRTHDAY)


def test_festivals_of_a_language_come_round() -> None:
    life = Life()
    life.happens(event("customer.registered", locale="en-GB"))

    life.until(when(365))

    assert life.heard.count("festival") == 2  # Christmas and new year


def test_the_last_word_on_consent_counts_and_an_older_one_does_not() -> None:
    life = Life()
    email: dict[str, Any] = {"channel": "email", "purpose": "marketing"}
    life.happens(event("consent.granted", **email), event("consent.withdrawn", when(2), **email))

    outcome = life.happens(event("consent.granted", when(1), **email))

    (consent,) = life.record.consents
    assert not consent.granted
    assert outcome.codes == {OutcomeCode.OUTDATED: 1}


def test_yes_and_no_at_the_same_moment_is_no_in_either_order() -> None:
    email: dict[str, Any] = {"channel": "email", "purpose": "marketing"}
    yes, no = event("consent.granted", **email), event("consent.withdrawn", **email)
    one, two = Life(), Life()

    one.happens(yes, no)
    two.happens(no, yes)

    assert [life.record.consents[0].granted for life in (one, two)] == [False, False]


def test_more_tags_than_are_kept_are_left_out_and_counted() -> None:
    life = Life()

    outcome = life.happens(event("customer.updated", tags=[f"t-{n}" for n in range(MAX_TAGS + 5)]))

    assert len(life.record.profile.tags) == MAX_TAGS
    assert outcome.codes == {OutcomeCode.CAP_TAGS: 1}


def test_erasure_leaves_nothing_but_the_id_and_that_they_asked() -> None:
    life = Life()
    life.happens(event("customer.registered", name="Ada", birthday="12-10"), placed(when(1)), added(when(2)))

    life.happens(event("erasure.requested", when(3)))

    record = life.record
    assert record.erased == when(3)
    assert record.timers == []
    assert (record.profile.name, record.purchase_features.orders, record.purchases.count) == ("", 0, 0)
    assert life.book.orders == []


def test_after_erasure_nothing_is_kept_and_nothing_wakes() -> None:
    life = Life()
    life.happens(event("erasure.requested"))
    before = life.stored()
    life.heard.clear()

    outcome = life.happens(placed(when(1)), event("customer.updated", when(2), name="Ada"))
    life.until(when(365))

    assert life.stored() == before
    assert outcome.codes == {OutcomeCode.ERASED: 2}
    assert life.heard == []


def test_a_word_on_any_channel_is_a_word_on_each() -> None:
    life = Life()
    life.happens(event("consent.withdrawn", channel="any", purpose="marketing"))

    assert {(one.channel, one.purpose, one.granted) for one in life.record.consents} == {
        (channel, "marketing", False) for channel in TO_CUSTOMERS
    }


def test_who_objects_to_being_profiled_has_no_score_and_teaches_nothing() -> None:
    life = Life()
    life.happens(placed(), placed(when(20), "o-2"))
    life.until(when(60))
    assert life.record.churn
    assert life.record.pending_labels.labels

    life.happens(event("consent.withdrawn", when(61), channel="email", purpose="profiling"))
    life.happens(placed(when(62), "o-3"))
    lessons = life.until(when(300)).lessons

    assert [(one.channel, one.purpose, one.granted) for one in life.record.consents] == [("any", "profiling", False)]
    assert (life.record.churn, life.record.pending_labels.labels, lessons) == ([], [], [])
    assert life.record.segment.tier, "tiers stay: they are the terms of the store"
