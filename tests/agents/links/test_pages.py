"""Public pages on a real store: GET changes nothing, POST does it once, and a spoilt link tells nobody anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.actions import GreetingAction
from schemas.channels import TO_CUSTOMERS
from schemas.complaint_list import Complaint, Complaints
from schemas.given_out import Coupon
from schemas.record import Consent, CustomerRecord
from schemas.times import DAY, HOUR, SECOND
from tests.agents.links.site import Site
from tests.agents.senders.sending import NOON, action, anna, redis_at

SERVICE = {f"service-{channel}": "1" for channel in TO_CUSTOMERS}
"""What the page of preferences sends where service may come by every channel."""


@pytest.fixture
async def site(store_server: str) -> AsyncIterator[Site]:
    client = redis_at(store_server)
    opened = Site(client)
    yield opened
    await opened.web.aclose()
    await client.aclose()


def known(**changes: Any) -> CustomerRecord:
    closed = Complaint("c-2047", "delivery", "normal", NOON - 3 * DAY, NOON, "o-88213", NOON - DAY)
    return anna(complaints=Complaints(recent=[closed], total=1), **changes)


async def test_scanners_that_fetch_every_link_change_nothing(site: Site) -> None:
    site.records.record = known()
    for rule in ("birthday_greeting", "delivery_survey", "complaint_follow_up", "welcome"):
        for url in (await site.open(action(rule))).values():
            for ending in ("", "?a=1", "?a=5"):
                shown = await site.web.get(url + ending)
                assert shown.status_code == 200
                await site.web.head(url)

    assert site.told == []


BROWSER = {
    "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
}


async def test_a_person_who_follows_a_link_is_told_once_and_changes_nothing(site: Site) -> None:
    given = action("delivery_survey")
    url = (await site.open(given))["survey"]
    site.now += HOUR

    for _ in range(3):
        await site.web.get(f"{url}?a=4", headers=BROWSER)

    assert site.kinds == ["receipt.clicked"] * 3
    assert len({one["id"] for one in site.told}) == 1
    assert site.told[0]["action_id"] == given.action_id
    assert site.seen == [("clicked", "person")] * 3


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (2 * SECOND, {}),
        (HOUR, {"sec-fetch-mode": ""}),
        (HOUR, {"user-agent": "Mozilla/5.0 (compatible; MailScan/4.2)"}),
        (HOUR, {"user-agent": ""}),
        (HOUR, {"sec-purpose": "prefetch"}),
        (HOUR, {"user-agent": "Mozilla/5.0 (X11) HeadlessChrome/130.0"}),
    ],
)
async def test_a_machine_that_follows_a_link_is_counted_and_not_recorded(
    site: Site, after: int, changes: dict[str, str]
) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]
    site.now += after

    assert (await site.web.get(url, headers={**BROWSER, **changes})).status_code == 200

    assert site.told == []
    assert site.seen == [("clicked", "machine")]


async def test_a_mail_that_is_opened_is_told_where_the_store_watches_and_not_where_a_machine_did_it(site: Site) -> None:
    given = action()
    url = (await site.links.open(given, {"open"}, site.now))["open"]
    assert url.endswith(".gif")
    path = url.removeprefix("https://shop.test")
    site.now += HOUR

    apple = await site.web.get(path, headers={"user-agent": "Mozilla/5.0"})
    assert (apple.status_code, apple.headers["content-type"], site.told) == (200, "image/gif", [])

    await site.web.get(path, headers={"user-agent": "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com)"})
    assert site.kinds == ["receipt.opened"]
    assert site.seen == [("opened", "machine"), ("opened", "person")]
    token = path.removeprefix("/o/").removesuffix(".gif")
    assert (await site.web.get(f"/k/{token}")).status_code == 404


async def test_a_survey_is_answered_once_and_may_be_changed(site: Site) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]

    shown = await site.web.get(f"{url}?a=4")
    assert 'name="delivery" value="4" checked' in shown.text
    sent = await site.web.post(url, data={"delivery": "4", "text": ""})
    assert "Thank you. Your answer has arrived." in sent.text
    await site.web.post(url, data={"delivery": "4", "text": ""})

    assert site.kinds == ["survey.answered"]
    answer = site.told[0]
    assert answer["scores"] == {"delivery": 4}
    assert (answer["actor"], answer["customer"], answer["order_id"]) == ("customer", "sample", "o-88213")
    assert answer["action_id"] == action("delivery_survey").action_id
    assert "You have answered this already." in (await site.web.get(url)).text
    await site.web.post(url, data={"delivery": "2", "product": "5"})
    assert site.told[1]["scores"] == {"delivery": 2, "product": 5}


async def test_a_low_score_is_a_complaint_with_an_owner_to_come_and_is_one(site: Site) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]

    for _ in range(2):
        await site.web.post(url, data={"delivery": "1", "text": "The box was open."})
    await site.web.post(url, data={"delivery": "2", "product": "2"})

    opened = [one for one in site.told if one["type"] == "complaint.opened"]
    assert len({one["id"] for one in opened}) == len({one["complaint_id"] for one in opened}) == 1
    assert (opened[0]["category"], opened[0]["order_id"], opened[0]["text"]) == (
        "delivery", "o-88213", "The box was open."
    )  # fmt: skip


async def test_a_score_in_the_middle_is_no_complaint(site: Site) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]

    await site.web.post(url, data={"delivery": "3", "text": "It was fine."})

    assert site.kinds == ["survey.answered"]


async def test_a_survey_without_a_number_is_not_sent(site: Site) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]

    assert (await site.web.post(url, data={"delivery": "9"})).status_code == 422
    assert site.told == []


async def test_a_machine_unsubscribes_by_one_click_once_and_a_person_takes_it_back(site: Site) -> None:
    url = (await site.open(action()))["unsubscribe"]
    one_click = {"List-Unsubscribe": "One-Click"}

    answers = [
        await site.web.post(url, data=one_click),
        await site.web.post(url, files={"List-Unsubscribe": (None, "One-Click")}),
        await site.web.post(url, content=b""),
    ]

    assert [one.status_code for one in answers] == [200, 200, 200]
    assert all("set-cookie" not in one.headers for one in answers)
    assert site.kinds == ["receipt.unsubscribed"]
    told = site.told[0]
    assert (told["channel"], told["purpose"], told["action_id"]) == ("email", "marketing", action().action_id)
    await site.web.post(url, data={"undo": "1"})
    assert site.kinds[-1] == "consent.granted"
    site.now += HOUR
    await site.web.post(url, data=one_click)
    assert site.kinds[-1] == "receipt.unsubscribed"
    assert site.told[-1]["id"] != told["id"]


async def test_unsubscribing_works_as_long_as_the_mail_exists(site: Site) -> None:
    url = (await site.open(action()))["unsubscribe"]
    site.now += 45 * DAY

    assert (await site.web.post(url, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert site.kinds == ["receipt.unsubscribed"]


async def test_a_spoilt_or_ended_link_tells_nobody_anything(site: Site) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]
    spoilt = url[:-1] + ("A" if url[-1] != "A" else "B")
    site.now += 31 * DAY

    answers = [await site.web.post(one, data={"delivery": "5"}) for one in (spoilt, url, url + "x", url[:-8])]

    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers if 'lang="en"' in one.text} | {answers[0].text}) == 1
    assert site.told == []


@pytest.mark.parametrize(("rule", "deed", "leads_to"), [
    ("delivery_survey", "survey", "survey"),
    ("birthday_greeting", "unsubscribe", "preferences"),
    ("complaint_follow_up", "reopen", "reopen"),
])  # fmt: skip
async def test_a_link_that_has_ended_is_renewed_to_the_address_it_was_for(
    site: Site, rule: str, deed: str, leads_to: str
) -> None:
    given = action(rule)
    url = (await site.open(given))[deed]
    site.now += 29 * DAY + (705 * DAY if deed == "unsubscribe" else 5 * DAY)

    if deed != "unsubscribe":
        assert "Send me a new link" in (await site.web.get(url)).text
        for _ in range(2):
            asked = await site.web.post(url, data={"renew": "1"})
            assert (asked.status_code, "on its way" in asked.text) == (200, True)
        first, again = site.renewed
        assert first.action_id == again.action_id, "asked for twice on a day it is one message"
    else:
        await site.web.post(url, data={"renew": "1"})
        (first,) = site.renewed
    assert (first.customer, first.channel, first.purpose) == (given.customer, "email", "service")
    assert "anna@mail.test" not in first.model_dump_json()

    opened = await site.open(first)
    assert (await site.web.get(opened[leads_to])).status_code == 200
    assert site.told == []


async def test_who_asks_for_a_new_link_that_never_was_is_answered_alike(site: Site) -> None:
    url = (await site.open(action("delivery_survey")))["survey"]
    site.now += 31 * DAY

    known = await site.web.post(url, data={"renew": "1"})
    unknown = await site.web.post(f"{url[:-4]}zzzz", data={"renew": "1"})

    alike = known.text.replace('lang="en-US"', 'lang="en"')
    assert (known.status_code, alike) == (unknown.status_code, unknown.text), "but for the language"
    assert len(site.renewed) == 1


async def test_a_complaint_is_opened_again_by_its_link_and_only_when_closed(site: Site) -> None:
    site.records.record = known()
    links = await site.open(action("complaint_follow_up"))

    assert "What is still open?" in (await site.web.get(links["reopen"])).text
    done = await site.web.post(links["reopen"], data={"text": "still broken"})
    assert "Your complaint is open again." in done.text
    assert site.told[-1]["type"] == "complaint.reopened"
    assert (site.told[-1]["complaint_id"], site.told[-1]["text"]) == ("c-2047", "still broken")

    site.records.record.complaints.recent[0].closed = 0
    assert "This complaint is open already." in (await site.web.get(links["reopen"])).text
    await site.web.post(links["settled"], data={})
    assert site.kinds == ["complaint.reopened", "receipt.clicked"]


async def test_preferences_show_what_is_so_and_change_what_was_changed(site: Site) -> None:
    site.records.record = anna(consents=[Consent("email", "marketing", True, NOON)])
    url = (await site.open(action("welcome")))["preferences"]

    shown = await site.web.get(url)
    assert "This page is for a***@***.test" in shown.text
    assert "anna@mail.test" not in shown.text
    assert 'name="marketing-email" value="1" aria-label="Offers and greetings: Email" checked' in shown.text
    await site.web.post(url, data={**SERVICE, "marketing-sms": "1"})

    assert [(one["type"], one["channel"], one["purpose"]) for one in site.told] == [
        ("consent.withdrawn", "email", "marketing"),
        ("consent.granted", "sms", "marketing"),
    ]
    await site.web.post(url, data={"none": "1"})
    assert [(one["type"], one["channel"]) for one in site.told[2:]] == [("consent.withdrawn", "email")]


async def test_a_coupon_is_shown_until_it_is_used_or_has_ended(site: Site) -> None:
    given = action()
    url = (await site.open(given))["coupon"]
    coupon = Coupon("BDAY-1", 1, NOON + 10 * DAY, percent=15)
    site.records.record = anna(coupons=[coupon])
    assert isinstance(given, GreetingAction)
    assert given.coupon is not None
    code = given.coupon.code
    coupon.code = code

    shown = await site.web.get(url)
    assert code in shown.text
    assert "15% off one order" in shown.text
    coupon.redeemed = True
    assert "This coupon has been used." in (await site.web.get(url)).text
    coupon.redeemed, coupon.expires = False, NOON - DAY
    assert "This coupon was good through November 11." in (await site.web.get(url)).text


async def test_pages_are_kept_nowhere_and_load_nothing_from_elsewhere(site: Site) -> None:
    shown = await site.web.get((await site.open(action()))["unsubscribe"])

    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert "<script" not in shown.text
    assert "src=" not in shown.text


async def test_links_hold_no_id_and_are_the_same_when_asked_for_again(site: Site) -> None:
    given = action()
    once, again = await site.open(given), await site.open(given)

    assert once == again
    assert len(set(once.values())) == len(once)
    for url in once.values():
        assert len(url.rpartition("/")[2]) == 16
        assert given.action_id[:8] not in url
        assert "sample" not in url


async def test_the_switch_against_being_profiled_is_one_event_and_shows_what_is_so(site: Site) -> None:
    url = (await site.open(action("welcome")))["preferences"]
    allowed = {**SERVICE, "marketing-email": "1", "marketing-sms": "1"}
    shown = await site.web.get(url)
    assert 'name="profile" value="1" checked' in shown.text

    await site.web.post(url, data={**allowed, "profile": "0"})
    (told,) = site.told
    assert (told["type"], told["channel"], told["purpose"]) == ("consent.withdrawn", "any", "profiling")
    assert told["actor"] == "customer"

    site.records.record = anna(consents=[*anna().consents, Consent("any", "profiling", False, NOON)])
    assert 'name="profile" value="1">' in (await site.web.get(url)).text
    await site.web.post(url, data={**allowed, "profile": "0"})
    await site.web.post(url, data=allowed)
    assert len(site.told) == 1, "said already; and a form without the switch says nothing"
    await site.web.post(url, content="&".join(f"{name}=1" for name in allowed) + "&profile=0&profile=1")
    assert site.kinds == ["consent.withdrawn", "consent.granted"], "as a browser sends both fields"


async def test_a_link_that_unsubscribed_says_so_and_works_again_for_who_came_back_since(site: Site) -> None:
    url = (await site.open(action()))["unsubscribe"]
    assert "Choose what to keep" in (await site.web.get(url)).text
    await site.web.post(url, data={"List-Unsubscribe": "One-Click"})
    assert "Done. No more offers by email." in (await site.web.get(url)).text

    again = [Consent("email", "marketing", True, site.now + HOUR)]
    site.records.record = anna(consents=again)
    site.now += 2 * HOUR
    assert "No more offers by email?" in (await site.web.get(url)).text
    assert (await site.web.post(url, data={"List-Unsubscribe": "One-Click"})).status_code == 200

    assert site.kinds == ["receipt.unsubscribed"] * 2
    assert len({one["id"] for one in site.told}) == 2


async def test_a_coupon_that_nobody_knows_any_more_was_not_used(site: Site) -> None:
    url = (await site.open(action()))["coupon"]
    site.records.record = anna(coupons=[])

    shown = (await site.web.get(url)).text
    assert "We do not know this coupon any more." in shown
    assert "used" not in shown


@pytest.mark.parametrize(("accepted", "locale", "said"), [
    ("de-AT,de;q=0.8,en;q=0.5", "de-AT", "Dieser Link gilt nicht mehr."),
    ("zh-CN", "zh-CN", "链接已失效"),
    ("pl,en;q=0.3", "en", "This link no longer works."),
    ("", "en", "This link no longer works."),
    ("*;q=x, ../../etc", "en", "This link no longer works."),
])  # fmt: skip
async def test_a_page_that_belongs_to_nobody_is_in_the_readers_language_whatever_the_link_was(
    site: Site, accepted: str, locale: str, said: str
) -> None:
    url = (await site.open(action("delivery_survey", locale="fr-FR")))["survey"]
    site.now += 31 * DAY

    ended, unknown = [
        (await site.web.get(one, headers={"accept-language": accepted})).text for one in (url, url[:-1] + "_")
    ]
    assert ended == unknown
    assert said in ended
    assert f'<html lang="{locale}">' in ended


async def test_who_chooses_a_language_is_written_to_in_it_and_who_leaves_it_tells_nothing(site: Site) -> None:
    url = (await site.open(action("welcome")))["preferences"]
    allowed = {**SERVICE, "marketing-email": "1", "marketing-sms": "1", "profile": "1"}
    shown = (await site.web.get(url)).text
    assert '<option value="en" lang="en" selected>English</option>' in shown
    assert '<option value="de" lang="de">Deutsch</option>' in shown

    for language in ("en", "", "xx", "zh"):
        await site.web.post(url, data={**allowed, "language": language})

    (told,) = site.told
    assert (told["type"], told["locale"], told["actor"]) == ("customer.updated", "zh-CN", "customer")


async def test_a_german_page_names_who_is_behind_the_store(site: Site) -> None:
    for number, (locale, named) in enumerate((("de-DE", True), ("en-US", False))):
        given = action("welcome", action_id=f"{number}" * 32)
        assert given.message is not None
        told = given.message.model_copy(update={"locale": locale})
        url = (await site.open(given.model_copy(update={"message": told})))["preferences"]
        assert ("https://lindmoor.example/imprint" in (await site.web.get(url)).text) is named
