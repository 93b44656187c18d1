"""The key that rulebooks and almanacs are signed with, and when a service must not go without one."""

from __future__ import annotations

from infra.settings import Settings
from schemas.errors import ConfigurationRefused

_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_UNSIGNED = b"unsigned: set TEND_ALMANAC_KEY"


def almanac_key(settings: Settings) -> bytes:
    """The key that authenticates almanacs."""
    given = settings.almanac_key.get_secret_value() if settings.almanac_key is not None else ""
    return given.encode() or _UNSIGNED


def require_key(settings: Settings) -> None:
    """Raises ConfigurationRefused where a service of a network would trust what anybody may have written."""
    alone = all(host_of(server) in _OWN_MACHINE for server in settings.brokers.split(","))
    if settings.clock == "wall" and not alone and almanac_key(settings) == _UNSIGNED:
        raise ConfigurationRefused(
            "TEND_ALMANAC_KEY is not set: whoever can write to the broker could give out rulebooks and almanacs of "
            "their own. Set the same secret for all programs of this installation, such as one of: openssl rand -hex 32"
        )


def host_of(server: str) -> str:
    """The host of ``host:port``."""
    return server.strip().rpartition(":")[0].strip("[]")
