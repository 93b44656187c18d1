"""The reference job by tend's transport, store and commit, and by its peers, checked; writes docs/machinery.md.

    python -m benchmarks.machinery [--brokers ADDRESS] [--events N] [--rounds N] [--beside CHECKOUT] [--write]

All take the same load (see benchmarks/reference) in turn, again and again. Ratios are of one round; the table tells
their median and range.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.page import PICTURE, draw, put, spread
from benchmarks.peers.older import checkout, older, topics_of
from benchmarks.peers.peer import Peer
from benchmarks.peers.quix_python import quix_python
from benchmarks.peers.running import Run, run
from benchmarks.peers.servers import Servers
from benchmarks.reference.job import Job, decode_event, encode_action, work
from benchmarks.reference.load import Message

HAND, NAIVE, TEND, MOVING, WORKING = "hand-written loop", "naive Faust", "tend", "I/O alone", "compute alone"
QUIX = "quix"
"""Stands for the Python that has Quix Streams, which wants an older confluent-kafka."""
ONCE = "each action once, through any crash"
AT_LEAST = "at least once in name; a crash may lose or double actions"
PEERS = (
    Peer(TEND, "benchmarks.peers.tend", ONCE + ", by a transaction", transactions=True),
    Peer(HAND, "benchmarks.peers.handwritten", AT_LEAST),
    Peer(MOVING, "benchmarks.peers.io_only", "the loop by hand with nothing worked", checked=False),
    Peer("Quix Streams", "benchmarks.peers.quix", AT_LEAST, python=QUIX),
    Peer("Faust, take(500)", "benchmarks.peers.tuned_faust", AT_LEAST, share=4),
    Peer(NAIVE, "benchmarks.peers.naive_faust", AT_LEAST, share=10),
)


COLUMNS = (
    "| what | events/s | of the hand-written loop | CPU, us per event | result | what it promises |",
    "|---|---|---|---|---|---|",
)
Round = dict[str, Run]
"""What each peer did in one round."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="", help="a Kafka to use instead, without topics of tend's names")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write table and plot into docs/")
    parser.add_argument("--beside", type=checkout, metavar="CHECKOUT", help="an older tend, to take part as well")
    told = parser.parse_args()
    before = older(told.beside, PEERS[0]) if told.beside else None
    rounds = measure(told.brokers, told.events, told.rounds, before)
    lines = [*table(rounds), "", *goals(rounds), "", *threads(rounds)]
    print("\n".join(lines))
    if told.write:
        made = f"Made by `python -m benchmarks.machinery --events {told.events} --rounds {told.rounds} "
        made += f"{'--beside CHECKOUT ' if told.beside else ''}--write`."
        put("machinery", [made, "", *lines])
        draw(PICTURE, rates(rounds))


def measure(brokers: str, events: int, rounds: int, before: Peer | None = None) -> list[Round]:
    """All peers in turn, as often as told, each time beginning with another one."""
    peers = [*PEERS, *([before] if before else ())]
    quix = quix_python()
    if quix is None:
        peers = [peer for peer in peers if peer.python != QUIX]
        print("Quix Streams could not be installed; it is left out.")
    peers = [peer._replace(python=quix or "") if peer.python == QUIX else peer for peer in peers]
    found: list[Round] = []
    with tempfile.TemporaryDirectory() as directory, Servers(brokers, Path(directory)) as servers:
        for peer in peers:
            servers.put(events, peer.share)
        for number in range(rounds):
            runs = {WORKING: working(servers.loads[1].messages)}
            for peer in peers[number % len(peers) :] + peers[: number % len(peers)]:
                with topics_of(peer, servers):
                    runs[peer.name] = run(servers, peer)
                print(f"round {number + 1}: {peer.name}: {runs[peer.name].rate:,.0f} events/s", flush=True)
            found.append(runs)
    return found


def working(load: Sequence[Message]) -> Run:
    """Decode, work and encode in one process, with states in a dictionary."""
    job, held = Job(), dict[str, bytes]()
    gc.collect()
    gc.freeze()
    began, spent = time.perf_counter(), time.process_time()
    for message in load:
        event = decode_event(message.value)
        held[event.customer], actions = work(job, held.get(event.customer), event)
        for action in actions:
            encode_action(action)
    seconds, cost = time.perf_counter() - began, time.process_time() - spent
    return Run(len(load) / seconds, cost / len(load) * 1e6, None)


def table(rounds: Sequence[Round]) -> list[str]:
    """Medians, with ranges of what is a ratio."""
    promises = {peer.name: peer.promise for peer in PEERS} | {WORKING: "the job with states in a dictionary"}
    return [*COLUMNS, *(_row(name, promises.get(name, PEERS[0].promise), rounds) for name in rates(rounds))]


def rates(rounds: Sequence[Round]) -> dict[str, float]:
    """The median of each, the fastest first."""
    found = {name: median(one[name].rate for one in rounds) for name in rounds[0]}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _row(name: str, promise: str, rounds: Sequence[Round]) -> str:
    runs = [one[name] for one in rounds]
    rate, cost = median(run.rate for run in runs), median(run.cost for run in runs)
    results = {str(run.found) for run in runs if run.found is not None}
    of_cache = spread([one[name].rate / one[HAND].rate for one in rounds])
    return f"| {name} | {rate:,.0f} | {of_cache} | {cost:.0f} | {'; '.join(sorted(results)) or '-'} | {promise} |"


def goals(rounds: Sequence[Round]) -> list[str]:
    """Tend against its goals."""
    lines = ["| tend is | times | goal |", "|---|---|---|"]
    for told, goal, times in (
        (HAND, "1.3", [one[TEND].rate / one[HAND].rate for one in rounds]),
        (NAIVE, "20", [one[TEND].rate / one[NAIVE].rate for one in rounds]),
        ("compute and I/O in series", "0.9", [one[TEND].rate / _series(one) for one in rounds]),
    ):
        lines.append(f"| {told} | {spread(times)} | at least {goal} |")
    return lines


def threads(rounds: Sequence[Round]) -> list[str]:
    """Where the CPU of each goes: what holds Python's lock, and what does not."""
    lines = ["| CPU, us per event | main thread | other threads of Python's | librdkafka's |", "|---|---|---|---|"]
    for name in rates(rounds):
        runs = [one[name].threads for one in rounds]
        if all(runs):
            costs = [f"{median(run[kind] for run in runs):.1f}" for kind in ("main", "other", "librdkafka")]
            lines.append(f"| {name} | {' | '.join(costs)} |")
    return lines


def _series(one: Round) -> float:
    """What one gets who computes and moves in turn, as fast as each goes alone."""
    return 1.0 / (1.0 / one[WORKING].rate + 1.0 / one[MOVING].rate)


if __name__ == "__main__":
    main()
