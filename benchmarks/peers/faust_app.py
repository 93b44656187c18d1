"""A Faust app as its users make one."""

from __future__ import annotations

from pathlib import Path

import faust
from mode import Worker

from benchmarks.peers.options import PeerOptions


def app_for(given: PeerOptions) -> faust.App:
    """With the settings that count for speed as good as they can be."""
    return faust.App(
        given.group,
        broker=f"aiokafka://{given.brokers}",
        store="memory://",
        datadir=str(Path(given.directory) / given.group),
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=16_384,
        producer_acks=-1,
        producer_linger=0 if given.soon else 0.005,
        broker_session_timeout=given.session_seconds,
        broker_heartbeat_interval=given.session_seconds / 4,
    )


def run(app: faust.App) -> None:
    """Until SIGTERM."""
    Worker(app, loglevel="WARN", redirect_stdouts=False).execute_from_commandline()
