"""One peer over its load: how fast, at what cost, and whether all came out right."""

from __future__ import annotations

import subprocess
import time

import msgspec

from benchmarks.peers.options import PeerOptions
from benchmarks.peers.peer import Costs, Peer, cpu_of, last_words, started
from benchmarks.peers.reading import reader, sent, written
from benchmarks.peers.servers import Servers
from benchmarks.reference.checker import Found, check
from schemas.errors import TendError

POLL_SECONDS = 0.05
QUIET_SECONDS = 1.5
"""Nothing comes any more, and all that is expected is there."""
STUCK_SECONDS = 12.0
"""Nothing comes any more, and something is missing."""
START_SECONDS = 90.0


class Run(msgspec.Struct, frozen=True):
    """What came of one run."""

    rate: float
    """Events a second, from the first action in the log to the last; looked at each 50 ms."""
    cost: float
    """Microseconds of the process' own CPU per event."""
    found: Found | None
    threads: Costs = {}
    """The same cost by thread: the main one, other ones that run Python, those of librdkafka."""


def run(servers: Servers, peer: Peer) -> Run:
    """One peer over its load."""
    given, told = servers.loads[peer.share], servers.fresh(peer)
    events = len(given.messages)
    with started(peer, told) as process:
        seconds, spent = _until_done(servers, process, told, len(given.expected.actions) if peer.checked else 0)
    costs = {name: took / events * 1e6 for name, took in spent.items()}
    found = None
    if peer.checked:
        actions = sent(servers.brokers, told.outbound)
        found = check(given.expected, servers.stored(told), (action.id for action in actions))
    return Run(events / seconds, sum(costs.values()), found, costs)


def _until_done(
    servers: Servers, process: subprocess.Popen[bytes], told: PeerOptions, expected: int
) -> tuple[float, Costs]:
    """Wait for the last action; seconds on the wall and of CPU since the first one."""
    started_at = time.monotonic()
    first = last = (0.0, dict[str, float]())
    count = 0
    with reader(servers.brokers) as consumer:
        while True:
            time.sleep(POLL_SECONDS)
            if process.poll() is not None:
                raise TendError(f"The peer has ended with status {process.returncode}.\n{last_words(told)}")
            out, now = written(consumer, told.outbound), time.monotonic()
            if out > count:
                last = now, cpu_of(process.pid)
                first, count = first if count else last, out
            elif count and now - last[0] > (QUIET_SECONDS if count >= expected else STUCK_SECONDS):
                return last[0] - first[0], {kind: took - first[1].get(kind, 0.0) for kind, took in last[1].items()}
            elif not count and now - started_at > START_SECONDS:
                raise TendError(f"The peer has sent nothing for {START_SECONDS:.0f} s.\n{last_words(told)}")
