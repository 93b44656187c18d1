"""Events a second of the whole engine, against two limits of the same run, and where the time goes.

    python -m benchmarks.engine [--weeks 4] [--households 800] [--workers 1] [--rounds 3] [--brokers ADDRESS] [--write]

A backlog of the replay lies in the broker; the clock runs from the moment a started worker owns its partitions to the
last published action. ``pure core`` is the same history through the core in one process, frozen as in a worker: what
deciding alone costs, by ``benchmarks.pure_core``; ``learner`` is what learning costs, in service in a process of its
own. ``reading`` is a bare client that fetches the same backlog and does nothing with it. CPU is that of the workers
alone, from ``/proc``: of use where a machine has other things to do.
``--write`` puts what is printed into docs/speed.md, below what people wrote there.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from agents.installation import Installation
from agents.replay.replay import Replay
from agents.signing import signing_of
from agents.simulate.journey import Journey
from benchmarks.cpu_profile import shares
from benchmarks.pure_core import PARTITIONS, acts_from, measure, rehearsal
from benchmarks.running import own_topics
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from infra.settings import load_settings
from schemas.topics import EVENT_TOPICS

PAGE = Path("docs/speed.md")


class Pace(NamedTuple):
    """How fast something went."""

    rate: float
    """Events a second, by the clock on the wall."""
    cost: float
    """Microseconds of CPU per event."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--households", type=int, default=800)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--brokers", default="", help="a Kafka to use instead of the embedded broker")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}")
    told = parser.parse_args()
    journey = Journey(days=told.weeks * 7, households=told.households)
    paces: dict[str, list[Pace]] = {"whole engine": [], "pure core": [], "learner": [], "reading only": []}
    stages: dict[str, float] = {}
    for _ in range(told.rounds):
        whole, read, stages = _engine(journey, told.workers, told.brokers)
        for name, pace in zip(paces, (whole, *_core(journey), read), strict=True):
            paces[name].append(pace)
    ran = f"--weeks {told.weeks} --households {told.households} --workers {told.workers} --rounds {told.rounds}"
    lines = [*_table(paces), "", *_stages(stages), "", *_rooms(journey)]
    print("\n".join(lines))
    if told.write:
        written, _, _ = PAGE.read_text(encoding="utf-8").partition(_MEASURED)
        made = f"Made by `python -m benchmarks.engine {ran} --write`."
        PAGE.write_text("\n".join([written + _MEASURED, "", made, "", *lines, ""]), encoding="utf-8")


_MEASURED = "## Measured"


def _table(paces: dict[str, list[Pace]]) -> list[str]:
    """Medians, and each pace against that of the whole engine in the same round."""
    whole = paces["whole engine"]
    lines = [
        "| what | events/s | of the whole engine | CPU, us per event | of the whole engine |",
        "|---|---|---|---|---|",
    ]
    for name, some in paces.items():
        rate, cost = median(one.rate for one in some), median(one.cost for one in some)
        faster = median(one.rate / by.rate for one, by in zip(some, whole, strict=True))
        cheaper = median(one.cost / by.cost for one, by in zip(some, whole, strict=True))
        lines.append(f"| {name} | {rate:,.0f} | {faster:.2f} | {cost:,.0f} | {cheaper:.2f} |")
    return lines


def _stages(stages: dict[str, float]) -> list[str]:
    """Of the last round; a stage's seconds pass while other lanes are at theirs."""
    lines = ["| stage of a worker's lanes | of their time |", "|---|---|"]
    whole = sum(stages.values())
    return lines + [f"| {name} | {took / whole:.0%} |" for name, took in sorted(stages.items(), key=lambda i: -i[1])]


def _rooms(journey: Journey) -> list[str]:
    """Where the core's own time goes."""
    runner, intervals, _ = rehearsal(journey)
    lines = ["| part of the core | of its CPU, under a profiler that makes calls dearer |", "|---|---|"]
    return lines + [f"| {name} | {share:.1%} |" for name, share in shares(lambda: runner.run(intervals))]


def _engine(journey: Journey, workers: int, brokers: str) -> tuple[Pace, Pace, dict[str, float]]:
    with tempfile.TemporaryDirectory() as directory, ExitStack() as running:
        home = Path(directory)
        address = brokers or running.enter_context(EmbeddedBroker(home)).address
        store = running.enter_context(EmbeddedStore(home))
        settings = load_settings(
            {
                "brokers": address,
                "redis_url": f"redis://{store.address}/0",
                "partitions": PARTITIONS,
                "clock": "event",
                "data_dir": directory,
            }
        )
        installation = Installation(settings, home)
        running.enter_context(own_topics(installation))
        running.callback(installation.stop)
        sent = list(
            Replay(
                journey,
                [BulkProducer(installation.connection)],
                PARTITIONS,
                watermarks=signing_of(installation.settings),
                act_from=acts_from(journey),
            ).run()
        )
        events = sent[-1].read
        read = _reading(installation)
        installation.learner.start()
        for _ in range(workers):
            installation.add_worker()
        while not any(_scrape(worker.http).values() for worker in installation.workers):
            time.sleep(0.005)
        began, spent = time.perf_counter(), _spent(installation)
        installation.until_replayed(events, journey.end)
        seconds = time.perf_counter() - began
        whole = Pace(events / seconds, (_spent(installation) - spent) / events * 1e6)
        stages: Counter[str] = Counter()
        for worker in installation.workers:
            stages.update(_scrape(worker.http))
        return whole, read, dict(stages)


def _spent(installation: Installation) -> float:
    """Seconds of CPU that the workers took so far, in their own code and in the kernel for them."""
    ticks = 0
    for worker in installation.workers:
        fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _reading(installation: Installation) -> Pace:
    began, spent, count = time.perf_counter(), time.process_time(), 0
    with PartitionLog(installation.connection) as log:
        for topic in EVENT_TOPICS:
            for partition in range(PARTITIONS):
                count += sum(1 for _ in log.read(topic, partition, 0))
    return Pace(count / (time.perf_counter() - began), (time.process_time() - spent) / count * 1e6)


def _scrape(port: int) -> dict[str, float]:
    """Seconds by stage, as the worker's own metrics tell."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    return {
        sample.labels["stage"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "tend_stage_seconds_sum"
    }


def _core(journey: Journey) -> tuple[Pace, Pace]:
    """Core and learner: events in a second that is theirs alone."""
    cost = measure(journey)
    return Pace(1e6 / cost.core, cost.core), Pace(1e6 / cost.learner, cost.learner)


if __name__ == "__main__":
    main()
