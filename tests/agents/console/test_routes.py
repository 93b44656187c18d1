"""Every page asks who may see it."""

from __future__ import annotations

import pytest
from starlette.routing import Mount, Route

from agents.access import Act
from agents.console.app import OPEN, routes

ROUTES = routes()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: getattr(route, "path", "?"))
def test_every_route_but_the_doors_names_its_right(route: Route | Mount) -> None:
    if route.path in OPEN:
        return
    assert isinstance(getattr(route, "act", None), Act), f"{route.path} asks for no right: make it with route()"


def test_what_is_open_is_there() -> None:
    assert {getattr(route, "path", "") for route in ROUTES} >= OPEN
