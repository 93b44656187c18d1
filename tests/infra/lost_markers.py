"""What a lone Apache Kafka does to a transaction if it is killed a moment after it said that it was committed.

Its coordinator takes the transaction's partitions for deleted when it starts again, and calls the transaction complete
without having told them (seen with 4.3.0, about every second time that a broker is killed right after a commit). Here
the same is done with certainty: the markers are cut off the partitions' logs while the broker is away.
"""

from __future__ import annotations

import struct
from pathlib import Path

_HEAD = struct.Struct(">qiibIh")
"""Of a record batch: base offset, length, leader epoch, magic, checksum, attributes (KIP-98)."""
_LENGTH_FROM = 12
_CONTROL = 1 << 5


def lose_marker(log: Path, topic: str, partition: int) -> None:
    """Cut off what ends the last transaction of a partition. The broker must not run."""
    directory = log / f"{topic}-{partition}"
    segment = max(directory.glob("*.log"))
    data = segment.read_bytes()
    begins, attributes = _last_batch(data)
    assert attributes & _CONTROL, f"{topic} {partition} does not end with a marker"
    segment.write_bytes(data[:begins])
    for snapshot in directory.glob("*.snapshot"):
        snapshot.unlink()


def _last_batch(data: bytes) -> tuple[int, int]:
    at, found = 0, (0, 0)
    while at + _HEAD.size <= len(data):
        _, length, _, _, _, attributes = _HEAD.unpack_from(data, at)
        if not length:
            break
        found = at, attributes
        at += _LENGTH_FROM + length
    return found
