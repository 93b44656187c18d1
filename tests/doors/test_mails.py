"""One-click unsubscribing as mail providers do it, and links as mail filters follow them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.times import DAY, HOUR
from tests.agents.links.site import Site
from tests.agents.senders.post_office import post_office
from tests.agents.senders.sending import NOON, Shop, action, anna, smtp
from tests.doors.told import comes_in

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def site(client: Any) -> AsyncIterator[Site]:
    opened = Site(client)
    yield opened
    await opened.web.aclose()


@comes_in(
    "one click", "bikeindex/bike_index PR #4077, MahoCommerce/maho PR #1058, WoltLab/WCF PR #3412; RFC 8058",
    "Amunak/thunderbird-list-unsubscribe-addon #8: a POST with an empty body",
)  # fmt: skip
async def test_one_click_needs_no_cookie_follows_no_redirect_and_counts_once_also_weeks_later(
    client: Any, site: Site
) -> None:
    with post_office() as office:
        shop = Shop(client, smtp(office.port), anna())
        await shop.take(action(), action("complaint_acknowledged"))
    marketing, service = office.mails
    link = str(marketing["List-Unsubscribe"]).strip("<>")
    assert str(marketing["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
    assert (service["List-Unsubscribe"], service["List-Unsubscribe-Post"]) == (None, None)
    assert "anna" not in link
    assert action().customer not in link
    path = link.removeprefix("https://lindmoor.example")

    site.now = NOON + 45 * DAY
    answers = [
        await site.web.post(path, data=ONE_CLICK),
        await site.web.post(path, files={"List-Unsubscribe": (None, "One-Click")}),
        await site.web.post(path, data=ONE_CLICK),
        await site.web.post(path, content=b""),
    ]
    assert {one.status_code for one in answers} == {200}
    assert site.kinds == ["receipt.unsubscribed"]

    spoilt = path[:-1] + ("A" if path[-1] != "A" else "B")
    refused = await site.web.post(spoilt, data=ONE_CLICK)
    assert (refused.status_code, len(site.told)) == (404, 1)


@pytest.mark.parametrize("headers", [
    {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"},
    {"content-type": "text/plain"},
    {},
])  # fmt: skip
@comes_in("one click", "simstudioai/sim PR #2467: types of contents that providers post it under")
async def test_one_click_works_under_whatever_type_of_contents(site: Site, headers: dict[str, str]) -> None:
    url = (await site.open(action()))["unsubscribe"]

    answer = await site.web.post(url, content=b"List-Unsubscribe=One-Click", headers=headers)

    assert (answer.status_code, site.kinds) == (200, ["receipt.unsubscribed"])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers", [{}, {"purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}, {"x-moz": "prefetch"}]
)
@pytest.mark.parametrize("rule", ["birthday_greeting", "delivery_survey", "complaint_follow_up", "welcome"])
@comes_in(
    "one click", "usesend/useSend #412, SparkDevNetwork/Rock #7034: filters that fetch a link unsubscribe everybody",
    "YosemiteCrew/Yosemite-Crew PR #2421: prefetching",
)  # fmt: skip
async def test_who_only_looks_changes_nothing(site: Site, rule: str, headers: dict[str, str], method: str) -> None:
    browser = {"sec-fetch-mode": "navigate", "user-agent": "Mozilla/5.0 Firefox/130.0", **headers}
    links = await site.open(action(rule))
    site.now += HOUR

    for url in links.values():
        assert (await site.web.request(method, f"{url}?a=1", headers=browser)).status_code == 200

    told = set(site.kinds)
    assert told <= {"receipt.clicked"}
    assert not told or (method == "GET" and not headers), "a person who follows a link is the only one recorded"


@comes_in("one click", "elizaOS/eliza #29677: programs that ask by OPTIONS or PUT first")
async def test_other_ways_of_asking_do_nothing(site: Site) -> None:
    url = (await site.open(action()))["unsubscribe"]

    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert (await site.web.request(method, url, data=ONE_CLICK)).status_code == 405

    assert site.told == []
