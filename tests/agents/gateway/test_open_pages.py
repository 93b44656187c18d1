"""Public pages as everybody reaches them: their pace, and what they say when the stores are away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from agents.access import Admitted
from agents.gateway.open_pages import OpenPages
from agents.links import Links
from agents.links.linked import LinkedCustomers
from agents.links.pages import PublicPages
from rules.loading import shipped
from schemas.errors import DependencyUnavailable
from tests.agents.links.site import Site
from tests.agents.senders.sending import KEYS, Silent, action, redis_at

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def site(store_server: str) -> AsyncIterator[Site]:
    client = redis_at(store_server)
    opened = Site(client)
    yield opened
    await opened.web.aclose()
    await client.aclose()


def reached(pages: PublicPages) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/k/{token}", OpenPages(pages, lambda: 0.0).answer, methods=["GET", "POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://shop.test")


def pages(site: Site, links: Any = None, write: Any = None) -> PublicPages:
    return PublicPages(
        LinkedCustomers(
            links or site.links,
            site.records,
            shipped().defaults,
            write or site._write,
            Silent(),
            KEYS,
            8,
            lambda: site.now,
        )
    )


async def test_a_campaign_behind_a_proxy_unsubscribes_whom_it_likes_and_nobody_tries_tokens_in_bulk(site: Site) -> None:
    async with reached(pages(site)) as web:
        posted = []
        for number in range(100):
            url = (await site.open(action(action_id=f"{number:032x}")))["unsubscribe"]
            posted.append((await web.post(url, data=ONE_CLICK)).status_code)
        guessed = [(await web.get(f"/k/{number:x>16}")).status_code for number in range(100)]

    assert set(posted) == {200}
    assert guessed.count(404) == 60
    assert set(guessed) == {404, 429}


async def test_one_link_is_used_at_a_persons_pace(site: Site) -> None:
    url = (await site.open(action("welcome")))["preferences"]
    async with reached(pages(site)) as web:
        answers = [(await web.get(url)).status_code for _ in range(70)]

    assert (answers.count(200), answers.count(429)) == (60, 10)


@pytest.mark.parametrize(("accepted", "said"), [
    ("en-US,en", "Please try again in a few minutes."),
    ("de", "Bitte versuchen Sie es in einigen Minuten noch einmal."),
    ("zh-CN,zh;q=0.9", "请几分钟后再试。"),
])  # fmt: skip
async def test_when_the_stores_are_away_the_page_says_so_in_the_readers_language(
    site: Site, accepted: str, said: str
) -> None:
    class Away(Links):
        async def find(self, token: str) -> Any:
            raise DependencyUnavailable("the store does not answer")

    gone = Away(None, "store", KEYS.links, "https://shop.test")  # type: ignore[arg-type]  # never asked
    async with reached(pages(site, gone)) as web:
        answer = await web.get("/k/xxxxxxxxxxxxxxxx", headers={"accept-language": accepted})

    assert (answer.status_code, answer.headers["retry-after"], answer.headers["cache-control"]) == (
        503,
        "60",
        "no-store",
    )
    assert said in answer.text


async def test_what_could_not_be_recorded_is_not_called_recorded_and_is_done_when_tried_again(site: Site) -> None:
    url = (await site.open(action()))["unsubscribe"]

    async def away(admitted: Admitted) -> None:
        raise DependencyUnavailable("Kafka does not answer")

    async with reached(pages(site, write=away)) as web:
        assert (await web.post(url, data=ONE_CLICK)).status_code == 503
    async with reached(pages(site)) as web:
        assert (await web.post(url, data=ONE_CLICK)).status_code == 200

    assert site.kinds == ["receipt.unsubscribed"]
