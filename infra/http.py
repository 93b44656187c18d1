"""A small HTTP server beside a service: ``/`` says what it is; ``/metrics``, ``/healthz`` and ``/readyz``.

``/metrics?name[]=`` gives the samples of these names alone, which costs the service less.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MOST_CONNECTIONS: Final = 64
IDLE_SECONDS: Final = 30.0
"""How long a connection may ask for nothing."""
_PAGES: Final = (
    "/metrics  figures, for Prometheus\n/healthz  whether it runs\n/readyz   whether it is ready, and why not\n"
)


@asynccontextmanager
async def serve(
    registry: CollectorRegistry,
    host: str,
    port: int,
    not_ready: Callable[[], Sequence[str]],
    refresh: Callable[[], None] = lambda: None,
    about: str = "a service of tend",
) -> AsyncIterator[str]:
    """Serve until the block ends; gives the address, ``http://host:port``.

    ``/healthz`` answers while the process's loop runs; ``/readyz`` answers 503 with the reasons while there are any.

    Args:
        port: 0 takes a free one.
        not_ready: why the service is not ready; empty when it is.
        about: what this service is, for whoever asks for ``/``.
        refresh: called before metrics are read, to set those that are looked up rather than counted.
    """

    app = _application(registry, not_ready, refresh, about)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=IDLE_SECONDS)
    await runner.setup()
    assert runner.server is not None
    listening = await asyncio.get_running_loop().create_server(_Doorkeeper(runner.server), host, port)
    try:
        bound = listening.sockets[0].getsockname()
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        listening.close()
        await runner.cleanup()


def _application(
    registry: CollectorRegistry, not_ready: Callable[[], Sequence[str]], refresh: Callable[[], None], about: str
) -> web.Application:
    async def root(_: web.Request) -> web.Response:
        return web.Response(text=f"{about}\n\n{_PAGES}")

    async def metrics(request: web.Request) -> web.Response:
        refresh()
        names = request.query.getall("name[]", [])
        asked = registry.restricted_registry(names) if names else registry
        return web.Response(body=generate_latest(asked), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="alive\n")

    async def readyz(_: web.Request) -> web.Response:
        reasons = not_ready()
        return web.Response(status=503 if reasons else 200, text="\n".join(reasons or ["ready"]) + "\n")

    app = web.Application()
    app.add_routes(
        [web.get("/", root), web.get("/metrics", metrics), web.get("/healthz", healthz), web.get("/readyz", readyz)]
    )
    return app


class _Doorkeeper:
    """Lets in a limited number of connections; for one more the oldest has to go.

    Whoever holds connections open takes no descriptors from the lanes, and keeps nobody from asking.
    """

    def __init__(self, server: web.Server) -> None:
        self._server = server

    def __call__(self) -> web.RequestHandler:
        within = [one for one in self._server.connections if one.transport is not None]
        for oldest in within[: len(within) - MOST_CONNECTIONS + 1]:
            oldest.force_close()
        return self._server()
