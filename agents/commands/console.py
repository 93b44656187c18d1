"""``tend console`` and ``tend api``: pages for people, and the same for programs."""

from __future__ import annotations

import asyncio
import logging
from socket import socket

import typer
import uvicorn

from agents.commands.serving import begin
from agents.console.app import console_app
from agents.console.backend import Backend
from infra.settings import Settings

log = logging.getLogger(__name__)


def console() -> None:
    """Serve the console: what happens now, every customer, the desk, the rules; in a browser, on this machine.

    The address is printed with the token that lets the first person in.

    Example: TEND_CONSOLE_PORT=8420 tend console
    """
    asyncio.run(_serve(begin()))


async def _serve(settings: Settings) -> None:
    backend = Backend(settings)
    config = uvicorn.Config(
        console_app(backend),
        host=settings.console_host,
        port=settings.console_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    await _Announced(config, backend.sessions.token).serve()


class _Announced(uvicorn.Server):
    """Says where it listens as soon as it does."""

    def __init__(self, config: uvicorn.Config, token: str) -> None:
        super().__init__(config)
        self._token = token

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        typer.echo(f"console  {address_of(self)}/sign-in?token={self._token}")


def address_of(server: uvicorn.Server) -> str:
    """Where a server listens that has started."""
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    return f"http://{host}:{port}"
