"""How late timers ring in service: many armed over a day, and very many at one moment; writes docs/timers.md.

    python -m benchmarks.timers [--armed 1000000] [--due 100000] [--seconds 30]
        [--redis URL] [--write]

A store is filled with customers as the engine leaves them (``benchmarks.population``), each with a timer: a million a
day while it is measured, ``--due`` of them at one moment, the rest later. Then one worker takes the store over, by the
clock on the wall. The metric ``tend_timer_lateness_seconds`` tells how late timers are looked at; what events of other
customers feel of the crowd is told by complaints, from their produce to the visible ticket. ``--redis`` names a server
with an append-only file that may be wiped of tend:* keys; without it an embedded one is used.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from redis import Redis

from agents.clock import wall_clock
from agents.installation import Installation
from benchmarks.listening import COMMITTED, Listener, Sender, all_of, now_us
from benchmarks.metrics import Buckets, Taken, quantile, up_to
from benchmarks.population import LANES, lived
from benchmarks.running import cpu, until_ready
from benchmarks.shop import Shop, when_sent
from benchmarks.timer_store import START_SECONDS, Plan, fill, installed, own_store
from infra.store.keys import lane_keys
from schemas.errors import TendError
from schemas.times import DAY, SECOND, Millis
from schemas.topics import TICKETS

PAGE = Path(__file__).parents[1] / "docs" / "timers.md"
WEEKS, HOUSEHOLDS = 12, 120
A_DAY = 1_000_000
"""So many a day come due while the first part is measured."""
DRAIN_SECONDS = 600.0
PACE = 50
"""Events a second beside the crowd."""
WARM_PACE, WARM_SECONDS = 200, 40.0
"""And before: a broker in Java that has just started answers late while it compiles itself."""
BEFORE_SECONDS = 15.0
"""The end of the calm, which the crowd is compared with."""
LOOK_SECONDS = 0.1
ENOUGH = 100
GOAL_SECONDS = 1.0
_MEASURED = "## Measured"


class Day(NamedTuple):
    """How late timers were that came due one by one."""

    rung: int
    late: Buckets


class Crowd(NamedTuple):
    """What came of very many timers at one moment."""

    seconds: float
    """Until the last of them was looked at, and what came of it committed."""
    cost: float
    """Seconds of CPU of the worker in that time."""
    timers: float
    actions: float
    before: list[float]
    """Milliseconds from complaint to ticket, before the crowd."""
    during: list[float]
    pace: list[float]
    """Timers a second, in each quarter of the crowd."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--armed", type=int, default=1_000_000, help="customers with a timer")
    parser.add_argument("--due", type=int, default=100_000, help="of these at one moment")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long timers that come one by one are measured")
    parser.add_argument("--start", type=float, default=START_SECONDS, help="for the worker to take the lanes over")
    parser.add_argument("--redis", default="", help="a server that may be wiped of tend:* keys; else an embedded one")
    parser.add_argument("--write", action="store_true", help="write docs/timers.md")
    told = parser.parse_args()
    single = int(told.seconds * A_DAY / (DAY / SECOND))
    if told.armed < told.due + single + PACE:
        parser.error(f"--armed {told.armed}: expected more than the {told.due + single + PACE} that come due or send")
    known = lived(WEEKS, HOUSEHOLDS, until=wall_clock())
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        url = told.redis or stack.enter_context(own_store(Path(directory)))
        installation = stack.enter_context(installed(url, Path(directory)))
        plan = asyncio.run(fill(url, known, told.armed, told.due, single, told.seconds, told.start))
        installation.add_worker()
        until_ready(installation)
        day = a_day(installation, plan)
        crowd = at_once(installation, plan)
    lines = table(told.armed, told.due, day, crowd)
    print("\n".join(lines))
    if told.write:
        written, _, _ = PAGE.read_text(encoding="utf-8").partition(_MEASURED)
        ran = f"--armed {told.armed} --due {told.due} --seconds {told.seconds:g}"
        made = f"Made by `python -m benchmarks.timers {ran} --write`."
        PAGE.write_text("\n".join([written + _MEASURED, "", made, "", *lines, ""]), encoding="utf-8")


def a_day(installation: Installation, plan: Plan) -> Day:
    """Timers one by one; nothing else happens."""
    (worker,) = installation.workers
    if wall_clock() > plan.opens:
        missed = (wall_clock() - plan.opens) / SECOND
        raise TendError(f"The worker was ready {missed:.0f} s too late to measure. Run it where less else runs.")
    _sleep_until(plan.opens)
    before = Taken(worker.http)
    _sleep_until(plan.closes + 2 * SECOND)
    after = Taken(worker.http)
    late = after.buckets(before, "tend_timer_lateness_seconds")
    print(f"one by one: p99 {quantile(late, 0.99):.2f} s", flush=True)
    return Day(int(after.since(before, "tend_timers_total")), late)


def at_once(installation: Installation, plan: Plan) -> Crowd:
    """Very many at one moment, beside a few events of others."""
    (worker,) = installation.workers
    address, stopping = installation.settings.brokers, threading.Event()
    listener = Listener(address, all_of(TICKETS, LANES), COMMITTED, when_sent)
    sender = Sender(address, Shop(plan.others, LANES, complaints=1.0).make)
    sending = threading.Thread(target=sender.send, args=(PACE, DRAIN_SECONDS, stopping.is_set))
    listener.start()
    sender.send(WARM_PACE, WARM_SECONDS)
    sending.start()
    _sleep_until(plan.crowd)
    before, spent, began = Taken(worker.http), cpu(worker.pid), now_us()
    try:
        progress = _until_looked_at(installation, plan.crowd)
        last, cost, after = now_us(), cpu(worker.pid) - spent, Taken(worker.http)
    finally:
        stopping.set()
        sending.join()
    time.sleep(2 * GOAL_SECONDS)
    listener.end()
    found = Crowd(
        (last - began) / 1e6,
        cost,
        after.since(before, "tend_timers_total"),
        after.since(before, "tend_actions_total"),
        listener.between(began - int(BEFORE_SECONDS * 1e6), began),
        listener.between(began, last),
        by_quarter(progress),
    )
    print(f"at one moment: {found.seconds:.1f} s", flush=True)
    return found


def _until_looked_at(installation: Installation, moment: Millis) -> list[tuple[float, int]]:
    """When how many were left."""
    deadline, progress = time.monotonic() + DRAIN_SECONDS, list[tuple[float, int]]()
    with Redis.from_url(installation.settings.redis_url) as client:
        while not progress or progress[-1][1]:
            installation.check()
            left = sum(client.zcount(lane_keys(lane).timers, "-inf", moment) for lane in range(LANES))
            progress.append((time.monotonic(), left))
            if time.monotonic() > deadline:
                raise TendError(f"Timers of one moment are not all looked at after {DRAIN_SECONDS:.0f} s. Name fewer.")
            time.sleep(LOOK_SECONDS)
    return progress


def by_quarter(progress: list[tuple[float, int]]) -> list[float]:
    """Timers a second in each quarter of the crowd: whether it goes on as it began."""
    most = progress[0][1]
    borders = [next(one for one in progress if one[1] <= most * part / 4) for part in (4, 3, 2, 1, 0)]
    return [
        (before - after) / max(later - sooner, LOOK_SECONDS) for (sooner, before), (later, after) in pairwise(borders)
    ]


def _sleep_until(moment: Millis) -> None:
    time.sleep(max(0.0, (moment - wall_clock()) / SECOND))


def table(armed: int, due: int, day: Day, crowd: Crowd) -> list[str]:
    """Both parts, and what follows from the slope of the second."""
    each = crowd.seconds / due
    p50, p99 = (quantile(day.late, share) for share in (0.50, 0.99))
    return [
        f"| {armed:,} armed, one by one | timers looked at | p50, s | p99, s | up to {GOAL_SECONDS:g} s late |",
        "|---|---|---|---|---|",
        f"| {A_DAY:,} a day | {day.rung:,} | {p50:.2f} | {p99:.2f} | {up_to(day.late, GOAL_SECONDS):.1%} |",
        "",
        "| at one moment | s until all are looked at | timers/s | by quarter | us of the worker's CPU per timer "
        "| actions |",
        "|---|---|---|---|---|---|",
        f"| {due:,} | {crowd.seconds:.1f} | {due / crowd.seconds:,.0f} "
        f"| {', '.join(f'{pace:,.0f}' for pace in crowd.pace)} | {crowd.cost / due * 1e6:,.0f} "
        f"| {crowd.actions:,.0f} |",
        "",
        f"| {PACE} complaints a second of other customers, to the visible ticket | tickets | p50, ms | p99, ms |",
        "|---|---|---|---|",
        _felt("before the crowd", crowd.before),
        _felt("while it is looked at", crowd.during),
        "",
        f"Extrapolated from {each * 1e6:,.0f} us per timer and not measured: a million at one moment would take "
        f"{each * 1e6 / 60:,.1f} minutes with one worker on this machine.",
    ]


def _felt(when: str, took: list[float]) -> str:
    if len(took) < ENOUGH:
        return f"| {when} | {len(took):,} | too few | too few |"
    parts = quantiles(took, n=100)
    return f"| {when} | {len(took):,} | {parts[49]:,.1f} | {parts[98]:,.1f} |"


if __name__ == "__main__":
    main()
