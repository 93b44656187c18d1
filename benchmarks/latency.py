"""Milliseconds from an event's produce to its visible action, at a steady pace; writes into docs/machinery.md.

    python -m benchmarks.latency [--paces 1000 200] [--seconds 20] [--rounds 3] [--beside CHECKOUT] [--write]

One process sends the events and reads the actions, so one clock tells both moments. Ratios are to the floor of the same
round and pace: what exactly once costs with nothing worked (``benchmarks.peers.floor``).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import msgspec

from agents.clock import wall_clock
from benchmarks.listening import COMMITTED, UNCOMMITTED, Listener, Make, Sender, WhenSent, all_of, now_us
from benchmarks.page import put, spread
from benchmarks.peers.older import checkout, older, topics_of
from benchmarks.peers.options import PeerOptions
from benchmarks.peers.peer import Peer, cpu_of, last_words, started
from benchmarks.peers.servers import Servers
from benchmarks.population import lived, settle, under_new_ids
from benchmarks.reference.load import PARTITIONS, START, STEP, message
from benchmarks.shop import Shop, when_sent
from infra.store import CustomerImage, RedisStore
from schemas.errors import TendError
from schemas.times import DAY
from schemas.topics import TICKETS

CUSTOMERS = 200
"""Few, so that the thresholds of rules are reached within the seconds measured."""
WARM_SECONDS = 4.0
WARM_ROUNDS, WARM_GAIN = 12, 0.9
"""Unmeasured, at most so many times, until one takes more than so much of the best before: a broker in Java that has
just started takes all there is of two cores to compile itself."""
LATE_SECONDS = 3.0
JOIN_SECONDS = 60.0
JOIN_PACE = 50
ENOUGH = 100
"""Actions, to speak of a hundredth of them."""
HOPS = Peer("the two hops alone", "benchmarks.peers.hops", "")
FLOOR = Peer("the floor of exactly once", "benchmarks.peers.floor", "", transactions=True)
TEND = Peer("tend", "benchmarks.peers.tend", "", transactions=True)
PRODUCT = Peer("tend, the whole product", "benchmarks.peers.product", "", transactions=True)
SHOPPERS, WEEKS, HOUSEHOLDS = 5_000, 12, 120
"""Customers of the product, as the engine leaves them after so many weeks of so many households."""
SLOWER = (500, 250, 100)
"""Events a second at which the product is measured where it cannot keep the pace; the first that it keeps."""
PACES = (1_000, 200)
_AT = ", at "
KEPT_MS = 1_000.0
"""Who falls behind is later than this by the end."""
PEERS = (
    HOPS,
    FLOOR,
    Peer("hand-written loop", "benchmarks.peers.handwritten", ""),
    TEND,
    Peer("naive Faust", "benchmarks.peers.naive_faust", ""),
    PRODUCT,
)
SLOWER_PEERS = (HOPS, FLOOR, TEND, PRODUCT)
"""Those that are measured at the further paces too."""
Times = dict[str, tuple[float, float, float]]
"""p50 and p99 in milliseconds, and the peer's CPU as a share of one core, by what was measured."""


class Load(NamedTuple):
    """What a peer is sent, and how its actions say which event they answer."""

    make: Make
    when_sent: WhenSent
    outbound: str


class _Sent(msgspec.Struct):
    """What is read of a message: when its event was sent."""

    sent: int


_sent = msgspec.json.Decoder(_Sent)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brokers", default="", help="a Kafka to use instead, without topics of tend's names")
    parser.add_argument("--paces", type=int, nargs="+", default=PACES, help="events a second; all peers at the first")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the table into docs/")
    parser.add_argument("--beside", type=checkout, metavar="CHECKOUT", help="an older tend, to do the lean job as well")
    told = parser.parse_args()
    before = [older(told.beside, TEND)] if told.beside else []
    rounds: list[Times] = []
    known = lived(WEEKS, HOUSEHOLDS, until=wall_clock())
    slower = 0
    with tempfile.TemporaryDirectory() as directory, Servers(told.brokers, Path(directory)) as servers:
        first, *further = told.paces
        for peer in (TEND, PRODUCT):
            warm_up(servers, peer, first, known)
        print("The broker is warm.", flush=True)
        for _ in range(told.rounds):
            times: Times = {}
            for peer in (*PEERS, *before):
                times |= measure(servers, peer, first, told.seconds, known)
            if slower or times[_name(PRODUCT)][1] > KEPT_MS:
                slower, found = slow_enough(servers, (slower,) if slower else SLOWER, told.seconds, known)
                times |= found
            for pace in further:
                for peer in (*SLOWER_PEERS, *before):
                    times |= _at(pace, measure(servers, peer, pace, told.seconds, known))
            rounds.append(times)
    lines = table(rounds)
    print("\n".join(lines))
    if told.write:
        made = f"Made by `python -m benchmarks.latency --paces {' '.join(map(str, told.paces))} "
        made += f"--seconds {told.seconds:g} --rounds {told.rounds} {'--beside CHECKOUT ' if before else ''}--write`."
        put("latency", [made, "", *lines])


def warm_up(servers: Servers, peer: Peer, pace: int, known: list[CustomerImage]) -> None:
    """Until nothing is gained by one more time: Kafka's machine compiles what is used much, beside all else it does."""
    best = inf
    for _ in range(WARM_ROUNDS):
        took, _, _ = measure(servers, peer, pace, 2 * WARM_SECONDS, known)[_name(peer)]
        if took > best * WARM_GAIN:
            break
        best = took


def slow_enough(
    servers: Servers, paces: Sequence[int], seconds: float, known: list[CustomerImage]
) -> tuple[int, Times]:
    """The whole product at the first of these paces that it keeps, else at the last, beside the floor at that pace."""
    found: Times = {}
    for pace in paces:
        found = measure(servers, PRODUCT, pace, seconds, known)
        if found[_name(PRODUCT)][1] <= KEPT_MS:
            break
    beside = measure(servers, FLOOR, pace, seconds, known)
    return pace, _at(pace, found | beside)


def _at(pace: int, found: Times) -> Times:
    return {f"{name}{_AT}{pace} a second": times for name, times in found.items()}


def measure(servers: Servers, peer: Peer, pace: int, seconds: float, known: list[CustomerImage]) -> Times:
    """One peer for so many seconds, once it has warmed up."""
    servers.renew_all()
    told, load = _prepare(servers, peer, known)
    isolations = (UNCOMMITTED, COMMITTED) if peer.transactions else (UNCOMMITTED,)
    places = all_of(load.outbound, PARTITIONS)
    listeners = [Listener(servers.brokers, places, isolation, load.when_sent) for isolation in isolations]
    for listener in listeners:
        listener.start()
    sender = Sender(servers.brokers, load.make)
    with topics_of(peer, servers), started(peer, told) as process:
        sender.send(JOIN_PACE, JOIN_SECONDS, until=lambda: listeners[0].took)
        sender.send(pace, WARM_SECONDS)
        first, spent = now_us(), sum(cpu_of(process.pid).values())
        sender.send(pace, seconds)
        last, spent = now_us(), sum(cpu_of(process.pid).values()) - spent
        time.sleep(LATE_SECONDS)
        if process.poll() is not None:
            raise TendError(f"{peer.name} has ended with status {process.returncode}.\n{last_words(told)}")
    for listener in listeners:
        listener.end()
    found = {}
    for listener in listeners:
        name = _name(peer, listener.name)
        took = listener.between(first, last)
        # Who cannot keep the pace falls behind further and further: the events of these seconds never came through.
        parts = quantiles(took, n=100) if len(took) > ENOUGH else [inf] * 99
        found[name] = (parts[49], parts[98], spent / seconds)
        print(
            f"{name}, {pace} a second: p50 {parts[49]:.1f} ms, p99 {parts[98]:.1f} ms, CPU {spent / seconds:.0%}, "
            f"{len(took):,} actions",
            flush=True,
        )
    return found


def _name(peer: Peer, isolation: str = COMMITTED) -> str:
    return f"{peer.name}, {isolation}" if peer.transactions else peer.name


def _prepare(servers: Servers, peer: Peer, known: list[CustomerImage]) -> tuple[PeerOptions, Load]:
    """Empty topics and what the peer finds in its store; and what it will be sent."""
    if peer is not PRODUCT:
        told, dice = servers.fresh(peer, soon=True), random.Random(1)
        return told, Load(
            lambda number, sent: message(dice, number, START + number * STEP * 100, CUSTOMERS, sent),
            lambda body: _sent.decode(body).sent,
            told.outbound,
        )
    told = servers.fresh(peer, soon=True)
    asyncio.run(_settle(told.redis, known))
    shop = Shop([f"c-{number:08}" for number in range(SHOPPERS)], PARTITIONS)
    return told, Load(shop.make, when_sent, TICKETS)


async def _settle(url: str, known: list[CustomerImage]) -> None:
    tomorrow = wall_clock() + DAY
    async with RedisStore(url) as store:
        await settle(store, under_new_ids(known, 0, SHOPPERS, lambda _: tomorrow), PARTITIONS)


def table(rounds: Sequence[Times]) -> list[str]:
    """Medians, and how many times the floor of the same round and pace."""
    lines = [
        "| what | p50, ms | p99, ms | CPU, of one core | p50 to the floor's | p99 to it | CPU to it |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in rounds[-1]:
        with_it = [one for one in rounds if name in one]
        p50, p99, cpu = (median(one[name][n] for one in with_it) for n in (0, 1, 2))
        ratios = " | ".join(spread([one[name][n] / one[_floor_of(name)][n] for one in with_it]) for n in (0, 1, 2))
        lines.append(f"| {name} | {p50:.1f} | {p99:.1f} | {cpu:.0%} | {ratios} |")
    return lines


def _floor_of(name: str) -> str:
    return _name(FLOOR) + "".join(name.partition(_AT)[1:])


if __name__ == "__main__":
    main()
