"""The whole product: a worker of tend in service, with the shipped rules, contracts, limits, ledger and churn.

A learner is no part of it: in service a lane goes on with the almanac that it has.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agents.installation import environment_of
from benchmarks.peers.options import PeerOptions, peer_options
from benchmarks.reference.load import PARTITIONS
from infra.settings import load_settings


def become_worker(given: PeerOptions) -> None:
    """Go on as ``tend worker``, in this very process."""
    settings = load_settings(
        {
            "brokers": given.brokers,
            "redis_url": given.redis,
            "partitions": PARTITIONS,
            "group": given.group,
            "session_seconds": given.session_seconds,
            "http_port": 0,
            "data_dir": Path(given.directory),
        }
    )
    os.execve(
        sys.executable, [sys.executable, "-m", "agents.cli", "worker"], {**os.environ, **environment_of(settings)}
    )


if __name__ == "__main__":
    become_worker(peer_options())
