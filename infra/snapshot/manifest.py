"""``snapshot.json``: what a snapshot is, and which files belong to it."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import Final

import msgspec

from infra.snapshot.lane_file import FORMAT, read_blocks
from schemas.errors import ConfigurationRefused
from schemas.times import Millis

_NAME: Final = "snapshot.json"
_LARGEST: Final = 16 << 20
"""Bytes of a manifest: an entry takes about 200, and there are at most a few thousand lanes."""


class LaneEntry(msgspec.Struct, frozen=True):
    """One lane's file."""

    file: str
    size: int
    """Bytes of it."""
    digest: str
    """That of its last block, which hangs on all before."""
    images: int
    """Customers in it; who changed while the lane was copied may be in it twice."""
    time: Millis
    """Up to when the lane had come."""


class Manifest(msgspec.Struct, frozen=True):
    """What a snapshot is made of: one file for each lane."""

    format: int
    made: str
    """When it was begun, RFC 3339."""
    partitions: int
    lanes: list[LaneEntry]
    """By partition."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Make the folder a snapshot: from now on it is whole."""
    part = folder / f"{_NAME}.part"
    with part.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(folder / _NAME)


def check_unused(folder: Path) -> None:
    """Raises ConfigurationRefused where the folder holds a snapshot already."""
    if (folder / _NAME).exists():
        raise ConfigurationRefused(f"{folder} holds a snapshot already. Name another folder, or remove this one first.")


def read_manifest(folder: Path) -> Manifest:
    """What the folder holds.

    Raises:
        ConfigurationRefused: it is no snapshot, an unfinished one, or of another format.
    """
    path = folder / _NAME
    if not path.is_file():
        raise ConfigurationRefused(
            f"{folder} is no snapshot, or was not finished: it has no {_NAME}. Name a folder that has one."
        )
    if (size := path.stat().st_size) > _LARGEST:
        raise ConfigurationRefused(f"{path} is {size} bytes long, no manifest is. Fetch the snapshot's folder again.")
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise ConfigurationRefused(
            f"{path} cannot be read ({error}). Fetch the snapshot's folder again, whole."
        ) from None
    if manifest.format != FORMAT:
        raise ConfigurationRefused(
            f"{path} was written in format {manifest.format}; this program reads format {FORMAT}. "
            "Restore with the version of tend that wrote it, or a newer one."
        )
    for entry in manifest.lanes:
        if entry.file in ("", ".", "..") or Path(entry.file).name != entry.file or "\\" in entry.file:
            raise ConfigurationRefused(
                f"{path} names {entry.file!r} as the file of a lane; expected a name in its own folder. "
                "Fetch the snapshot's folder again from where it was kept."
            )
    return manifest


def verify(folder: Path, entry: LaneEntry) -> None:
    """Read a lane's file to its end, to know that it is whole and belongs to this snapshot.

    Raises:
        ConfigurationRefused: it is torn, damaged, or of another snapshot.
    """
    path = folder / entry.file
    digests = deque((digest for _, digest in read_blocks(path)), maxlen=1)
    if digests[0].hex() != entry.digest:
        raise ConfigurationRefused(
            f"{path} belongs to another snapshot than {folder / _NAME}. Fetch the snapshot's folder again."
        )
