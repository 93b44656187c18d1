"""The gateway beside bare uvicorn with a producer, in the same run: ``python -m benchmarks.gateway [--seconds 6]``.

The bare one reads the body, gives it to Kafka as it is and answers when Kafka has acknowledged: no key, no contract, no
normalising, no metrics. Both take turns, three rounds each; the load comes from a process beside them, over 16
connections, as fast as it is answered. CPU is the server's alone; it says more than the rate where other programs run
on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple
from uuid import uuid4

import aiohttp
import orjson
import psutil
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from agents.catalogue import topic_specs
from agents.gateway.app import gateway
from infra.embedded import EmbeddedBroker
from infra.embedded.process import free_port
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer, SafeRecord
from infra.kafka.topics import Topics
from infra.settings import Settings, load_settings
from schemas.ids import partition_of
from schemas.topics import ORDERS

_KEY: Final = "a-secret-of-the-shop"
_CONNECTIONS: Final = 16
_ROUNDS: Final = 3
_SETTLES: Final = 3.0
"""Seconds from the first answer to the load."""


class Measured(NamedTuple):
    """What one round came to."""

    per_second: float
    p50: float
    p99: float
    cpu: float
    """Microseconds of the server's CPU for each event."""


def bare(settings: Settings) -> Starlette:
    """The least that answers when an event is safe."""
    producer = AcknowledgedProducer(KafkaConnection.of(settings))

    def record_of(one: dict[str, Any]) -> SafeRecord:
        customer = one["customer"]
        return SafeRecord(ORDERS, partition_of(customer, settings.partitions), customer.encode(), orjson.dumps(one))

    async def answer(request: Request) -> JSONResponse:
        events = orjson.loads(await request.body())
        await producer.send_all([record_of(one) for one in events])
        return JSONResponse({"taken": len(events)}, 202)

    return Starlette(routes=[Route("/v1/events", answer, methods=["POST"])])


def serving(settings: Settings, make: Callable[[Settings], Starlette]) -> tuple[int, int]:
    """Start a server as a child; its port and process."""
    port = free_port()
    child = os.fork()
    if child == 0:
        uvicorn.run(make(settings), host="127.0.0.1", port=port, log_level="critical", access_log=False, loop="uvloop")
        os._exit(0)
    return port, child


def _orders(count: int) -> bytes:
    told = {
        "type": "order.placed", "time": "2026-11-29T10:00:00Z", "amount": 2_990, "currency": "EUR",
        "items": [{"sku": "B-4711", "quantity": 2, "price": 2_990, "category": "books"}],
    }  # fmt: skip
    return orjson.dumps(
        [{**told, "id": (one := uuid4().hex), "order_id": one, "customer": f"c-{one[:4]}"} for _ in range(count)]
    )


async def load(port: int, child: int, seconds: float, each: int) -> tuple[list[float], float]:
    """Post as fast as it is answered; the seconds that each request took, and those of the server's CPU for all."""
    took: list[float] = []
    headers = {"authorization": f"Bearer {_KEY}", "content-type": "application/json"}
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}", headers=headers, connector=aiohttp.TCPConnector(limit=_CONNECTIONS)
    ) as session:
        await _until_it_answers(session)
        # What starting takes, and what starts beside (the gateway hears of erasures), is no matter of the rate.
        await asyncio.sleep(_SETTLES)
        started, ends = _cpu_of(child), time.perf_counter() + seconds

        async def client() -> None:
            while (began := time.perf_counter()) < ends:
                async with session.post("/v1/events", data=_orders(each)) as answer:
                    assert answer.status == 202, await answer.text()
                    await answer.read()
                took.append(time.perf_counter() - began)

        await asyncio.gather(*(client() for _ in range(_CONNECTIONS)))
        return took, _cpu_of(child) - started


def _cpu_of(process: int) -> float:
    """Seconds of CPU that a process has used."""
    used = psutil.Process(process).cpu_times()
    return float(used.user + used.system)


async def _until_it_answers(session: aiohttp.ClientSession) -> None:
    for _ in range(600):
        try:
            async with session.post("/v1/events", data=_orders(1)) as answer:
                await answer.read()
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)
    raise SystemExit("the server does not answer")


def measured(settings: Settings, make: Callable[[Settings], Starlette], seconds: float, each: int) -> Measured:
    """One round."""
    port, child = serving(settings, make)
    try:
        took, cpu = asyncio.run(load(port, child, seconds, each))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    cuts = statistics.quantiles(took, n=100)
    events = len(took) * each
    return Measured(events / seconds, cuts[49] * 1_000, cuts[98] * 1_000, cpu * 1e6 / events)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each round")
    told = parser.parse_args()
    with TemporaryDirectory() as place, EmbeddedBroker(Path(place) / "broker") as broker:
        keys = SecretStr(f"shop:{_KEY}")
        settings = load_settings(
            {"brokers": broker.address, "data_dir": place, "partitions": 4, "gateway_keys": keys, "gateway_rate": 1e6}
        )
        Topics(KafkaConnection.of(settings)).create(topic_specs(settings), 1)
        print("| events in a request | server | events a second | p50 | p99 | us of CPU an event |")
        print("|---|---|---|---|---|---|")
        for each in (1, 50):
            rounds = [(measured(settings, gateway, told.seconds, each), measured(settings, bare, told.seconds, each))
                      for _ in range(_ROUNDS)]  # fmt: skip
            for name, column in (("gateway", 0), ("bare", 1)):
                middle = [statistics.median(values) for values in zip(*(one[column] for one in rounds), strict=True)]
                rate, p50, p99, cpu = middle
                print(f"| {each} | {name} | {rate:,.0f} | {p50:.1f} ms | {p99:.1f} ms | {cpu:.0f} |")


if __name__ == "__main__":
    main()
