"""The API as one application, with its OpenAPI document at ``/api/openapi.json``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from agents.api.access import PROBLEMS, api_keys, on_no_route, on_problem
from agents.api.coupons import coupons
from agents.api.customers import customers
from agents.api.document import DocumentedApi
from agents.api.overview import overview
from agents.api.work import work
from agents.console.backend import Backend
from agents.console.web import Secured
from infra.settings import Settings, load_settings

_PROBLEM: Final[dict[str, Any]] = {"application/problem+json": {}}
_PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    # What is no HTTP at all is answered in plain text, by the server below.
    400: {"description": "No request that can be read", "content": {"text/plain": {}, **_PROBLEM}},
    401: {"description": "No key", "content": _PROBLEM},
    403: {"description": "Not allowed", "content": _PROBLEM},
    404: {"description": "Nothing there", "content": _PROBLEM},
    409: {"description": "Somebody was first", "content": _PROBLEM},
    422: {"description": "A value is wrong", "content": _PROBLEM},
    503: {"description": "Something does not answer", "content": _PROBLEM},
}
ABOUT: Final = {
    "name": "tend api",
    "about": "Customers, why and why not, coupons, consent, complaints, segments, rules, dead letters of this store.",
    "openapi": "/api/openapi.json",
    "key": "a name=key of TEND_API_KEYS, sent as X-API-Key",
    "health": "/api/health",
    "alive": "/healthz",
}
"""What ``GET /`` says."""


def api_app(backend: Backend, settings: Settings) -> FastAPI:
    """The application; what it stands on runs elsewhere."""
    app = DocumentedApi(title="tend", version="1", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.keys = api_keys(settings)
    for router in routers(backend):
        app.include_router(router, responses=_PROBLEMS)
    for problem in PROBLEMS:
        app.add_exception_handler(problem, on_problem)
    return app


def contract_document() -> dict[str, Any]:
    """The OpenAPI document, without anything behind it."""
    nothing: Any = None
    return api_app(nothing, load_settings({})).openapi()


def routers(backend: Backend) -> list[APIRouter]:
    """All routes, by what they are about."""
    return [customers(backend), work(backend), coupons(backend), overview(backend)]


def api_service(backend: Backend) -> Starlette:
    """The API as a service of its own; what runs beside it begins and ends with it."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with backend.running():
            yield

    routes = [Route("/", _about), Route("/healthz", _alive), Mount("/api", api_app(backend, backend.settings))]
    return Starlette(
        routes=routes, middleware=[Middleware(Secured)], exception_handlers={404: on_no_route}, lifespan=lifespan
    )


async def _about(_: Request) -> Response:
    return JSONResponse(ABOUT)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")
