"""Which broker and store the integration tests run on.

In this order: addresses given in ``TEND_TEST_BROKERS`` and ``TEND_TEST_REDIS``; containers, where a Docker engine
answers and testcontainers is installed; for tests marked ``kafka`` real Apache Kafka, its jars fetched by Maven; else
the embedded ones. ``TEND_TEST_REDIS_SERVER`` names a program to start stores with instead of Valkey. Given servers are
used as they are: name none whose topics and keys you want to keep.
"""

from __future__ import annotations

import base64
import importlib
import importlib.util
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from infra.embedded import EmbeddedBroker, EmbeddedStore
from infra.embedded.process import HOST, ServerProcess, free_port, kafka_answers

KAFKA_VERSION = "4.3.0"
_POM = Path(__file__).parent / "kafka" / "pom.xml"
_MAVEN_SECONDS = 600
_REDIS_SERVER = "TEND_TEST_REDIS_SERVER"
_START_SECONDS = 90.0


@cache
def docker_answers() -> bool:
    """Whether containers can be used: testcontainers is installed and a Docker engine answers."""
    if importlib.util.find_spec("testcontainers") is None or shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0


def describe() -> str:
    """One line for the head of the test report."""
    contained = "container" if docker_answers() else ""
    broker = os.environ.get("TEND_TEST_BROKERS") or contained or "embedded (Tansu)"
    kafka = os.environ.get("TEND_TEST_BROKERS") or contained or f"Apache Kafka {KAFKA_VERSION} from Maven"
    store = os.environ.get("TEND_TEST_REDIS") or contained or os.environ.get(_REDIS_SERVER) or "embedded (Valkey)"
    return f"broker: {broker}; broker of tests marked kafka: {kafka}; store: {store}"


def use_given_redis_server() -> None:
    """Start stores from the program in ``TEND_TEST_REDIS_SERVER``, such as Redis' own, instead of the embedded one."""
    if program := os.environ.get(_REDIS_SERVER):
        pytest.MonkeyPatch().setattr("infra.embedded.store.get_binary_path", lambda: Path(program))


@contextmanager
def any_broker(directory: Path) -> Iterator[str]:
    """The bootstrap servers of a broker, the simplest there is."""
    if given := os.environ.get("TEND_TEST_BROKERS"):
        yield given
    elif docker_answers():
        with kafka_container() as address:
            yield address
    else:
        with EmbeddedBroker(directory) as broker:
            yield broker.address


@contextmanager
def real_kafka(directory: Path) -> Iterator[str]:
    """The bootstrap servers of a real Apache Kafka; skips the test where there is none, fails it in CI."""
    if given := os.environ.get("TEND_TEST_BROKERS"):
        yield given
    elif docker_answers():
        with kafka_container() as address:
            yield address
    else:
        with kafka_from_maven(directory) as address:
            yield address


@contextmanager
def any_store(directory: Path) -> Iterator[str]:
    """The URL of a Redis or Valkey with an append-only file."""
    if given := os.environ.get("TEND_TEST_REDIS"):
        yield given
    elif docker_answers():
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


@contextmanager
def kafka_from_maven(directory: Path, *, optimised: bool = False) -> Iterator[str]:
    """The address of an Apache Kafka of its own; see LocalKafka."""
    kafka = LocalKafka(directory, optimised=optimised)
    kafka.start()
    try:
        yield kafka.address
    finally:
        kafka.kill()  # nothing of it is kept, and its orderly end takes seconds


class LocalKafka(ServerProcess):
    """Apache Kafka in KRaft mode, one node, on free ports; killed and started again it has its log again.

    Its jars are fetched once and kept in the user's cache.
    """

    def __init__(
        self, directory: Path, password: str | None = None, wire_port: int = 0, *, optimised: bool = False
    ) -> None:
        """With a password a second listener, ``secured_address``, lets in with it (SASL, PLAIN) user
        ``tend``, who may do all, and user ``stranger``, who may do nothing yet. With ``wire_port`` a listener on
        ``far_port`` tells clients to come through that port, where the test has a wire that leads here.
        ``optimised`` lets Java compile what runs often as well as it can: it starts more slowly, and costs less from
        then on."""
        self.secured_address = f"{HOST}:{free_port()}"
        self.wire_port, self.far_port = wire_port, free_port()
        port, config = free_port(), directory / "server.properties"
        directory.mkdir(parents=True, exist_ok=True)
        properties = _server_properties(port, free_port(), directory / "log")
        if password:
            properties = _secured(properties, self.secured_address, password)
        elif wire_port:
            properties = _far(properties, self.far_port, wire_port)
        config.write_text(properties)
        quickly = [] if optimised else ["-XX:TieredStopAtLevel=1"]
        java = ["java", "-Xmx512m", "-XX:+UseSerialGC", *quickly, "-cp", f"{_kafka_jars()}/*"]
        format_log = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            _cluster_id(),
            "-c",
            str(config),
        ]
        subprocess.run(format_log, check=True, capture_output=True, timeout=_START_SECONDS)
        super().__init__(
            name="Apache Kafka",
            command=[*java, "kafka.Kafka", str(config)],
            port=port,
            log=directory / "kafka.log",
            answers=kafka_answers,
            start_seconds=_START_SECONDS,
        )


def _kafka_jars() -> Path:
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        _cannot(f"no {' and no '.join(missing)}; Apache Kafka for tests needs Java 17 and Maven")
    cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    jars = cache_home / "tend" / f"kafka-{KAFKA_VERSION}"
    if not any(jars.glob("kafka_*.jar")):
        fresh = jars.with_name(f"{jars.name}.{os.getpid()}")
        command = ["mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies", f"-DoutputDirectory={fresh}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MAVEN_SECONDS, check=False)
        if done.returncode != 0:
            _cannot(f"Maven could not fetch Apache Kafka:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        shutil.rmtree(jars, ignore_errors=True)
        fresh.rename(jars)
    return jars


def _cannot(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _cluster_id() -> str:
    # Kafka wants 16 bytes in base64; the text must not begin with a dash.
    return base64.urlsafe_b64encode(b"t" + uuid.uuid4().bytes[1:]).decode().rstrip("=")


def _server_properties(port: int, controller_port: int, log: Path) -> str:
    one = ["offsets.topic", "transaction.state.log", "share.coordinator.state.topic"]
    lines = [
        "process.roles=broker,controller",
        "node.id=1",
        f"controller.quorum.bootstrap.servers={HOST}:{controller_port}",
        f"listeners=PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        f"advertised.listeners=PLAINTEXT://{HOST}:{port}",
        "controller.listener.names=CONTROLLER",
        f"log.dirs={log}",
        "auto.create.topics.enable=false",
        "group.initial.rebalance.delay.ms=0",
        "group.min.session.timeout.ms=1000",
        "offsets.topic.num.partitions=4",
        "transaction.state.log.num.partitions=4",
        *(f"{name}.replication.factor=1" for name in one),
        *(f"{name}.min.isr=1" for name in one[1:]),
    ]
    return "\n".join(lines) + "\n"


def _secured(properties: str, address: str, password: str) -> str:
    login = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    listener = f"SECURED://{address}"
    with_listener = properties.replace("listeners=PLAINTEXT:", f"listeners={listener},PLAINTEXT:")
    lines = [
        "listener.security.protocol.map=SECURED:SASL_PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=PLAINTEXT",
        "listener.name.secured.sasl.enabled.mechanisms=PLAIN",
        f'listener.name.secured.plain.sasl.jaas.config={login} user_tend="{password}" user_stranger="{password}";',
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS;User:tend",
    ]
    return with_listener + "\n".join(lines) + "\n"


def _far(properties: str, port: int, advertised: int) -> str:
    with_listener = properties.replace("\nlisteners=", f"\nlisteners=FAR://{HOST}:{port},")
    told = with_listener.replace("advertised.listeners=", f"advertised.listeners=FAR://{HOST}:{advertised},")
    lines = [
        "listener.security.protocol.map=FAR:PLAINTEXT,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name=PLAINTEXT",
    ]
    return told + "\n".join(lines) + "\n"


def delete_topics(address: str) -> None:
    """Leave a broker without topics of ours, so that the next test finds it as new."""
    admin = AdminClient({"bootstrap.servers": address, "log_level": 2})
    names = [name for name in admin.list_topics(timeout=20).topics if not name.startswith("__")]
    if names:
        for result in admin.delete_topics(names, operation_timeout=20).values():
            result.result(30)
