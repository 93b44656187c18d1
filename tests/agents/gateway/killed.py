"""Gateways that die by kill -9 under load; prints the ids of the events that were answered as safe.

``python -m tests.agents.gateway.killed BROKERS DIRECTORY SECONDS TIMES``: each lives for about SECONDS.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import orjson
import uvicorn
from pydantic import SecretStr

from agents.gateway.app import gateway
from infra.embedded.process import free_port
from infra.settings import Settings, load_settings

_KEY = "a-secret-of-the-shop"
_CLIENTS = 4


def _serve(settings: Settings, port: int) -> None:
    uvicorn.run(gateway(settings), host="127.0.0.1", port=port, log_level="critical", access_log=False)


def _events(count: int) -> list[dict[str, object]]:
    return [
        {
            "type": "product.viewed",
            "id": uuid4().hex,
            "customer": f"c-{number}",
            "time": "2026-11-29T10:00:00Z",
            "sku": "s",
        }
        for number in range(count)
    ]


def _load(port: int, acknowledged: list[str], stopped: threading.Event) -> None:
    """Post until it is stopped; what breaks is tried again, with other ids."""
    headers = {"authorization": f"Bearer {_KEY}", "content-type": "application/json"}
    while not stopped.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            while not stopped.is_set():
                told = _events(random.choice((1, 1, 5, 20)))
                connection.request("POST", "/v1/events", orjson.dumps(told), headers)
                answer = orjson.loads(connection.getresponse().read())
                acknowledged += [one["id"] for one in answer["events"] if one["status"] == 202]
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
        finally:
            connection.close()


def main(brokers: str, directory: Path, seconds: float, times: int) -> None:
    """Start, load and kill a gateway, TIMES over; gateways are forked, as starting one takes longer than that."""
    keys = SecretStr(f"shop:{_KEY}")
    settings = load_settings({"brokers": brokers, "data_dir": directory, "partitions": 2, "gateway_keys": keys})
    for _ in range(times):
        port, acknowledged, stopped = free_port(), list[str](), threading.Event()
        child = os.fork()
        if child == 0:
            _serve(settings, port)
            os._exit(0)
        clients = [threading.Thread(target=_load, args=(port, acknowledged, stopped)) for _ in range(_CLIENTS)]
        for client in clients:
            client.start()
        while not acknowledged:
            time.sleep(0.01)
        time.sleep(random.uniform(0, seconds))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        stopped.set()
        for client in clients:
            client.join()
        sys.stdout.write("\n".join(acknowledged) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
