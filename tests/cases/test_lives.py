"""Twenty whole years, as those who lived them would hear them: nothing false, doubled, late or unkind is said."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from agents.rehearsal import Rehearsed, rehearse
from schemas.actions import AnyAction
from schemas.message import Message
from tests.cases.lives import YEAR_ENDS, Life, lines, of_the_demo, twenty
from tests.cases.test_cases import moment

WIN_BACK = {"win_back_coupon", "win_back_call", "quiet_coupon", "quiet_call", "dormant_wake_up"}
ONCE = {"welcome", "first_order_thanks", "second_order_coupon"}
CAME_LATE = ("came late", "kam zu spät", "送晚了")
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def lives() -> dict[str, Life]:
    return {life.who: life for life in twenty()}


@pytest.fixture(scope="module")
def year(lives: dict[str, Life]) -> Rehearsed:
    """What the demo's rules made of them; nothing is refused as no event."""
    done = rehearse(lines(list(lives.values())), of_the_demo(), moment(YEAR_ENDS))
    assert [step.refused for step in done.steps if step.refused] == []
    return done


@pytest.fixture(scope="module")
def heard(year: Rehearsed) -> dict[str, list[AnyAction]]:
    """What customers were told themselves, in order."""
    found: dict[str, list[AnyAction]] = defaultdict(list)
    for action in sorted(year.actions(), key=lambda one: one.decided_at):
        if action.channel not in ("desk", "call"):
            found[action.customer].append(action)
    return found


def happened(life: Life, kind: str, order: str) -> list[datetime]:
    events = (one for one in life.events if one["type"] == kind and one.get("order_id") == order)
    return [datetime.fromisoformat(one["time"]) for one in events]


def message(action: AnyAction) -> Message:
    assert action.message is not None
    return action.message


def test_everybody_hears_something_and_nobody_too_much(
    heard: dict[str, list[AnyAction]], lives: dict[str, Life]
) -> None:
    quiet = {who for who in lives if who not in heard}
    busiest = Counter({who: len(actions) for who, actions in heard.items()}).most_common(1)[0]

    assert quiet <= {"bo-guest"}
    assert busiest[1] <= 40, busiest


def test_an_apology_is_in_the_right_tense_once_and_never_for_what_is_cancelled(
    heard: dict[str, list[AnyAction]], lives: dict[str, Life]
) -> None:
    apologies = [one for actions in heard.values() for one in actions if one.rule == "late_delivery_apology"]

    assert len(apologies) >= 8
    for one in apologies:
        life, order = lives[one.customer], str(one.values["order.id"])
        came = any(at <= one.decided_at for at in happened(life, "order.delivered", order))
        said_late = any(words in message(one).subject for words in CAME_LATE)
        cancelled = happened(life, "order.cancelled", order)
        restored = happened(life, "order.restored", order)
        assert said_late == came, (one.customer, message(one).subject)
        assert not any(at <= one.decided_at for at in cancelled) or any(at <= one.decided_at for at in restored)
    about = [(one.customer, one.values["order.id"]) for one in apologies]
    assert len(set(about)) == len(about)


def test_two_messages_in_one_minute_are_both_service(heard: dict[str, list[AnyAction]]) -> None:
    for who, actions in heard.items():
        for one, after in pairwise(actions):
            near = after.decided_at - one.decided_at < MINUTE
            assert not near or {one.purpose, after.purpose} == {"service"}, (who, one.rule, after.rule)


def test_a_greeting_comes_on_its_day(heard: dict[str, list[AnyAction]], year: Rehearsed) -> None:
    for who, actions in heard.items():
        profile = year.customers[who].record.profile
        for one in actions:
            if one.rule == "birthday_greeting" and not profile.lunar:
                local = one.decided_at.astimezone(ZoneInfo(profile.zone))
                assert local.strftime("%m-%d") in (profile.birthday[-5:], "02-28"), who


def test_nobody_is_won_back_soon_after_an_order(year: Rehearsed, lives: dict[str, Life]) -> None:
    wooed = [one for one in year.actions() if one.rule in WIN_BACK]

    assert wooed
    for one in wooed:
        orders = (event for event in lives[one.customer].events if event["type"] == "order.placed")
        placed = [at for event in orders if (at := datetime.fromisoformat(event["time"])) <= one.decided_at]
        assert one.decided_at - max(placed) >= timedelta(days=14), (one.customer, one.rule)


def test_nobody_in_trouble_is_sent_an_offer(heard: dict[str, list[AnyAction]], lives: dict[str, Life]) -> None:
    offers = [one for actions in heard.values() for one in actions if one.rule in WIN_BACK | {"second_order_coupon"}]

    for one in offers:
        closed = [
            datetime.fromisoformat(event["time"])
            for event in lives[one.customer].events
            if event["type"] == "complaint.resolved"
        ]
        assert not any(timedelta(0) <= one.decided_at - at < timedelta(days=7) for at in closed), one.customer
    assert "rex-returns" not in {one.customer for one in offers}, "they wait for their money since March"


def test_of_what_is_back_and_cheaper_one_message_tells(heard: dict[str, list[AnyAction]]) -> None:
    assert [one.rule for one in heard["er-lunar"] if one.rule.startswith("wish")] == ["wish_back"]


def test_what_is_once_in_a_life_is_once(heard: dict[str, list[AnyAction]]) -> None:
    for who, actions in heard.items():
        counts = Counter(one.rule for one in actions if one.rule in ONCE)
        most = 2 if who == "hal-erased" else 1  # who was forgotten is a new customer
        assert all(times <= most for times in counts.values()), (who, counts)


def test_nothing_is_left_open_in_a_sentence(heard: dict[str, list[AnyAction]]) -> None:
    for actions in heard.values():
        for one in actions:
            told = " ".join([message(one).subject, message(one).headline, *message(one).body, one.text])
            assert not any(sign in told for sign in ("None", "{%", "  ", " .", " ,")), told


def test_each_is_spoken_to_in_a_language_they_read(heard: dict[str, list[AnyAction]]) -> None:
    for who, language in (("dan-lapsed", "zh"), ("mo-sms", "zh"), ("ada-regular", "de"), ("cy-complainer", "en")):
        assert {one.locale.split("-")[0] for one in heard[who]} == {language}
