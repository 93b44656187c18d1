"""Whether servers can be reached at all, asked before anything that would try for long."""

from __future__ import annotations

import socket

from infra.redis_url import address_of
from infra.settings import Settings, load_settings
from schemas.errors import DependencyUnavailable

_SECONDS = 1.0
_WAY_OUT = (
    "`tend serve --embedded` runs everything on this machine, and says how to point other commands at it; a running "
    "installation is named by {variables} or by a file in TEND_CONFIG. Without any server: `tend rehearse FILE`."
)


def expect_servers(settings: Settings, *, broker: bool = True, store: bool = False) -> None:
    """See that something listens where the settings say.

    Raises:
        DependencyUnavailable: nothing does; the message says how to get there.
    """
    if broker and not any(_listens(address) for address in settings.brokers.split(",")):
        raise DependencyUnavailable(_message("Kafka", settings.brokers, "TEND_BROKERS"))
    if store:
        address = address_of(settings.redis_url)
        if not any(_listens(node) for node in address.split(",")):
            raise DependencyUnavailable(_message("The store", address, "TEND_REDIS_URL"))


def reachable_settings(*, broker: bool = True, store: bool = False) -> Settings:
    """The settings, once their servers have been seen to be there.

    Raises:
        DependencyUnavailable: one is not.
    """
    settings = load_settings()
    expect_servers(settings, broker=broker, store=store)
    return settings


def _message(what: str, address: str, variable: str) -> str:
    return f"{what} does not answer at {address}. {_WAY_OUT.format(variables=variable)}"


def _listens(address: str) -> bool:
    host, _, port = address.strip().rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS):
            return True
    except (OSError, ValueError):
        return False
