"""``tend gateway``: events in by HTTP, and the public pages behind links."""

from __future__ import annotations

import typer
import uvicorn

from agents.gateway.app import gateway as application
from infra.logs import write_logs
from infra.settings import load_settings


def gateway() -> None:
    """Take events by HTTP and serve the pages that links in messages lead to.

    Example: TEND_GATEWAY_KEYS=shop:SECRET tend gateway
    """
    settings = load_settings()
    write_logs(settings.log_level, settings.log_format, "gateway")
    typer.echo(f"gateway on http://{settings.gateway_host}:{settings.gateway_port}")
    uvicorn.run(
        application(settings), host=settings.gateway_host, port=settings.gateway_port, access_log=False,
        log_config=None, server_header=False,
    )  # fmt: skip
