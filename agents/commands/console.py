"""``tend console`` and ``tend api``: pages for people, and the same for programs."""

from __future__ import annotations

from collections.abc import Callable
from socket import socket

import typer
import uvicorn
from starlette.types import ASGIApp

from agents.api.access import api_keys, on_no_route
from agents.api.app import api_app, api_service
from agents.commands.serving import begin
from agents.console.app import console_app
from agents.console.backend import Backend
from infra.event_loop import run
from infra.settings import Settings
from schemas.errors import ConfigurationRefused


def console() -> None:
    """Serve the console: what happens now, every customer, the desk, the rules; in a browser, on this machine.

    The address is printed with the token that lets the first person in.

    Example: TEND_CONSOLE_PORT=8420 tend console
    """
    run(_console(begin("console")))


def api() -> None:
    """Serve the API alone: customers, why and why not, coupons, consent, complaints, segments, rules, dead letters.

    Its document is at /api/openapi.json; docs/console.md tells of keys and cursors.

    Example: TEND_API_KEYS=till=A-LONG-SECRET-OF-YOURS tend api
    """
    run(_api(begin("api")))


async def _console(settings: Settings) -> None:
    backend = Backend(settings)
    token = backend.sessions.token
    await _serve(
        console_app(backend, api_app(backend, settings), on_no_route),
        settings.console_host,
        settings.console_port,
        lambda at: f"console  {at}/sign-in?token={token}",
    )


async def _api(settings: Settings) -> None:
    if not api_keys(settings):
        raise ConfigurationRefused(
            "`tend api` has no keys, and would let nobody in. Set TEND_API_KEYS=name=key with 16 characters or more."
        )
    app = api_service(Backend(settings))
    await _serve(app, settings.api_host, settings.api_port, lambda at: f"api  {at}/api/openapi.json")


async def _serve(app: ASGIApp, host: str, port: int, says: Callable[[str], str]) -> None:
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    await _Announced(config, says).serve()


class _Announced(uvicorn.Server):
    """Says where it listens as soon as it does."""

    def __init__(self, config: uvicorn.Config, says: Callable[[str], str]) -> None:
        super().__init__(config)
        self._says = says

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        typer.echo(self._says(address_of(self)))


def address_of(server: uvicorn.Server) -> str:
    """Where a server listens that has started."""
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://{host}:{port}"
