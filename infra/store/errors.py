"""What redis-py's errors mean to a lane."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis import exceptions as redis

from schemas.errors import ConfigurationRefused, DependencyUnavailable

_NOT_LET_IN = (
    redis.AuthenticationError,
    redis.AuthenticationWrongNumberOfArgsError,
    redis.AuthorizationError,
    redis.NoPermissionError,
)
_AWAY = (
    redis.ConnectionError,  # also: still loading its file
    redis.TimeoutError,
    redis.ReadOnlyError,  # a primary that has become a replica
    redis.OutOfMemoryError,
    redis.ClusterError,
    redis.RedisClusterException,
    redis.TryAgainError,
    redis.AskError,  # also: moved
    redis.NoScriptError,  # a replica that became the primary between loading the script and running it
    OSError,
)
_PASSING: Final = (
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",  # its append-only file cannot be written
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
)
"""Codes of answers that time or an operator mends; some servers wrap them when they come out of a script."""


@contextmanager
def translate_errors(address: str) -> Iterator[None]:
    """Translates the client's errors to ``DependencyUnavailable`` or ``ConfigurationRefused``; others pass."""
    try:
        yield
    except _NOT_LET_IN as error:
        raise ConfigurationRefused(
            f"The store at {address} does not let us in: {error}. Expected a user who may read, write and run scripts "
            f"on tend:* keys. Check user and password in the settings, and ACL GETUSER on the store."
        ) from error
    except _AWAY as error:
        raise DependencyUnavailable(f"the store at {address}: {str(error) or type(error).__name__}") from error
    except redis.ResponseError as error:
        if not _passes(str(error)):
            raise
        raise DependencyUnavailable(f"the store at {address}: {error}") from error


def _passes(message: str) -> bool:
    words = message.replace("-", " ").split()
    return any(code in words for code in _PASSING)
