"""The same job by an older tend: another checkout, with an environment of its own in ``.venv``, on the same servers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.peers.peer import Peer
from schemas.errors import ConfigurationRefused

_MAKE_TOPICS = """
import sys
from agents.catalogue import topic_specs
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import load_settings
settings = load_settings({"brokers": sys.argv[1], "partitions": int(sys.argv[2])})
Topics(KafkaConnection(sys.argv[1])).create(topic_specs(settings), 1)
"""


def older(checkout: Path, peer: Peer) -> Peer:
    """The peer as it was in that checkout.

    Raises:
        ConfigurationRefused: there is no such checkout, or it has no environment.
    """
    python = checkout / ".venv/bin/python"
    if not python.exists():
        raise ConfigurationRefused(f"{checkout} has no {python.relative_to(checkout)}: run make install there")
    commit = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return peer._replace(name=f"{peer.name} at {commit}", python=str(python), root=checkout.resolve())


def make_topics_of(peer: Peer, brokers: str, partitions: int) -> None:
    """Let the peer's checkout make the topics that it wants: some had other names."""
    subprocess.run([peer.python, "-c", _MAKE_TOPICS, brokers, str(partitions)], cwd=peer.root, check=True)
