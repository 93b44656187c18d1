"""The same job by an older tend: another checkout, with an environment of its own in ``.venv``, on the same servers."""

from __future__ import annotations

import subprocess
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.peer import OWN_ROOT, Peer
from benchmarks.peers.servers import Servers
from benchmarks.reference.load import PARTITIONS

_PYTHON = ".venv/bin/python"
_MAKE_TOPICS = """
import sys
from agents.catalogue import topic_specs
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import load_settings
settings = load_settings({"brokers": sys.argv[1], "partitions": int(sys.argv[2])})
Topics(KafkaConnection(sys.argv[1])).create(topic_specs(settings), 1)
"""


def checkout(told: str) -> Path:
    """A checkout named on the command line; refused where it has no environment."""
    if not (Path(told) / _PYTHON).exists():
        raise ArgumentTypeError(f"{told} has no {_PYTHON}: run make install there")
    return Path(told)


def older(checkout: Path, peer: Peer) -> Peer:
    """The peer as it was in that checkout."""
    commit = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return peer._replace(name=f"{peer.name} at {commit}", python=str(checkout / _PYTHON), root=checkout.resolve())


@contextmanager
def topics_of(peer: Peer, servers: Servers) -> Iterator[None]:
    """Those that an older checkout wants, while its peer runs: today's worker refuses to start beside them."""
    if peer.root == OWN_ROOT:
        yield
        return
    before = servers.topics()
    make = [peer.python, "-c", _MAKE_TOPICS, servers.brokers, str(PARTITIONS)]
    subprocess.run(make, cwd=peer.root, check=True)
    try:
        yield
    finally:
        servers.delete(*(servers.topics() - before))
