"""Every route of the API asks who may use it, and refuses whoever has no key."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import Mock

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount

from agents.access import Act
from agents.api.access import on_no_route
from agents.api.app import api_app, routers
from infra.settings import load_settings

KEY = "a-key-of-24-characters-xx"
APP: FastAPI = api_app(Mock(), load_settings({"api_keys": SecretStr(f"till={KEY}")}))
ROUTES = [route for router in routers(Mock()) for route in router.routes if isinstance(route, APIRoute)]


def acts(needed: Dependant) -> Iterator[Act]:
    """The rights that a route asks for, in whatever it depends on."""
    act = getattr(needed.call, "act", None)
    if isinstance(act, Act):
        yield act
    for one in needed.dependencies:
        yield from acts(one)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{','.join(sorted(route.methods or ()))} {route.path}")
class TestEveryRoute:
    def test_asks_for_one_right(self, route: APIRoute) -> None:
        assert len(list(acts(route.dependant))) == 1, "take the actor from allowed(Act.…)"

    def test_that_changes_something_asks_for_more_than_to_look(self, route: APIRoute) -> None:
        if route.status_code == 202:
            assert set(acts(route.dependant)) & {Act.CHANGE, Act.WORK, Act.REDEEM, Act.REDRIVE}

    async def test_is_closed_to_whoever_has_no_key(self, route: APIRoute) -> None:
        path = route.path.replace("{letter}", "0:0").replace("{", "").replace("}", "")
        for method in route.methods or ():
            async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://till") as till:
                answer = await till.request(method, path, headers={"X-API-Key": "no"})

            assert answer.status_code == 401
            assert answer.headers["content-type"] == "application/problem+json"

    def test_says_in_the_document_what_it_is_for(self, route: APIRoute) -> None:
        assert route.summary
        assert route.tags


async def test_an_address_that_leads_nowhere_is_a_problem_in_the_apis_form() -> None:
    served = Starlette(routes=[Mount("/api", APP)], exception_handlers={404: on_no_route})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(served), base_url="http://till") as till:
        within, beside = await till.get("/api/customers/c%0A1"), await till.get("/nowhere")

    assert (within.status_code, within.headers["content-type"]) == (404, "application/problem+json")
    assert (beside.status_code, beside.text) == (404, "Not Found")


def test_these_are_all_the_routes_that_the_document_tells_of() -> None:
    told = {(method.upper(), path) for path, methods in APP.openapi()["paths"].items() for method in methods}

    assert told == {(method, route.path) for route in ROUTES for method in route.methods or ()}


@pytest.mark.parametrize("resource", [
    "/customers/{customer}", "/customers/{customer}/timeline", "/customers/{customer}/why/{action}",
    "/customers/{customer}/why-not", "/customers/{customer}/due", "/customers/{customer}/consent",
    "/customers/{customer}/complaints", "/coupons/{code}", "/coupons/{code}/redeem", "/segments", "/rules",
    "/dead-letters", "/health", "/work", "/search",
])  # fmt: skip
def test_what_the_api_is_for_is_there(resource: str) -> None:
    assert resource in {route.path for route in ROUTES}
