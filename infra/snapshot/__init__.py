"""Snapshots: what a store holds, lane by lane, in files of a format of their own.

A snapshot is a folder. ``snapshot.json`` says what it is and is written last, so a folder without it is none. Each lane
has one file: a line that names the format, then blocks. A block is its length, a digest of it and of all blocks before
it, and MessagePack compressed with Zstandard. So whatever is torn, damaged, exchanged or missing is noticed.
"""

from infra.snapshot.lane_file import FORMAT, Head, LaneWriter, read_blocks, read_customers, read_head, read_outbox
from infra.snapshot.manifest import LaneEntry, Manifest, check_unused, read_manifest, verify, write_manifest

__all__ = [
    "FORMAT",
    "Head",
    "LaneEntry",
    "LaneWriter",
    "Manifest",
    "check_unused",
    "read_blocks",
    "read_customers",
    "read_head",
    "read_manifest",
    "read_outbox",
    "verify",
    "write_manifest",
]
