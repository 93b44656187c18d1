"""Rollups are exact: whatever kills their keeper, they say what a recount of the topics says."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from agents.access import AccessKeys
from agents.bootstrap import open_store, open_tables
from agents.catalogue import topic_specs
from agents.installation import environment_of
from agents.rollups import keeper_process
from agents.rollups.answers import by_rule
from agents.rollups.fold import READ_TOPICS, Fold
from agents.rollups.keeper import RollupKeeper
from agents.rollups.keeper_process import KeeperProcess
from agents.rollups.keys import CLAIMS, KEEPER, key
from agents.rollups.model import Changes
from agents.rollups.store import Overtaken, RollupStore
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.outcome import decode_decision
from schemas.times import DAY, HOUR, to_datetime, to_rfc3339
from schemas.topics import DECISIONS, EVENT_TOPICS, MOVES, ORDERS, RECEIPTS, TICKETS, TOPIC_OF
from tests.builders import START

PARTITIONS = 2
KEYS = AccessKeys.of(b"a secret of the installation")
CUSTOMERS = [f"c-{number}" for number in range(40)]
KILLS, PROCESS_KILLS = 30, 8


@pytest.fixture
def settings(broker: str, store_server: str, tmp_path: Path) -> Settings:
    """An installation with topics, and nobody at work in it."""
    settings = load_settings(
        {"brokers": broker, "redis_url": store_server, "partitions": PARTITIONS, "data_dir": tmp_path, "clock": "wall"}
    )
    Topics(KafkaConnection.of(settings)).create(topic_specs(settings), 1)
    return settings


def life(dice: random.Random, number: int) -> tuple[str, str, dict[str, Any]]:
    """Something that happens: topic, customer, body."""
    customer = dice.choice(CUSTOMERS)
    choices: list[tuple[str, dict[str, Any]]] = [
        ("order.placed", {"order_id": f"o-{number}", "amount": 100, "currency": "EUR"}),
        ("product.viewed", {"sku": "s-1"}),
        ("complaint.opened", {"complaint_id": f"k-{customer}", "category": "delivery"}),
        ("complaint.resolved", {"complaint_id": f"k-{customer}", "resolution": "refunded"}),
        ("customer.updated", {"email": f"{customer}@example.org"}),
    ]
    kind, fields = dice.choice(choices)
    moment = to_rfc3339(START + number * HOUR % (20 * DAY))
    return TOPIC_OF[kind], customer, {"id": f"e-{number}", "type": kind, "customer": customer, "time": moment, **fields}


def decision(dice: random.Random, number: int) -> tuple[str, str, dict[str, Any]]:
    """Something that was decided; an action is decided on more than once."""
    customer, action = CUSTOMERS[number % 40], f"{number % 200:032x}"
    told = {
        "action_id": action,
        "customer": customer,
        "rule": "cart_left",
        "occasion": "k",
        "index": 0,
        "kind": "message",
        "channel": "email",
        "purpose": "marketing",
        "verdict": dice.choice(["emitted", "held", "refused", "released"]),
        "at": START,
        "acting": START + number * HOUR % (20 * DAY),
        "rulebook": "r",
        "almanac": 1,
        "trigger": "cart.left",
    }
    return DECISIONS, customer, told


def receipt(dice: random.Random, number: int) -> tuple[str, str, dict[str, Any]]:
    """Something that a sender tells of an action, perhaps before it was decided on, or of none of ours."""
    action, kind = dice.randrange(220), dice.choice(["accepted", "delivered", "opened", "clicked", "failed"])
    moment = to_rfc3339(START + number * HOUR % (20 * DAY))
    told: dict[str, Any] = {
        "id": f"r-{number}",
        "type": f"receipt.{kind}",
        "customer": CUSTOMERS[action % 40],
        "time": moment,
        "action_id": f"{action:032x}",
    }
    if kind == "failed":
        told["permanent"] = dice.random() < 0.5
    elif kind in ("opened", "clicked"):
        told["machine"] = dice.random() < 0.3
    return RECEIPTS, CUSTOMERS[action % 40], told


def ticket(dice: random.Random, number: int) -> tuple[str, str, dict[str, Any]]:
    """A complaint given to a desk, with its deadline; perhaps read after the complaint was closed."""
    customer, at = dice.choice(CUSTOMERS), START + number * HOUR % (20 * DAY)
    told = {
        "action_id": f"{number:032x}",
        "customer": customer,
        "complaint_id": f"k-{customer}",
        "kind": "ticket",
        "rule": "complaint_routed",
        "decided_at": to_rfc3339(at),
        "due_at": to_rfc3339(at + 12 * HOUR),
    }
    return TICKETS, customer, told


def move(dice: random.Random, number: int) -> tuple[str, str, dict[str, Any]]:
    """Somebody came into another stage, or is gone."""
    customer, (before, stage) = CUSTOMERS[number % 40], dice.sample(["first", "repeat", "loyal", "at_risk"], 2)
    told = {"customer": customer, "at": START + number * HOUR, "stage": stage, "tier": dice.choice(["none", "gold"])}
    if dice.random() < 0.1:
        told |= {"stage": "", "tier": "", "gone": "merged"}
    return MOVES, customer, {**told, "stage_before": before, "tier_before": "none"}


def fill(settings: Settings, dice: random.Random, first: int, count: int) -> None:
    """Let some things happen."""
    producer = BulkProducer(KafkaConnection.of(settings))
    for number in range(first, first + count):
        topic, customer, body = dice.choice([life, life, decision, receipt, ticket, move])(dice, number)
        producer.send(topic, partition_of(customer, PARTITIONS), customer.encode(), orjson.dumps(body), START)
    producer.flush()


def recount(settings: Settings) -> tuple[dict[str, int], dict[str, dict[str, int]], int]:
    """What the topics say, read from their beginning in one go: sums, sums by day, what is held."""
    counts: Counter[str] = Counter()
    days: dict[str, Counter[str]] = {}
    held = 0
    with PartitionLog(KafkaConnection.of(settings)) as topics:
        for partition in range(PARTITIONS):
            holding: set[str] = set()
            records: list[KafkaRecord] = []
            for topic in READ_TOPICS:
                records += topics.read(topic, partition, topics.bounds(topic, partition)[0])
            changes = Fold({}, holding, {}, {}, KEYS.index_key, None).take(records)
            counts.update(changes.counts)
            for day, sums in changes.days.items():
                days.setdefault(day, Counter()).update(sums)
            held += len(holding)
    return dict(counts), {day: dict(sums) for day, sums in days.items()}, held


def answers_recounted(settings: Settings) -> Counter[str]:
    """What was told of actions, counted by a few plain lines that know nothing of the keeper's."""
    channel_of: dict[tuple[str, str], str] = {}
    told: dict[tuple[str, str], set[str]] = {}
    with PartitionLog(KafkaConnection.of(settings)) as topics:
        for partition in range(PARTITIONS):
            for record in topics.read(DECISIONS, partition, topics.bounds(DECISIONS, partition)[0]):
                body = orjson.loads(record.value or b"")
                if body["verdict"] in ("emitted", "released"):
                    channel_of[body["customer"], body["action_id"]] = body["channel"]
            for record in topics.read(RECEIPTS, partition, topics.bounds(RECEIPTS, partition)[0]):
                body = orjson.loads(record.value or b"")
                known = told.setdefault((body["customer"], body["action_id"]), set())
                what = body["type"].removeprefix("receipt.") + ("_by_machine" if body.get("machine") else "")
                if what == "failed":
                    what = "bounced" if body["permanent"] or known & {"accepted", "delivered"} else "refused"
                known.add(what)
    sums = Counter(f"{channel}.sent" for channel in channel_of.values())
    for action, channel in channel_of.items():
        sums.update(f"{channel}.{what}" for what in told.get(action, set()))
    return sums


def places_recounted(settings: Settings) -> Counter[str]:
    """Where customers stand and how they came there, likewise."""
    standing: dict[str, dict[str, Any]] = {}
    sums = Counter[str]()
    with PartitionLog(KafkaConnection.of(settings)) as topics:
        for partition in range(PARTITIONS):
            for record in topics.read(MOVES, partition, topics.bounds(MOVES, partition)[0]):
                body = orjson.loads(record.value or b"")
                standing[body["customer"]] = body
                if body["stage"]:
                    sums[f"moved.{body['stage_before']}>{body['stage']}"] += 1
    for body in standing.values():
        if body["stage"]:
            sums.update((f"stage.{body['stage']}", f"tier.{body['tier']}"))
    return sums


async def killed_after(keeper: RollupKeeper, seconds: float) -> None:
    """A keeper that is gone in the middle of whatever it does."""
    task = asyncio.create_task(keeper.run())
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def kept(settings: Settings) -> tuple[dict[str, int], dict[str, dict[str, int]], int]:
    """What the rollups say once a last keeper has read to the end."""
    async with open_tables(settings) as tables, open_store(settings) as store:
        rollups = RollupStore(tables.client, tables.address, PARTITIONS)
        await tables.client.delete(key(0, KEEPER))
        keeper = RollupKeeper(settings, store, rollups, KEYS)
        task = asyncio.create_task(keeper.run())
        async with asyncio.timeout(600):
            await keeper.caught_up.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        counts, held = await rollups.counts(), await rollups.held()
        month = [f"{to_datetime(START + day * DAY):%Y%m%d}" for day in range(-2, 30)]
        days = await rollups.days(month)
        return counts, {day: sums for day, sums in days.items() if sums}, held


def answers_kept(days: dict[str, dict[str, int]]) -> Counter[str]:
    """What was told of actions, as the rollups have it."""
    sums: Counter[str] = Counter()
    for of_day in days.values():
        for channel, told in by_rule(of_day).get("cart_left", {}).items():
            sums.update({f"{channel}.{what}": count for what, count in told.items()})
    return sums


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [3, pytest.param(KILLS, marks=pytest.mark.slow)])
async def test_after_any_number_of_kills_the_sums_are_those_of_a_recount(settings: Settings, kills: int) -> None:
    dice = random.Random(7)
    for kill in range(kills):
        await asyncio.to_thread(fill, settings, dice, kill * 60, 60)
        async with open_tables(settings) as tables, open_store(settings) as store:
            await tables.client.delete(key(0, KEEPER))  # the dead one's lease has run out
            rollups = RollupStore(tables.client, tables.address, PARTITIONS)
            await killed_after(RollupKeeper(settings, store, rollups, KEYS), dice.uniform(0.05, 0.6))

    await assert_equal_to_a_recount(settings, at_least=kills)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_keeper_whose_process_is_killed_again_and_again_counts_to_the_unit(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(keeper_process, "_LOOK_SECONDS", 0.1)
    dice, pids = random.Random(7), set[int]()
    async with open_tables(settings) as tables:
        rollups = RollupStore(tables.client, tables.address, PARTITIONS)
        overseer = KeeperProcess(rollups)
        overseeing = asyncio.create_task(overseer.run())
        for kill in range(PROCESS_KILLS):
            await asyncio.to_thread(fill, settings, dice, kill * 60, 60)
            pids.add(pid := await at_work(overseer, rollups))
            await asyncio.sleep(dice.uniform(0.05, 0.6))
            os.kill(pid, signal.SIGKILL)
            await gone(overseer, pid)
            await tables.client.delete(key(0, KEEPER))  # the dead one's lease has run out
        overseeing.cancel()
        await asyncio.gather(overseeing, return_exceptions=True)

    assert len(pids) == PROCESS_KILLS
    await assert_equal_to_a_recount(settings, at_least=PROCESS_KILLS)


async def at_work(overseer: KeeperProcess, rollups: RollupStore) -> int:
    """The process id of the keeper that was started, once it is at work."""
    while overseer.pid is None or not await rollups.is_kept():  # noqa: ASYNC110  # another process tells no event
        await asyncio.sleep(0.02)
    return overseer.pid


async def gone(overseer: KeeperProcess, pid: int) -> None:
    """Wait until the overseer has seen that its keeper is gone."""
    while overseer.pid == pid:  # noqa: ASYNC110  # likewise
        await asyncio.sleep(0.02)


async def assert_equal_to_a_recount(settings: Settings, *, at_least: int) -> None:
    """The rollups say what a recount of the topics says."""
    counts, days, held = await kept(settings)
    expected, expected_days, expected_held = await asyncio.to_thread(recount, settings)
    assert counts == expected
    assert days == expected_days
    assert held == expected_held
    assert counts[f"read.{ORDERS}"] > at_least
    assert answers_kept(days) == await asyncio.to_thread(answers_recounted, settings)
    async with open_tables(settings) as tables:
        places = await RollupStore(tables.client, tables.address, PARTITIONS).places()
    assert +Counter(places) == await asyncio.to_thread(places_recounted, settings)


async def test_a_batch_that_does_not_go_on_where_the_last_one_ended_is_refused_whole(settings: Settings) -> None:
    await asyncio.to_thread(fill, settings, random.Random(1), 0, 30)
    async with open_tables(settings) as tables:
        rollups = RollupStore(tables.client, tables.address, PARTITIONS)
        with PartitionLog(KafkaConnection.of(settings)) as topics:
            records = [record for topic in EVENT_TOPICS for record in topics.read(topic, 0, 0)]
        changes = Fold({}, set(), {}, {}, KEYS.index_key, None).take(records)
        await rollups.write(0, {}, changes)
        before = await rollups.counts()

        with pytest.raises(Overtaken):
            await rollups.write(0, {}, changes)

        assert await rollups.counts() == before


async def test_a_batch_of_however_many_values_is_written_whole(settings: Settings) -> None:
    many = [f"c-{number}" for number in range(5_000)]
    changes = Changes(
        positions={ORDERS: 5_000},
        seen=dict.fromkeys(many, START),
        rows={("rule", "cart_left"): [b"%d" % number for number in range(5_000)]},
        index={"c-1": {f"key-{number}": START for number in range(3_000)}},
    )
    async with open_tables(settings) as tables:
        rollups = RollupStore(tables.client, tables.address, PARTITIONS)

        await rollups.write(0, {}, changes)

        assert await rollups.customers() == 5_000
        assert await rollups.of_rule("cart_left", 1) == [b"4999"]
        assert await rollups.found(["key-0", "key-2999"]) == ["c-1"]


async def test_of_a_customer_who_is_erased_nothing_is_left(settings: Settings) -> None:
    await asyncio.to_thread(fill, settings, random.Random(2), 0, 300)
    await kept(settings)
    async with open_tables(settings) as tables:
        rollups = RollupStore(tables.client, tables.address, PARTITIONS)
        held = [one for one in CUSTOMERS if await rollups.holds(partition_of(one, PARTITIONS), one)]
        someone = held[0]
        partition = partition_of(someone, PARTITIONS)
        claims = key(partition, CLAIMS, someone)
        await cast("Any", tables.client).hset(claims, "a-coupon", "o-1")

        await asyncio.to_thread(forget, settings, someone)
        await kept(settings)

        assert not await cast("Any", tables.client).exists(claims)
        assert not await rollups.holds(partition, someone)
        assert someone not in await rollups.found([KEYS.index_key("email", f"{someone}@example.org")])
        decided = [decode_decision(one).customer for one in await rollups.of_rule("cart_left", 100)]
        assert decided
        assert someone not in decided
        others = [one for one in CUSTOMERS if one != someone]
        assert any([await rollups.holds(partition_of(one, PARTITIONS), one) for one in others])


def forget(settings: Settings, customer: str) -> None:
    """Somebody asks to be forgotten, and is."""
    at = START + 30 * DAY
    event = {"id": "e-last", "type": "erasure.requested", "customer": customer, "time": to_rfc3339(at)}
    move = {"customer": customer, "at": at, "stage_before": "loyal", "gone": "forgotten"}
    producer = BulkProducer(KafkaConnection.of(settings))
    for topic, body in ((TOPIC_OF["erasure.requested"], event), (MOVES, move)):
        producer.send(topic, partition_of(customer, PARTITIONS), customer.encode(), orjson.dumps(body), at)
    producer.flush()
