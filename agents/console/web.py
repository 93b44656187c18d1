"""How pages are asked for and answered: sessions, rights, forgery, headers, templates."""

from __future__ import annotations

import asyncio
from calendar import isleap
from collections.abc import Mapping, MutableMapping, Sequence
from functools import cache
from typing import Any, Final, Protocol, cast
from urllib.parse import parse_qs, quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents.access import Act, NotAllowed, authorise
from agents.console.backend import Backend
from agents.console.session import COOKIE, CSRF_FIELD, CSRF_HEADER, Session
from agents.console.words import LANGUAGES, Words, language_of
from schemas.errors import DependencyUnavailable, TendError
from schemas.shown import shown_page
from schemas.times import Millis

_MOST_FORM: Final = 32_768
_HEADERS: Final = (
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; font-src 'self'",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)


class View:
    """One request by somebody who has signed in: what pages need of it."""

    def __init__(self, request: Request, session: Session) -> None:
        self.request, self.session = request, session
        self.backend: Backend = request.app.state.backend
        self.words = words_of(request)
        self.now: Millis = self.backend.now()

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the question mark of the address."""
        return cast("Mapping[str, str]", self.request.query_params)

    async def form(self) -> dict[str, str]:
        """The fields of a form; of each name the last one counts."""
        body = await self.request.body()
        told = parse_qs(body[:_MOST_FORM].decode(errors="replace"), keep_blank_values=True)
        return {name: values[-1] for name, values in told.items()}

    async def page(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """A whole page."""
        return HTMLResponse(await self.render(template, **values), status_code=status)

    async def render(self, template: str, **values: Any) -> str:
        """A template with the frame's values."""
        return environment().get_template(template).render(**await frame(self), **values)


class Endpoint(Protocol):
    """What answers a page."""

    async def __call__(self, view: View) -> Response: ...


def route(path: str, act: Act, endpoint: Endpoint, *, methods: tuple[str, ...] = ("GET",)) -> Route:
    """A route that only somebody signed in and allowed may take; what changes something must come from a page."""

    async def guarded(request: Request) -> Response:
        backend: Backend = request.app.state.backend
        session = backend.sessions.read(request.cookies.get(COOKIE, ""))
        if session is None:
            return to_sign_in(request)
        view = View(request, session)
        try:
            authorise(session.actor, act, str(request.path_params.get("customer", "")))
            if request.method not in ("GET", "HEAD") and not await _is_ours(view):
                raise NotAllowed(view.words("problem.forged"))
            return await endpoint(view)
        except NotAllowed as problem:
            return await view.page("problem.html", status=403, problem=str(problem), kind="refused")
        except DependencyUnavailable as problem:
            return await view.page("problem.html", status=503, problem=str(problem), kind="away")
        except TendError as problem:
            return await view.page("problem.html", status=404, problem=str(problem), kind="missing")

    made = Route(path, guarded, methods=list(methods))
    made.act = act  # type: ignore[attr-defined]  # the test that looks for routes without a right reads it
    return made


def to_sign_in(request: Request) -> Response:
    """Send somebody to the door; htmx is told so by a header, as it would swap the page in."""
    there = f"/sign-in?next={quote(request.url.path)}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(there, status_code=303)


async def _is_ours(view: View) -> bool:
    told = view.request.headers.get(CSRF_HEADER) or (await view.form()).get(CSRF_FIELD, "")
    return view.backend.sessions.is_from(view.session, told)


def words_of(request: Request) -> Words:
    """The words of the language chosen, or else asked for by the browser."""
    backend: Backend = request.app.state.backend
    language = language_of(request.cookies.get("tend-language", ""), request.headers.get("accept-language", ""))
    return words_in(language, backend.zone)


@cache
def words_in(language: str, zone: str) -> Words:
    """One ``Words`` for each language and zone."""
    return Words(language, zone)


@cache
def environment() -> Environment:
    """The templates."""
    made = Environment(
        loader=PackageLoader("agents.console"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # else each use asks the disk whether it has changed
    )
    made.filters["url"] = lambda value: quote(str(value), safe="")
    made.globals["query"] = lambda **values: urlencode({name: value for name, value in values.items() if value})
    return made


def _finalized(value: object) -> object:
    """A text of others turns no writing around; markup that is ours is of another type."""
    return shown_page(value) if type(value) is str else value


async def frame(view: View) -> dict[str, Any]:
    """What every page shows around its own."""
    request, backend = view.request, view.backend
    work = await backend.all_work()
    overdue = sum(1 for one in work if not one.closed and one.due and one.due < view.now)
    return {
        "w": view.words,
        "now": view.now,
        "me": view.session,
        "zone": view.words.zone.key,
        "csrf": backend.sessions.csrf(view.session),
        "path": request.url.path,
        "theme": request.cookies.get("tend-theme", ""),
        "languages": LANGUAGES,
        "wall": "wall" in request.query_params,
        "overdue": overdue,
        "letters": await backend.open_letters(),
        "replays": backend.sampler.replays,
        "speed": backend.sampler.speed(),
        "year": year_of(view.words, view.now, backend.sampler.began()),
    }


_BAR: Final = {"bar-pages": "_pages.html", "bar-when": "_when.html", "bar-year": "_year.html"}


async def parts_of(
    view: View, folder: str, names: Sequence[str], values: Mapping[str, Any], section: str = ""
) -> dict[str, str]:
    """What changes by itself on a page, by the id of its element: these parts, and those of the bar.

    Everybody who looks shares them: nothing of who looks may stand in them, but where the stream is a person's own.

    Args:
        folder: of the templates.
        section: which page the bar marks; of the folder's name, if it is not told.
    """
    shown = {**await frame(view), **values, "section": section or folder}
    parts: dict[str, str] = {}
    for name, template in {**_BAR, **{name: f"{folder}/{name}.html" for name in names}}.items():
        parts[name] = environment().get_template(template).render(**shown)
        await asyncio.sleep(0)  # somebody who waits for a page goes before the next part
    return parts


def year_of(words: Words, now: Millis, began: Millis) -> dict[str, Any]:
    """How much of the year has passed; on the first of January all of the one before, where the replay has seen it."""
    local = words.local(now)
    day = local.timetuple().tm_yday
    if day == 1 and words.local(began).year < local.year:
        days = 365 + isleap(local.year - 1)
        return {"day": days, "days": days, "share": 1.0}
    days = 365 + isleap(local.year)
    return {"day": day, "days": days, "share": (day - 1 + local.hour / 24) / days}


class Secured:
    """Adds the headers that keep others out of our pages; pages about people are kept nowhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_file = scope["path"].startswith("/static/")

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, is_file=is_file)
            await send(message)

        await self._app(scope, receive, secured)


def _add_headers(message: MutableMapping[str, Any], *, is_file: bool) -> None:
    told = {name for name, _ in message.get("headers", [])}
    extra = [*_HEADERS, ("cache-control", "max-age=300" if is_file else "no-store")]
    message["headers"] = [
        *message.get("headers", []),
        *((name.encode(), value.encode()) for name, value in extra if name.encode() not in told),
    ]
