"""What peers lose and double when they are killed (kill -9) at random moments; writes into docs/machinery.md.

    python -m benchmarks.naive_faults [--events 200000] [--kills 8] [--seed 1] [--write]

On Apache Kafka and an embedded store. A kill counts where the process had sent something since it was started and
had events left. Tend is killed as often, by the same dice; tests/faults goes much further with it.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from pathlib import Path

import msgspec

from benchmarks.page import put
from benchmarks.peers.options import PeerOptions
from benchmarks.peers.peer import Peer, started
from benchmarks.peers.reading import reader, sent, written
from benchmarks.peers.servers import Servers
from benchmarks.reference.checker import Found, check
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics

PEERS = (
    Peer("naive Faust", "benchmarks.peers.naive_faust", "", share=10),
    Peer("hand-written loop", "benchmarks.peers.handwritten", ""),
    Peer("tend", "benchmarks.peers.tend", "", transactions=True),
)
SOON, LATE = 0.05, 1.0
"""A kill comes so many seconds after the first action since the start."""
PATIENCE = 120.0
SETTLED_SECONDS = 2.0
SESSION_SECONDS = 3.0
"""Short, as each kill has the group wait for so long."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000, help="naive Faust gets a tenth")
    parser.add_argument("--kills", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    told = parser.parse_args()
    lines = [
        "| peer | events | kills | actions | lost | doubled | wrong records | events not applied |",
        "|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as directory, Servers("", Path(directory)) as servers:
        for peer in PEERS:
            servers.put(told.events, peer.share)
            kills, found = trial(servers, peer, told.kills, random.Random(told.seed))
            expected = servers.loads[peer.share].expected
            lines.append(
                f"| {peer.name} | {expected.events:,} | {kills} | {len(expected.actions):,} | {found.lost} | "
                f"{found.doubled} | {found.wrong} | {found.unapplied} |"
            )
            print(lines[-1], flush=True)
    print("\n".join(lines))
    if told.write:
        made = f"Made by `python -m benchmarks.naive_faults --events {told.events} --kills {told.kills} "
        made += f"--seed {told.seed} --write`."
        put("faults", [made, "", *lines])


def trial(servers: Servers, peer: Peer, kills: int, dice: random.Random) -> tuple[int, Found]:
    """Kill the peer that often, then let it finish; the kills that counted, and how the results differ."""
    told, expected = servers.fresh(peer), servers.loads[peer.share].expected
    told = msgspec.structs.replace(told, session_seconds=SESSION_SECONDS)
    counted = 0
    for _ in range(kills):
        with started(peer, told) as process:
            _until_it_sends(servers, told, process)
            time.sleep(dice.uniform(SOON, LATE))
            process.kill()
            process.wait()
        counted += not _done(servers, told)
    with started(peer, told):
        deadline = time.monotonic() + PATIENCE * 5
        while not _done(servers, told) and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(SETTLED_SECONDS)
    actions = sent(servers.brokers, told.outbound)
    return counted, check(expected, servers.stored(told), (action.id for action in actions))


def _until_it_sends(servers: Servers, told: PeerOptions, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    with reader(servers.brokers) as consumer:
        before = written(consumer, told.outbound)
        while process.poll() is None and time.monotonic() < deadline and not _done(servers, told):
            if written(consumer, told.outbound) > before:
                return
            time.sleep(0.05)


def _done(servers: Servers, told: PeerOptions) -> bool:
    """Whether the group says that it has come to the end of all topics."""
    connection = KafkaConnection(servers.brokers)
    ends = Topics(connection).end_offsets(told.topics)
    applied = Topics(connection).committed_offsets(told.group, told.topics)
    return all(applied.get((topic, p), 0) == end for topic in told.topics for p, end in enumerate(ends[topic]))


if __name__ == "__main__":
    main()
