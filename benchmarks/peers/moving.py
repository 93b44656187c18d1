"""Input and output alone: the loop by hand with nothing worked."""

from __future__ import annotations

from benchmarks.peers.handwritten import OnlyMoving
from benchmarks.peers.told import told

if __name__ == "__main__":
    OnlyMoving(told()).run()
