"""One way to do the job, and its process."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.peers.options import PeerOptions

OWN_ROOT = Path(__file__).parents[2]


class Peer(NamedTuple):
    """One way to do the job."""

    name: str
    module: str
    promise: str
    share: int = 1
    """It is given one part in so many of the events, and as few customers, as it is slow."""
    python: str = sys.executable
    transactions: bool = False
    checked: bool = True
    root: Path = OWN_ROOT
    """The checkout whose module it is."""


Costs = dict[str, float]
"""CPU by kind of thread."""


@contextmanager
def started(peer: Peer, told: PeerOptions) -> Iterator[subprocess.Popen[bytes]]:
    """The peer's process; asked to end, and after ten seconds made to."""
    with (Path(told.directory) / f"{told.group}.log").open("wb") as log:
        process = subprocess.Popen(
            [peer.python, "-m", peer.module, msgspec.json.encode(told).decode()],
            cwd=peer.root,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(peer.root)},
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def cpu_of(pid: int) -> Costs:
    """Seconds of CPU that a process took, in its own code and in the kernel for it, by kind of thread."""
    spent = dict.fromkeys(("main", "other", "librdkafka"), 0.0)
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            name, _, rest = (thread / "stat").read_text().rpartition(")")
            fields = rest.split()
            kind = "main" if int(thread.name) == pid else "librdkafka" if "(rdk:" in name else "other"
            spent[kind] += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def last_words(told: PeerOptions) -> str:
    """The end of what its process wrote."""
    return (Path(told.directory) / f"{told.group}.log").read_text(errors="replace")[-2_000:]
