"""The key by which the programs of one installation know what they tell each other on internal topics."""

from __future__ import annotations

from infra.kept_secret import kept_secret
from infra.settings import Settings
from schemas.errors import ConfigurationRefused
from schemas.signing import Signing

_OWN_MACHINE = ("localhost", "127.0.0.1", "::1")
_KEY_FILE = "installation.key"
_LEAST_KEY = 16


def installation_key(settings: Settings) -> bytes:
    """The key by which what programs of this installation tell each other is known; one machine may draw its own.

    Raises:
        ConfigurationRefused: it is too short; or there is none, and whoever else reaches the brokers could give out
            rulebooks, almanacs and positions.
    """
    given = settings.almanac_key.get_secret_value().encode() if settings.almanac_key is not None else b""
    if given and len(given) < _LEAST_KEY:
        raise ConfigurationRefused(
            f"TEND_ALMANAC_KEY has {len(given)} bytes; expected at least {_LEAST_KEY}, such as one of: openssl rand "
            "-hex 32"
        )
    if given:
        return given
    if not all(host_of(server) in _OWN_MACHINE for server in settings.brokers.split(",")):
        raise ConfigurationRefused(
            "TEND_ALMANAC_KEY is not set: whoever can write to the broker could give out rulebooks and almanacs of "
            "their own. Set the same secret for all programs of this installation, such as one of: openssl rand -hex 32"
        )
    return kept_secret(settings.data_dir / _KEY_FILE)


def signing_of(settings: Settings) -> Signing:
    """How records of internal topics are signed and known. Raises as ``installation_key`` does."""
    return Signing(installation_key(settings))


def host_of(server: str) -> str:
    """The host of ``host:port``."""
    return server.strip().rpartition(":")[0].strip("[]")
