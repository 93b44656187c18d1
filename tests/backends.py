"""Which broker and store the integration tests run on.

In this order: addresses given in ``TEND_TEST_BROKERS`` and ``TEND_TEST_REDIS``; containers, where
``TEND_TEST_DOCKER=1`` asks for them; else the embedded ones, one broker for each process of tests.
``TEND_TEST_REDIS_SERVER`` names a program to start stores with instead of Valkey. Given servers are used as they are:
name none whose topics and keys you want to keep.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from redis import Redis

from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.embedded.jars import KAFKA_VERSION
from infra.embedded.process import HOST, free_port

_REDIS_SERVER = "TEND_TEST_REDIS_SERVER"
_DOCKER = "TEND_TEST_DOCKER"
_GONE_SECONDS = 120.0


@cache
def in_containers() -> bool:
    """Whether servers are to be containers: it is asked for, and a Docker engine answers."""
    if not os.environ.get(_DOCKER):
        return False
    if shutil.which("docker") is None:
        pytest.exit(f"{_DOCKER} is set, but there is no docker here", returncode=2)
    asked = subprocess.run(["docker", "info"], capture_output=True, text=True, timeout=20, check=False)
    if asked.returncode:
        pytest.exit(f"{_DOCKER} is set, but no Docker engine answers: {asked.stderr.strip()}", returncode=2)
    return True


def own_broker_or_skip() -> None:
    """Skip a test that needs a broker which it can kill, where brokers are given or in containers."""
    if "TEND_TEST_BROKERS" in os.environ or in_containers():
        pytest.skip("needs a broker that it can kill")


def describe() -> str:
    """One line for the head of the test report."""
    contained = "container" if in_containers() else ""
    broker = os.environ.get("TEND_TEST_BROKERS") or contained or f"embedded (Apache Kafka {KAFKA_VERSION})"
    store = os.environ.get("TEND_TEST_REDIS") or contained or os.environ.get(_REDIS_SERVER) or "embedded (Valkey)"
    return f"broker: {broker}; store: {store}"


def use_given_redis_server() -> None:
    """Start stores from the program in ``TEND_TEST_REDIS_SERVER``, such as Redis' own, instead of the embedded one."""
    if program := os.environ.get(_REDIS_SERVER):
        pytest.MonkeyPatch().setattr("infra.embedded.store.get_binary_path", lambda: Path(program))


@contextmanager
def any_broker(directory: Path) -> Iterator[str]:
    """The bootstrap servers of a broker."""
    if given := os.environ.get("TEND_TEST_BROKERS"):
        yield given
    elif in_containers():
        with kafka_container() as address:
            yield address
    else:
        with EmbeddedBroker(directory) as broker:
            yield broker.address


@contextmanager
def any_store(directory: Path) -> Iterator[str]:
    """The URL of a Redis or Valkey with an append-only file."""
    if given := os.environ.get("TEND_TEST_REDIS"):
        yield given
    elif in_containers():
        with redis_container() as url:
            yield url
    else:
        with EmbeddedStore(directory, "everysec") as store:
            yield store.url


@contextmanager
def kafka_container() -> Iterator[str]:
    """Apache Kafka in a container."""
    kafka: Any = importlib.import_module("testcontainers.kafka")
    with kafka.KafkaContainer(f"apache/kafka:{KAFKA_VERSION}") as container:
        yield str(container.get_bootstrap_server())


@contextmanager
def redis_container() -> Iterator[str]:
    """Redis in a container, with an append-only file."""
    redis: Any = importlib.import_module("testcontainers.redis")
    container = redis.RedisContainer("redis:8").with_command("redis-server --appendonly yes --appendfsync always")
    with container:
        yield f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}/0"


class OwnBroker(EmbeddedBroker):
    """An embedded broker with further listeners, which a test may kill: started again it has its log again.

    Args:
        directory: where its files go.
        password: a second listener, ``secured_address``, lets in with it (SASL, PLAIN) user ``tend``, who may do all,
            and these others, who may do nothing yet.
        wire_port: a listener on ``far_port`` tells clients to come through that port, where the test has a wire that
            leads here.
    """

    def __init__(
        self, directory: Path, password: str | None = None, wire_port: int = 0, users: Sequence[str] = ("stranger",)
    ) -> None:
        port, controller_port = free_port(), free_port()
        self.secured_address = f"{HOST}:{free_port()}"
        self.wire_port, self.far_port = wire_port, free_port()
        extra: dict[str, str] = {}
        listeners = f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}"
        if password:
            extra = {"listeners": f"SECURED://{self.secured_address},{listeners}"}
            extra |= {"advertised.listeners": f"SECURED://{self.secured_address},PLAINTEXT://{HOST}:{port}"}
            extra |= _secured(password, users)
        elif wire_port:
            extra = {"listeners": f"FAR://{HOST}:{self.far_port},{listeners}"}
            extra |= {"advertised.listeners": f"FAR://{HOST}:{wire_port},PLAINTEXT://{HOST}:{port}"}
            extra |= _between_others("FAR:PLAINTEXT")
        super().__init__(directory, port, controller_port, extra)


def _secured(password: str, users: Sequence[str]) -> dict[str, str]:
    known = " ".join(f'user_{user}="{password}"' for user in ("tend", *users))
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    return {
        **_between_others("SECURED:SASL_PLAINTEXT"),
        "listener.name.secured.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.secured.plain.sasl.jaas.config": f"{login} {known};",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:tend",
    }


def _between_others(listener: str) -> dict[str, str]:
    return {
        "listener.security.protocol.map": f"{listener},PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
    }


def delete_topics(address: str, *names: str) -> None:
    """Leave a broker without these topics, or without any of ours, so that the next test finds it as new."""
    admin = AdminClient({"bootstrap.servers": address, "log_level": 2})
    gone = set(names) or {name for name in admin.list_topics(timeout=20).topics if not name.startswith("__")}
    if not gone:
        return
    for result in admin.delete_topics(sorted(gone), operation_timeout=20).values():
        result.result(30)
    # Brokers hear of it a moment later, and whoever made topics before that would take these for there.
    deadline = time.monotonic() + _GONE_SECONDS
    while left := gone & admin.list_topics(timeout=20).topics.keys():
        if time.monotonic() > deadline:
            raise TimeoutError(f"still there: {sorted(left)}")
        time.sleep(0.02)


def delete_keys(url: str) -> None:
    """Leave a store without keys, as the next test expects it."""
    with Redis.from_url(url) as client:
        client.flushall()
