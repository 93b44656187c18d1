"""What somebody writes to internal topics who has the right to write, and not the key."""

from __future__ import annotations

from agents.clock import wall_clock
from infra.kafka.producers import BulkProducer
from schemas.signing import SIGNATURE
from schemas.topics import ALMANAC, LESSONS, POSITIONS, RULEBOOKS, WATERMARKS

BROADCAST = (RULEBOOKS, ALMANAC, LESSONS)
"""Internal topics of one partition."""
OF_LANES = (WATERMARKS, POSITIONS)
"""Those with a partition for each lane."""
POISON = (
    b"",
    b"\xff\xfe garbage",
    b"[" * 20_000,
    b'{"sequence": 999999999}',
    b"\x28\xb5\x2f\xfd" + b"\x00" * 9,
    b'{"version": "forged", "rules": []}',
)


def poison(producer: BulkProducer, topic: str, partition: int) -> None:
    """Send all of it to one partition, under the key that the installation itself would use."""
    headers = ((SIGNATURE, b"guessed"), ("tend-resume", b"7"))
    for body in POISON:
        producer.send(topic, partition, b"%d" % partition, body, wall_clock(), headers)
    producer.flush()


def poison_everywhere(producer: BulkProducer, partitions: int) -> None:
    """Send it to every internal topic."""
    for topic in BROADCAST:
        poison(producer, topic, 0)
    for topic in OF_LANES:
        for partition in range(partitions):
            poison(producer, topic, partition)
