"""What a peer's process is told, and what all of them do alike when they start."""

from __future__ import annotations

import gc
import sys

import msgspec


class PeerOptions(msgspec.Struct, frozen=True):
    """Where things are; one JSON argument on the command line."""

    brokers: str
    redis: str
    group: str
    outbound: str
    """The topic for actions."""
    topics: tuple[str, ...]
    directory: str
    """For files of its own."""
    soon: bool = False
    """Whether little comes and must go out soon, so that nothing is gathered; else there is a backlog."""
    session_seconds: float = 10.0
    """How long the group waits for a member that gives no sign of life."""


def peer_options() -> PeerOptions:
    """What this process was told; what was imported so far is left to no garbage collector."""
    gc.collect()
    gc.freeze()
    return msgspec.json.decode(sys.argv[1], type=PeerOptions)
