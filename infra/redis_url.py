"""Addresses of Redis or Valkey: ``redis://host:port/db``, of a Cluster with several nodes by comma."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORT = 6379


def nodes_of(url: str) -> list[tuple[str, int]]:
    """Hosts and ports. Raises ValueError where a port is no number, or a host is missing."""
    places = urlsplit(url).netloc.rpartition("@")[2]
    return [_host_and_port(place) for place in places.split(",")]


def first_of(url: str) -> str:
    """The same address with its first node only."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.partition(",")[0]).geturl()


def address_of(url: str) -> str:
    """Hosts and ports, for messages."""
    return ",".join(f"{host}:{port}" for host, port in nodes_of(url))


def _host_and_port(place: str) -> tuple[str, int]:
    parts = urlsplit(f"//{place.strip()}")
    if not parts.hostname:
        raise ValueError(f"no host in {place!r}")
    return parts.hostname, parts.port or _PORT
