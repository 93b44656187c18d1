"""Keys of the API, and problems as RFC 9457 tells them."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from fastapi import HTTPException, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException as StarletteProblem
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Match

from agents.access import PEOPLE, Act, Actor, NotAllowed, authorise
from infra.settings import Settings
from schemas.errors import ConfigurationRefused, DependencyUnavailable, NotFound, TendError
from schemas.events import Invalid

_LEAST: Final = 16
_NOT_THIS_WAY: Final = 405
_TITLES: Final = {
    401: "No key",
    404: "There is nothing here",
    405: "Not this way",
    409: "Somebody was first",
    422: "A value is wrong",
}
HEADER: Final = APIKeyHeader(name="X-API-Key", auto_error=False, description="A key of TEND_API_KEYS.")


class KeyHolder(NamedTuple):
    """Who uses a key, and what for."""

    name: str
    acts: frozenset[Act]


def api_keys(settings: Settings) -> dict[str, KeyHolder]:
    """Key to who uses it.

    Raises:
        ConfigurationRefused: one is too short, has no name, or is for something that there is not.
    """
    told = settings.api_keys.get_secret_value() if settings.api_keys else ""
    found: dict[str, KeyHolder] = {}
    for part in filter(None, (one.strip() for one in told.split(","))):
        named, _, key = part.partition("=")
        name, _, rights = named.partition(":")
        if not name or len(key) < _LEAST:
            raise ConfigurationRefused(
                f"TEND_API_KEYS: the key named {name or '?'} is none; expected name=key with {_LEAST} characters"
            )
        found[key] = KeyHolder(name, _acts(name, rights))
    return found


def _acts(name: str, rights: str) -> frozenset[Act]:
    """What a key is for: what is named, or everything that people may do."""
    known = {act.value: act for act in PEOPLE}
    told = [one for one in rights.split("+") if one]
    for one in told:
        if one not in known:
            there_are = ", ".join(sorted(known))
            raise ConfigurationRefused(
                f"TEND_API_KEYS: the key named {name} is for {one}, which there is not; there are {there_are}"
            )
    return frozenset(known[one] for one in told) or PEOPLE


def allowed(act: Act) -> Callable[..., Awaitable[Actor]]:
    """Whoever asks, if they have a key and may do this."""

    async def actor(request: Request, key: str | None = Security(HEADER)) -> Actor:
        keys: dict[str, KeyHolder] = request.app.state.keys
        holder = next((holder for one, holder in keys.items() if _same(one, key or "")), None)
        if holder is None:
            raise HTTPException(401, "A key is needed in the header X-API-Key; TEND_API_KEYS names those there are.")
        if act not in holder.acts:
            raise NotAllowed(f"the key named {holder.name} is not for {act.value}")
        found = Actor("staff", holder.name)
        authorise(found, act, str(request.path_params.get("customer", "")))
        return found

    actor.act = act  # type: ignore[attr-defined]  # the test that looks for routes without a right reads it
    return actor


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "surrogateescape"))


class ProblemResponse(JSONResponse):
    """An answer of ``application/problem+json``."""

    media_type = "application/problem+json"

    def __init__(self, status: int, title: str, detail: str, **further: Any) -> None:
        super().__init__({"type": "about:blank", "title": title, "status": status, "detail": detail, **further}, status)


async def on_problem(request: Request, problem: Exception) -> Response:
    """Every failure in one form."""
    if isinstance(problem, RequestValidationError):
        first = problem.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        return ProblemResponse(422, "A value is wrong", f"{field}: {first['msg']}", field=field)
    if isinstance(problem, Invalid):
        return ProblemResponse(422, "No event of the contract", str(problem), field=problem.field)
    if isinstance(problem, StarletteProblem):
        told = ProblemResponse(problem.status_code, _title(problem.status_code), str(problem.detail))
        if problem.status_code == _NOT_THIS_WAY:
            told.headers["allow"] = ", ".join(_ways(request))
        return told
    if isinstance(problem, NotAllowed):
        return ProblemResponse(403, "Not allowed", str(problem))
    if isinstance(problem, DependencyUnavailable):
        return ProblemResponse(503, "Something does not answer", str(problem))
    if isinstance(problem, NotFound):
        return ProblemResponse(404, "There is nothing here", str(problem))
    return ProblemResponse(422, "It cannot be done", str(problem))


async def on_no_route(request: Request, problem: Exception) -> Response:
    """An address that leads nowhere, in the API's form where it begins as the API's do.

    A newline in an address does: no pattern of a mounted application takes it.
    """
    if request.url.path.startswith("/api/"):
        return ProblemResponse(404, _title(404), "There is no such address; the document is at /api/openapi.json")
    return PlainTextResponse("Not Found", status_code=404)


def _ways(request: Request) -> list[str]:
    """The methods that there are at this path, whichever route has them."""
    return [
        method
        for method in ("GET", "POST")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in request.app.routes)
    ]


def _title(status: int) -> str:
    return _TITLES.get(status, "No")


PROBLEMS: Final = (RequestValidationError, Invalid, StarletteProblem, DependencyUnavailable, TendError)
"""What ``on_problem`` answers."""
