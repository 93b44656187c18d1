"""Events a second of the whole engine, against two limits of the same run, and where the time goes.

    python -m benchmarks.engine [--weeks 4] [--households 800] [--workers 1] [--rounds 3] [--brokers HOST:PORT]

A backlog of the replay lies in the broker; the clock runs from the moment a started worker owns its partitions to the
last published action. ``pure core`` is the same history through the core in one process with a dictionary as store:
what deciding alone costs. ``reading`` is a bare client that fetches the same backlog and does nothing with it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from prometheus_client.parser import text_string_to_metric_families

from agents.ground import beginning, ground_of
from agents.installation import Installation
from agents.replay.plan import plan_marks
from agents.replay.replay import Replay
from agents.replay.told import Told
from agents.simulate.journey import Journey
from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producer import BulkProducer
from infra.settings import load_settings
from rules.rulebook import shipped
from schemas.ids import partition_of
from schemas.lane import Raw
from schemas.times import DAY
from schemas.topics import EVENT_TOPICS, TOPIC_OF
from streams.library import Library
from streams.rehearsal import Interval, Rehearsal

PARTITIONS = 4
ROOMS = ("schemas", "rules", "streams", "agents", "infra")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--households", type=int, default=800)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--brokers", default="", help="a Kafka to use instead of the embedded broker")
    told = parser.parse_args()
    journey = Journey(days=told.weeks * 7, households=told.households)
    engine, reading, core = [], [], []
    stages: dict[str, float] = {}
    for _ in range(told.rounds):
        whole, read, stages = _engine(journey, told.workers, told.brokers)
        engine.append(whole)
        reading.append(read)
        core.append(_core(journey))
    print(f"{told.weeks} weeks of {told.households} households, {told.workers} worker(s), medians of {told.rounds}")
    print("| what | events/s | of the whole engine |")
    print("|---|---|---|")
    for name, rates in (("whole engine", engine), ("pure core", core), ("reading only", reading)):
        print(f"| {name} | {median(rates):,.0f} | {median(r / e for r, e in zip(rates, engine, strict=True)):.2f} |")
    print("\nWhere the worker's time goes (last round, seconds by stage; stages of different lanes overlap)")
    for name, seconds in sorted(stages.items(), key=lambda item: -item[1]):
        print(f"  {name:8} {seconds:8.2f}")
    _profile(journey)


def _engine(journey: Journey, workers: int, brokers: str) -> tuple[float, float, dict[str, float]]:
    with ExitStack() as running, tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        address = brokers or running.enter_context(EmbeddedBroker(home)).address
        store = running.enter_context(EmbeddedStore(home))
        settings = load_settings(
            {
                "brokers": address,
                "redis_url": f"redis://{store.address}/0",
                "partitions": PARTITIONS,
                "clock": "event",
                "session_seconds": 3,
                "data_dir": directory,
            }
        )
        installation = Installation(settings, home)
        installation.make_topics()
        running.callback(installation.stop)
        sent = list(Replay(journey, [BulkProducer(installation.connection)], PARTITIONS, act_from=_acts(journey)).run())
        events = sent[-1].read
        read = _reading(installation)
        installation.learner.start()
        for _ in range(workers):
            installation.add_worker()
        while not any(_scrape(worker.http).values() for worker in installation.workers):
            time.sleep(0.005)
        began = time.perf_counter()
        installation.until_replayed(events, journey.end)
        seconds = time.perf_counter() - began
        stages: Counter[str] = Counter()
        for worker in installation.workers:
            stages.update(_scrape(worker.http))
        return events / seconds, read, dict(stages)


def _acts(journey: Journey) -> int:
    """Rules act from half of the history on, as records and lessons are there by then."""
    return journey.start + (journey.end - journey.start) // 2 // DAY * DAY


def _reading(installation: Installation) -> float:
    began, count = time.perf_counter(), 0
    with PartitionLog(installation.connection) as log:
        for topic in EVENT_TOPICS:
            for partition in range(PARTITIONS):
                count += sum(1 for _ in log.read(topic, partition, 0))
    return count / (time.perf_counter() - began)


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


def _core(journey: Journey) -> float:
    rehearsal, intervals, events = _rehearsal(journey)
    began = time.perf_counter()
    rehearsal.run(intervals)
    return events / (time.perf_counter() - began)


def _profile(journey: Journey) -> None:
    rehearsal, intervals, _ = _rehearsal(journey)
    profile = cProfile.Profile()
    profile.runcall(rehearsal.run, intervals)
    stats = pstats.Stats(profile)
    rooms: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():  # type: ignore[attr-defined]  # not in the stubs
        rooms[_room(file, name)] += own
    whole = sum(rooms.values())
    print("\nWhere the core's own time goes (under a profiler, which makes calls dearer)")
    for name, seconds in rooms.most_common(14):
        print(f"  {name:32} {seconds / whole:6.1%}")


def _room(file: str, name: str) -> str:
    path = Path(file)
    for part in path.parts:
        if part in ROOMS:
            place = path.parts[path.parts.index(part) :]
            return "/".join(place[:2])
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    for library in ("msgspec", "pydantic", "cel", "orjson", "numpy"):
        if library in name:
            return f"{library} (native)"
    return "Python itself"


def _rehearsal(journey: Journey) -> tuple[Rehearsal, list[list[Interval]], int]:
    settings = load_settings({"partitions": PARTITIONS, "clock": "event"})
    known = beginning(settings)
    rehearsal = Rehearsal([ground_of(settings, p, known) for p in range(PARTITIONS)], Library(shipped()))
    intervals: list[list[Interval]] = [[] for _ in range(PARTITIONS)]
    events = 0
    for planned in plan_marks(journey.events(), end=journey.end):
        events = planned.read
        raws: list[list[Raw]] = [[] for _ in range(PARTITIONS)]
        for raw in _raws(planned.events):
            raws[raw.partition].append(raw)
        for partition in range(PARTITIONS):
            intervals[partition].append(Interval(raws[partition], planned.time, _acts(journey)))
    return rehearsal, intervals, events


def _raws(events: Sequence[Told]) -> Iterator[Raw]:
    for number, told in enumerate(events):
        partition = partition_of(told.customer, PARTITIONS)
        yield Raw(TOPIC_OF[told.type], partition, number, told.time, told.customer.encode(), told.body)


if __name__ == "__main__":
    main()
