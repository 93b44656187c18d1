"""Embedded servers start by themselves, answer when they say so, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from redis import Redis

from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.embedded.process import ServerProcess, free_port
from infra.kafka.connection import KafkaConnection
from infra.kafka.expected_topics import TopicSpec
from infra.kafka.topics import Topics
from schemas.errors import TendError


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path_factory.mktemp("embedded")) as broker:
        yield broker


def test_the_broker_answers_under_its_own_cluster_id(running: EmbeddedBroker, broker_server: str) -> None:
    ours, another = (Topics(KafkaConnection(one)).identity([]) for one in (running.address, broker_server))

    assert ours.cluster == running.cluster_id != another.cluster


def test_the_broker_listens_on_this_machine_only(running: EmbeddedBroker) -> None:
    listening = [one.laddr for one in psutil.Process(running.pid).net_connections() if one.status == "LISTEN"]

    assert listening
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_a_broker_that_was_killed_has_everything_again_and_is_gone_when_it_is_stopped(running: EmbeddedBroker) -> None:
    Topics(KafkaConnection(running.address)).create([TopicSpec("orders", 3)])
    running.kill()

    with EmbeddedBroker(running.log.parent) as again:
        assert Topics(KafkaConnection(again.address)).partitions("orders") == 3
        assert again.cluster_id == running.cluster_id
        pid = again.pid
        assert pid is not None

    assert again.pid is None
    assert not psutil.pid_exists(pid)


def test_the_store_keeps_every_write_and_never_evicts(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path) as store, Redis.from_url(store.url, decode_responses=True) as client:
        settings = client.config_get("appendonly", "appendfsync", "maxmemory-policy", "save")

    assert settings == {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
    }


def test_a_store_that_was_killed_has_everything_again(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, "always")
    store.start()
    with Redis.from_url(store.url) as client:
        client.set("anna", "1")
    store.kill()

    with store, Redis.from_url(store.url) as client:
        assert client.get("anna") == b"1"


def test_its_settings_can_be_overruled(tmp_path: Path) -> None:
    with (
        EmbeddedStore(tmp_path, extra={"maxmemory-policy": "allkeys-lru"}) as store,
        Redis.from_url(store.url, decode_responses=True) as client,
    ):
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}


def test_a_stopped_server_is_gone_and_stopping_again_does_nothing(tmp_path: Path) -> None:
    server = EmbeddedStore(tmp_path)
    server.start()
    pid = server.pid
    assert pid is not None

    server.stop()
    server.stop()

    assert server.pid is None
    assert not psutil.pid_exists(pid)


def test_a_port_that_is_taken_is_told_with_the_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        store = EmbeddedStore(tmp_path, port=taken.getsockname()[1])

        with pytest.raises(TendError, match=r"(?s)embedded store ended while starting.*Address already in use"):
            store.start()


def test_a_server_that_never_answers_is_ended_and_told(tmp_path: Path) -> None:
    mute = ServerProcess(
        name="The mute server",
        command=[sys.executable, "-c", "import time; print('hello', flush=True); time.sleep(60)"],
        port=free_port(),
        log=tmp_path / "mute.log",
        answers=lambda port: False,
        start_seconds=0.5,
    )

    with pytest.raises(TendError, match=r"(?s)mute server does not answer on 127.*hello"):
        mute.start()

    assert mute.pid is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
@pytest.mark.parametrize("kind", ["EmbeddedBroker", "EmbeddedStore"])
def test_servers_end_with_a_program_that_is_killed(kind: str, tmp_path: Path) -> None:
    code = (
        f"import sys, time; from pathlib import Path; from infra.embedded import {kind}\n"
        f"server = {kind}(Path({str(tmp_path)!r})); server.start(); print(server.pid, flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=root, text=True)
    assert program.stdout is not None
    pid = int(program.stdout.readline())

    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    program.stdout.close()

    for _ in range(500):
        if not _lives(pid):
            return
        time.sleep(0.02)
    pytest.fail("the server outlived its program")


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
