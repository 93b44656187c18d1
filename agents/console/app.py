"""The console as one application: pages, streams, files, and the API beside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from importlib import resources
from typing import Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from agents.access import Act
from agents.console import customers, letters, writes
from agents.console.backend import Backend
from agents.console.care import care_page
from agents.console.customer import contact_part, customer_mark, customer_page, customer_parts, timeline_part
from agents.console.desk import desk_page, desk_parts
from agents.console.desk_dialogs import draft_part, escalate_dialog
from agents.console.desk_writes import work_on
from agents.console.live import Live
from agents.console.now import now_page, now_parts, steer
from agents.console.rules import rules_page, rules_parts
from agents.console.session import COOKIE, LIFE_SECONDS
from agents.console.turns import Turns, Waited
from agents.console.web import Endpoint, Secured, View, environment, route, words_of
from agents.console.words import LANGUAGES

_YEAR_SECONDS: Final = 366 * 86_400


def console_app(
    backend: Backend, api: ASGIApp, no_route: Callable[[Request, Exception], Awaitable[Response]]
) -> Starlette:
    """The application; what runs beside the pages begins and ends with it.

    Args:
        api: what stands under ``/api``.
        no_route: what an address that leads nowhere is answered.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with backend.running():
            yield

    turns = Turns()
    middleware = [Middleware(Secured), Middleware(Waited, turns=turns)]
    app = Starlette(
        routes=[*routes(), Mount("/api", api)],
        middleware=middleware,
        exception_handlers={404: no_route},
        lifespan=lifespan,
    )
    app.state.backend = backend
    app.state.live = Live(turns)
    return app


def routes() -> list[BaseRoute]:
    """All routes. Each but those of the door asks who may."""
    static = str(resources.files("agents.console") / "static")
    return [
        route("/", Act.WATCH, now_page),
        route("/live/now", Act.WATCH, _live(now_parts)),
        route("/live/customers/{customer}", Act.LOOK, _live(customer_parts, mark=customer_mark)),
        route("/customers/{customer}", Act.LOOK, customer_page),
        route("/customers/{customer}/came/{event_id}", Act.LOOK, writes.came),
        route("/customers/{customer}/dialog/{what}", Act.LOOK, writes.dialog),
        route("/customers/{customer}/profile", Act.CHANGE, writes.correct, methods=("POST",)),
        route("/customers/{customer}/consent", Act.CHANGE, writes.consent, methods=("POST",)),
        route("/customers/{customer}/call", Act.WORK, writes.record_call, methods=("POST",)),
        route("/customers/{customer}/erase", Act.ERASE, writes.erase, methods=("POST",)),
        route("/customers/{customer}/why-not", Act.LOOK, writes.why_not, methods=("POST",)),
        route("/customers/{customer}/export", Act.EXPORT, customers.export, methods=("POST",)),
        route("/customers", Act.WATCH, customers.customers_page),
        route("/live/customers", Act.WATCH, _live(customers.customers_parts)),
        route("/segments", Act.WATCH, customers.segment_page, methods=("POST",)),
        route("/segments/forget", Act.WATCH, customers.segment_forget, methods=("POST",)),
        route("/segments/export", Act.EXPORT, customers.segment_export, methods=("POST",)),
        route("/search", Act.SEARCH, customers.search_page, methods=("POST",)),
        route("/search/hits", Act.SEARCH, customers.search_hits, methods=("POST",)),
        route("/rules", Act.READ_RULES, rules_page),
        route("/live/rules", Act.READ_RULES, _live(rules_parts)),
        route("/letters", Act.READ_LETTERS, letters.letters_page),
        route("/letters/redrive", Act.REDRIVE, letters.redrive, methods=("POST",)),
        route("/letters/discard", Act.REDRIVE, letters.discard, methods=("POST",)),
        route("/care", Act.WATCH, care_page),
        route("/desk", Act.WORK, desk_page),
        route("/live/desk", Act.WORK, _live(desk_parts, own=True)),
        route("/desk/{customer}/{work}/escalate", Act.WORK, escalate_dialog),
        route("/desk/{customer}/{work}/draft", Act.WORK, draft_part, methods=("POST",)),
        route("/desk/{customer}/{work}/{step}", Act.WORK, work_on, methods=("POST",)),
        route("/customers/{customer}/timeline", Act.LOOK, timeline_part),
        route("/customers/{customer}/contact", Act.OPEN_CONTACT, contact_part, methods=("POST",)),
        route("/pace", Act.STEER, steer, methods=("POST",)),
        route("/preferences", Act.WATCH, _prefer, methods=("POST",)),
        route("/sign-out", Act.WATCH, _sign_out, methods=("POST",)),
        Route("/sign-in", _sign_in, methods=["GET", "POST"]),
        Route("/healthz", _alive),
        Mount("/static", StaticFiles(directory=static)),
    ]


OPEN: Final = frozenset({"/sign-in", "/healthz", "/static"})
"""What nobody has to sign in for."""


def _live(
    parts: Callable[[View], Awaitable[dict[str, str]]],
    *,
    own: bool = False,
    mark: Callable[[View], Awaitable[Hashable]] | None = None,
) -> Endpoint:
    """The stream of a page's parts: one for all who look at it, or where they see their ``own``, for each person."""

    async def stream(view: View) -> Response:
        live: Live = view.request.app.state.live
        person = view.session.name if own else ""
        key = f"{view.request.url.path}?{view.request.url.query} {view.words.language} {person}"

        async def render() -> dict[str, str]:
            return await parts(View(view.request, view.session))

        async def made_from() -> Hashable:
            return await mark(View(view.request, view.session)) if mark else None

        return live.stream(key, render, made_from)

    return stream


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _sign_in(request: Request) -> Response:
    if request.method == "GET":
        return await _door(request, wrong=False, token=request.query_params.get("token", ""))
    backend: Backend = request.app.state.backend
    told = {
        name: values[-1] for name, values in parse_qs((await request.body())[:4096].decode(errors="replace")).items()
    }
    cookie = backend.sessions.sign_in(told.get("name", "").strip(), told.get("token", "").strip())
    if cookie is None:
        return await _door(request, wrong=True, name=told.get("name", ""))
    answer = RedirectResponse(_inside(told.get("next", "/")), status_code=303)
    answer.set_cookie(
        COOKIE, cookie, max_age=LIFE_SECONDS, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


async def _door(request: Request, *, wrong: bool, name: str = "", token: str = "") -> Response:
    values = {"w": words_of(request), "wrong": wrong, "name": name, "token": token}
    page = environment().get_template("sign_in.html").render(next=request.query_params.get("next", "/"), **values)
    return HTMLResponse(page, status_code=401 if wrong else 200)


async def _sign_out(view: View) -> Response:
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


async def _prefer(view: View) -> Response:
    told = await view.form()
    answer = RedirectResponse(_inside(told.get("back", "/")), status_code=303)
    if told.get("language") in LANGUAGES:
        answer.set_cookie("tend-language", told["language"], max_age=_YEAR_SECONDS, httponly=True, samesite="strict")
    if told.get("theme") in ("light", "dark", "auto"):
        answer.set_cookie("tend-theme", told["theme"], max_age=_YEAR_SECONDS, httponly=True, samesite="strict")
    return answer


def _inside(path: str) -> str:
    """A path of ours: nobody is led elsewhere by what stands in an address."""
    return path if path.startswith("/") and not path.startswith("//") and "\\" not in path else "/"
