"""Which files of tests share servers, and which files take long: what the processes of a run are given, and when."""

from __future__ import annotations

from typing import Final

GROUPS: Final = {
    "site": (
        "tests/engine/test_api.py",
        "tests/engine/test_console.py",
        "tests/engine/test_outcomes.py",
        "tests/engine/test_service.py",
        "tests/interop/test_kafkajs.py",
    ),
    "replays": (
        "tests/equality/",
        "tests/engine/test_partitions.py",
        "tests/engine/test_standstill.py",
        "tests/agents/test_replay_feed.py",
        "tests/agents/test_demo_broker.py",
    ),
    "broker": (
        "tests/infra/test_kafka_",
        "tests/infra/test_prefetcher.py",
        "tests/infra/test_producers.py",
        "tests/infra/test_partition_log.py",
        "tests/agents/rollups/test_keeping.py",
    ),
    "second broker": (
        "tests/engine/test_runbooks.py",
        "tests/engine/test_refusals.py",
        "tests/infra/test_outbox_publisher.py",
        "tests/infra/test_embedded.py",
        "tests/agents/senders/test_consuming.py",
    ),
}
"""What shares a server, by how the names of its files begin. A file that is missing here starts its own."""
_LONG: Final = (
    "tests/streams/",
    "tests/fuzz/",
    "tests/infra/",
    "tests/agents/senders/",
    "tests/repo/",
)
"""Of what shares nothing, the folders that take longest."""


def group_of(nodeid: str) -> str:
    """What the test goes to a process with: the group of its file, else the file alone."""
    file = nodeid.partition("::")[0]
    return next((name for name, files in GROUPS.items() if file.startswith(files)), file)


def turn(nodeid: str) -> int:
    """When its file begins: groups first, in their order, then what takes long."""
    order = [*GROUPS]
    group = group_of(nodeid)
    return order.index(group) if group in order else len(order) + (not group.startswith(_LONG))
