"""What holds for every shipped message: nothing personal in it, and a link for whatever promises one."""

from __future__ import annotations

from typing import Any

import pytest

from rules.context import Churn
from rules.loading import shipped
from rules.messages.asked import SIGNED
from schemas.actions import encode_action
from schemas.record import Lot
from schemas.times import DAY
from tests.rules.moments import NOON, Moments, book_of, cart, complaint, customer, message_of, orders

LIKELY = Churn(0.8, 0.7, 0.9, trusted=True, labels=900, causes=lambda: ("quiet for longer than usual",))


EVERYTHING = [
    ("cart.left", "k-1"),
    ("birthday", "2026"),
    ("festival", "christmas-2026"),
    ("survey.due", "A-17"),
    ("churn.scored", "1"),
    ("complaint.follow_up", "p-1"),
]


@pytest.mark.parametrize("locale", ["en", "de", "zh-CN"])
@pytest.mark.parametrize("name", ["", "Anna"])
def test_no_action_holds_a_name_or_an_address_and_none_greets_a_blank(locale: str, name: str) -> None:
    moments = Moments(shipped(), customer(cart=cart()), orders=orders("A-17"), churn=LIKELY)
    moments.record.profile.locale, moments.record.profile.name = locale, name
    moments.record.complaints.recent = [complaint(closed=NOON - 8 * DAY)]
    for trigger, ref in EVERYTHING:
        moments.record.sent = []
        moments.when(trigger, ref)

    assert len(moments.outcome.actions) == 6
    for action in moments.outcome.actions:
        written = encode_action(action).decode()
        assert "Anna" not in written
        assert "anna@example.com" not in written
        assert "+441234567" not in written
        greeting = message_of(action).greeting
        assert greeting in ("Hello,", "Guten Tag,", "您好：")
        assert "{{ customer.name }}" in (message_of(action).named.greeting or "")


@pytest.mark.parametrize("locale", ["en", "de", "zh-CN"])
def test_whatever_promises_a_click_has_the_link(locale: str) -> None:
    moments = Moments(shipped(), customer(cart=cart()), orders=orders("A-17"), churn=LIKELY)
    moments.record.profile.locale = locale
    moments.record.complaints.recent = [complaint(closed=NOON - 8 * DAY)]
    for trigger, ref in EVERYTHING:
        moments.record.sent = []
        moments.when(trigger, ref)

    for action in moments.outcome.actions:
        told = message_of(action)
        assert {one.to for one in told.footer} >= {"preferences", "privacy"}
        assert ("unsubscribe" in {one.to for one in told.footer}) == (action.purpose == "marketing")
        assert all(one.url or one.to in SIGNED for one in (*told.buttons, *told.footer) if one.to != "privacy")


@pytest.mark.parametrize("rule", shipped().rules, ids=lambda rule: rule.id)
def test_every_text_is_there_in_three_languages(rule: Any) -> None:
    for plan in rule.plans:
        assert set(plan.text.variants) == {"en", "de", "zh"}


@pytest.mark.parametrize(("locale", "some", "all_of_them"), [
    ("en", "Some of your points lapse soon.", "Your points lapse soon."),
    ("de", "Ein Teil Ihrer Punkte verfällt bald.", "Ihre Punkte verfallen bald."),
    ("zh-CN", "您有一部分积分即将到期。", "您的积分即将到期。"),
])  # fmt: skip
def test_points_of_which_none_are_left_are_not_called_some(locale: str, some: str, all_of_them: str) -> None:
    said = []
    for later in ([Lot(NOON + 90 * DAY, 100)], []):
        moments = Moments(book_of(points={"redeemable": True}), customer())
        moments.record.profile.locale = locale
        moments.record.points.lots = [Lot(NOON + 10 * DAY, 412), *later]
        moments.when("points.expiring", "2026-03-14")
        said.append(message_of(moments.outcome.actions[0]).headline)

    assert said == [some, all_of_them]


@pytest.mark.parametrize(("number", "subject"), [
    ("p-1", "We have your complaint p-1"), ("s-1001", "We have your complaint s-1001"),
    ("s-0123456789", "We look into what you told us"),
])  # fmt: skip
def test_who_gave_a_low_score_is_not_told_that_they_complained(number: str, subject: str) -> None:
    moments = Moments(shipped(), customer())
    moments.record.complaints.recent = [complaint(id=number)]
    moments.when("complaint.opened", number)

    acknowledged = next(one for one in moments.outcome.actions if one.rule == "complaint_acknowledged")
    assert message_of(acknowledged).subject == subject
