"""A worker without lanes of its own, to be killed: ``python -m tests.infra.member BROKERS GROUP SESSION TOPIC...``.

It reads its partitions from the beginning and prints, five times a second, which it owns and how far it has read.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile

import orjson

from infra.kafka.fetching.buffer import PartitionRevoked
from infra.kafka.fetching.faust_app import make_engine
from infra.settings import load_settings


async def main(brokers: str, group: str, session: str, *topics: str) -> None:
    """Run until killed."""
    settings = load_settings(
        {"brokers": brokers, "group": group, "session_seconds": session, "data_dir": tempfile.mkdtemp()}
    )
    lanes: dict[int, asyncio.Task[None]] = {}
    offsets: dict[int, dict[str, int]] = {}

    async def lane(partition: int) -> None:
        read = offsets[partition] = dict.fromkeys(topics, 0)
        buffer = engine.group.open(partition, read)
        try:
            while True:
                await buffer.wait(topics, 50)
                for topic in topics:
                    buffer.take(topic)
                    read[topic] = buffer.position(topic)
        except PartitionRevoked:
            del offsets[partition]

    async def owned(partition: int) -> None:
        lanes[partition] = asyncio.create_task(lane(partition))

    async def lost(partition: int) -> None:
        await lanes.pop(partition)

    engine = make_engine(settings, topics, owned, lost)
    await engine.start()
    while True:
        read = {str(partition): sum(found.values()) for partition, found in offsets.items()}
        sys.stdout.write(orjson.dumps(read).decode() + "\n")
        sys.stdout.flush()
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
