"""What a replay sends: every event once to its partition, and watermarks that are true."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import orjson
import pytest

from agents.replay.event import ReplayEvent
from agents.replay.progress import ReplayProgress
from agents.replay.replay import Perturb, Progress, RatePacer, Replay
from agents.simulate.journey import Journey
from schemas.ids import partition_of
from schemas.times import DAY, HOUR, to_rfc3339
from schemas.topics import EVENT_TOPICS, TOPIC_OF
from tests import perturb
from tests.agents.recording import Recording
from tests.builders import SIGNING

PARTITIONS = 3


@pytest.fixture(scope="module")
def journey() -> Journey:
    return Journey(days=5, households=60)


def sent(journey: Journey, sink: Recording, **how: object) -> list[Progress]:
    return list(Replay(journey, [sink], PARTITIONS, watermarks=SIGNING, every=100, **how).run())  # type: ignore[arg-type]


def standing(sink: Recording) -> ReplayProgress:
    return ReplayProgress({p: sink.watermarks(p)[-1] for p in range(PARTITIONS) if sink.watermarks(p)})


def test_every_event_is_sent_once_to_the_topic_of_its_type_and_the_partition_of_its_customer(journey: Journey) -> None:
    sink = Recording()
    progress = sent(journey, sink)

    events = list(journey.events())
    records = [record for p in range(PARTITIONS) for record in sink.events(p)]
    assert Counter(record.value for record in records) == Counter(event.body for event in events)
    for record in records:
        body = orjson.loads(record.value or b"")
        assert record.topic == TOPIC_OF[body["type"]]
        assert record.partition == partition_of(body["customer"], PARTITIONS)
        assert record.key == body["customer"].encode()
    assert progress[-1].finished
    assert (progress[-1].read, progress[-1].sent) == (len(events), len(events))


def test_records_carry_the_event_time_and_cloudevents_headers(journey: Journey) -> None:
    sink = Recording()
    sent(journey, sink)

    record = sink.events(0)[0]
    body = orjson.loads(record.value or b"")
    headers = dict(record.headers)
    assert headers["ce_id"].decode() == body["id"]
    assert headers["ce_type"].decode() == body["type"]
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_source"].decode() == f"/tend/replay/{journey.name}"
    assert headers["ce_time"].decode() == to_rfc3339(record.timestamp)
    assert body["time"][:19] == to_rfc3339(record.timestamp)[:19]


@pytest.mark.parametrize(
    "mix", [perturb.in_order, perturb.shuffled(7), perturb.twice, perturb.again(HOUR), perturb.again(DAY)]
)
def test_what_lies_before_the_ends_of_a_mark_is_earlier_and_new_behind_it_is_not(
    journey: Journey, mix: Perturb
) -> None:
    sink = Recording()
    sent(journey, sink, perturb=mix)

    for partition in range(PARTITIONS):
        watermarks = sink.watermarks(partition)
        assert [watermark.number for watermark in watermarks] == list(range(len(watermarks)))
        for watermark in watermarks:
            seen = set()
            for topic in EVENT_TOPICS:
                for record in sink.log[topic, partition]:
                    if record.offset < watermark.ends.get(topic, 0):
                        assert record.timestamp < watermark.time
                        seen.add(record.value)
            later = [record for record in sink.events(partition) if record.value not in seen]
            assert all(record.timestamp >= watermark.time for record in later)


def test_events_sent_again_an_hour_later_come_behind_what_happened_since(journey: Journey) -> None:
    sink = Recording()
    sent(journey, sink, perturb=perturb.again(HOUR))

    values = Counter(record.value for p in range(PARTITIONS) for record in sink.events(p))
    assert set(values.values()) == {2}


def test_two_runs_send_the_same_bytes(journey: Journey) -> None:
    one, two = Recording(), Recording()
    sent(journey, one)
    sent(journey, two)

    assert one.log == two.log


@pytest.mark.parametrize("watermarks", [1, 3, 7])
def test_a_killed_replay_goes_on_behind_the_last_mark_of_each_partition(journey: Journey, watermarks: int) -> None:
    whole, sink = Recording(), Recording()
    sent(journey, whole)
    list(islice(Replay(journey, [sink], PARTITIONS, watermarks=SIGNING, every=100).run(), watermarks))
    # The kill: events of the next interval are in, and its watermark is on one partition only.
    ahead = Recording()
    list(islice(Replay(journey, [ahead], PARTITIONS, watermarks=SIGNING, every=100).run(), watermarks + 1))
    sink.log[("tend.watermarks", 0)] = list(ahead.log[("tend.watermarks", 0)])
    for at, records in ahead.log.items():
        if at[1] == 0:
            sink.log[at] = list(records)

    list(Replay(journey, [sink.reopened()], PARTITIONS, watermarks=SIGNING, every=100).run(standing(sink)))

    for partition in range(PARTITIONS):
        found, expected = sink.watermarks(partition), whole.watermarks(partition)
        assert [(watermark.number, watermark.time, watermark.position) for watermark in found] == [
            (watermark.number, watermark.time, watermark.position) for watermark in expected
        ]
        assert {record.value for record in sink.events(partition)} == {
            record.value for record in whole.events(partition)
        }
        for watermark in found:
            assert all(watermark.ends[topic] <= len(sink.log[topic, partition]) for topic in watermark.ends)
        assert found[-1].ends == {
            topic: len(sink.log[topic, partition]) for topic in sorted(EVENT_TOPICS) if sink.log[topic, partition]
        }


def test_a_finished_replay_sends_nothing_more(journey: Journey) -> None:
    sink = Recording()
    sent(journey, sink)
    before = sum(map(len, sink.log.values()))

    assert list(Replay(journey, [sink], PARTITIONS, watermarks=SIGNING, every=100).run(standing(sink))) == []
    assert sum(map(len, sink.log.values())) == before


def test_without_marks_each_producer_keeps_to_its_topics(journey: Journey) -> None:
    sinks = [Recording(), Recording(), Recording()]
    list(Replay(journey, sinks, PARTITIONS, watermarks=None).run())

    topics = [{topic for topic, _ in sink.log} for sink in sinks]
    assert topics[0]
    assert topics[1]
    assert not topics[0] & topics[1] | topics[1] & topics[2] | topics[0] & topics[2]
    assert sum(len(records) for sink in sinks for records in sink.log.values()) == len(list(journey.events()))


def test_a_rate_waits_for_what_is_ahead_of_it(journey: Journey) -> None:
    waits: list[float] = []
    now = [0.0]

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    sent(journey, Recording(), pace=RatePacer(100.0, clock=lambda: now[0], sleep=sleep))

    events: list[ReplayEvent] = list(journey.events())
    assert sum(waits) == pytest.approx(len(events) / 100)


def test_the_moment_from_which_rules_act_is_on_every_mark(journey: Journey) -> None:
    sink = Recording()
    sent(journey, sink, act_from=journey.start + DAY)

    assert {watermark.act_from for p in range(PARTITIONS) for watermark in sink.watermarks(p)} == {journey.start + DAY}
