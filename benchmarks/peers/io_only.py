"""Input and output alone: the loop by hand with nothing worked."""

from __future__ import annotations

from benchmarks.peers.handwritten import OnlyMoving
from benchmarks.peers.options import peer_options

if __name__ == "__main__":
    OnlyMoving(peer_options()).run()
