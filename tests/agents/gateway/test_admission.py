"""Who is let in at the doors for servers."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from agents.gateway.admission import ServerAdmission
from agents.gateway.keys import read_keys
from agents.gateway.throttle import Throttle

SECRET = "a-secret-of-the-shop"
MOST_BYTES = 10


def door(burst: float = 100) -> httpx.AsyncClient:
    admission = ServerAdmission(
        read_keys(f"shop:{SECRET},web!:a-key-everybody-reads"), Throttle(0.001, burst, lambda: 0.0)
    )

    async def answer(request: Request) -> Response:
        body = await admission.body(request, MOST_BYTES)
        return body if isinstance(body, Response) else PlainTextResponse(body)

    app = Starlette(routes=[Route("/", answer, methods=["POST"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside")


async def test_a_key_opens_as_bearer_and_as_user_of_basic() -> None:
    async with door() as web:
        bearer = await web.post("/", content=b"told", headers={"authorization": f"Bearer {SECRET}"})
        basic = await web.post("/", content=b"told", auth=(SECRET, ""))

    assert [(one.status_code, one.text) for one in (bearer, basic)] == [(200, "told")] * 2


@pytest.mark.parametrize("key", ["", "a-key-everybody-reads", "a-wrong-one"])
async def test_without_a_key_of_a_server_it_is_asked_for(key: str) -> None:
    async with door() as web:
        answer = await web.post("/", content=b"told", headers={"authorization": f"Bearer {key}"} if key else {})

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Basic realm="tend"'


async def test_who_sends_too_fast_is_told_when_to_send_again() -> None:
    async with door(burst=1) as web:
        first = await web.post("/", content=b"told", auth=(SECRET, ""))
        second = await web.post("/", content=b"told", auth=(SECRET, ""))

    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["retry-after"]) > 900


async def test_what_is_too_long_is_refused() -> None:
    async with door() as web:
        answer = await web.post("/", content=b"x" * (MOST_BYTES + 1), auth=(SECRET, ""))

    assert (answer.status_code, answer.json()["error"]) == (413, "too_long")
