"""The file of one lane: written and read a block at a time, so that a lane of any size fits into little memory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

import msgspec
import zstandard

from infra.store import CustomerImage
from schemas.errors import ConfigurationRefused
from schemas.lane import OutboxEntry

FORMAT: Final = 1
"""Raised when older programs cannot read what is written; readers name both."""
_LINE: Final = b"tend snapshot of a lane, format %d\n"
_LENGTH: Final = 4
_DIGEST: Final = 16
_BLOCK_BYTES: Final = 262_144
"""Before compression; a block ends with the portion or entry that passes it."""
_LARGEST: Final = 64 << 20
"""No block is nearly as large."""
_LEVEL: Final = 3
"""Records are packed already; what it finds is between the customers of one block."""


class Head(msgspec.Struct, tag="lane", array_like=True, frozen=True):
    """What a lane is beside its customers and outbox."""

    partition: int
    state: bytes | None
    outbound: dict[str, int]
    """Behind these offsets of the outbound topics lies what was published after the snapshot, by topic."""


class OutboxEntries(msgspec.Struct, tag="outbox", array_like=True, frozen=True):
    """Some entries of the lane's outbox, in sequence."""

    entries: list[OutboxEntry]


class CustomerImages(msgspec.Struct, tag="customers", array_like=True, frozen=True):
    """Some of the lane's customers."""

    images: list[CustomerImage]


class End(msgspec.Struct, tag="end", array_like=True, frozen=True):
    """The last block: who reads it has read all."""

    images: int


Block = Head | OutboxEntries | CustomerImages | End

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Block] = msgspec.msgpack.Decoder(Block)


class LaneWriter:
    """Writes a lane's file; it gets its name once it is whole and on the disk."""

    def __init__(self, path: Path, head: Head, outbox: Sequence[OutboxEntry]) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._file: BinaryIO = self._part.open("wb")
        self._file.write(_LINE % FORMAT)
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)
        self._waiting: list[CustomerImage] = []
        self._size = 0
        self.images = 0
        self.digest = b""
        self._write(head)
        for entries in in_blocks(outbox):
            self._write(OutboxEntries(entries))

    def add(self, images: Sequence[CustomerImage]) -> None:
        """Write some more customers of the lane."""
        for image in images:
            self._waiting.append(image)
            self._size += len(image.record) + len(image.orders or b"") + sum(map(len, image.decisions))
        self.images += len(images)
        if self._size >= _BLOCK_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write the end, and give the file its name."""
        self._flush()
        self._write(End(self.images))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._waiting:
            self._write(CustomerImages(self._waiting))
            self._waiting, self._size = [], 0

    def _write(self, block: Block) -> None:
        body = self._packer.compress(_encoder.encode(block))
        self.digest = _digest(self.digest, body)
        self._file.write(len(body).to_bytes(_LENGTH, "big") + self.digest + body)


def read_blocks(path: Path) -> Iterator[tuple[Block, bytes]]:
    """The blocks of a lane's file, each with the digest of everything up to it.

    Raises:
        ConfigurationRefused: it is none, of another format, torn, or damaged.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ConfigurationRefused(
            f"{path} cannot be read: {error.strerror}. Fetch the snapshot's folder again, whole."
        ) from None
    with file:
        _check_line(path, file.readline(100))
        before, last, number = b"", None, 0
        while not isinstance(last, End):
            number += 1
            body, before = _read_body(path, file, number, before)
            last = _decode(path, number, body)
            yield last, before
        if file.read(1):
            raise ConfigurationRefused(f"{path} goes on behind its end. {_AGAIN}")


def read_head(path: Path) -> Head:
    """What the lane is beside its customers and outbox. Raises as ``read_blocks`` does."""
    blocks = read_blocks(path)
    try:
        first, _ = next(blocks)
    finally:
        blocks.close()  # type: ignore[attr-defined]  # a generator, promised as an iterator only
    if not isinstance(first, Head):
        raise ConfigurationRefused(f"{path} does not begin with a lane. {_AGAIN}")
    return first


def read_outbox(path: Path) -> Iterator[list[OutboxEntry]]:
    """The lane's outbox, a block at a time. Raises as ``read_blocks`` does."""
    for block, _ in read_blocks(path):
        if isinstance(block, OutboxEntries):
            yield block.entries
        elif not isinstance(block, Head):
            return


def read_customers(path: Path) -> Iterator[list[CustomerImage]]:
    """The lane's customers, a block at a time. Raises as ``read_blocks`` does."""
    return (block.images for block, _ in read_blocks(path) if isinstance(block, CustomerImages))


def in_blocks(outbox: Sequence[OutboxEntry]) -> Iterator[list[OutboxEntry]]:
    """The outbox in parts that fit into a block, and into a commit."""
    some: list[OutboxEntry] = []
    size = 0
    for entry in outbox:
        if some and size + entry.size > _BLOCK_BYTES:
            yield some
            some, size = [], 0
        some.append(entry)
        size += entry.size
    if some:
        yield some


_AGAIN = "Fetch the file again from where it was kept, or take another snapshot."


def _check_line(path: Path, line: bytes) -> None:
    before, _, after = _LINE.partition(b"%d")
    found = line[len(before) : -len(after)]
    if not line.startswith(before) or not line.endswith(after) or not found.isdigit():
        raise ConfigurationRefused(f"{path} is no snapshot of a lane. Give the folder that tend snapshot made.")
    if int(found) != FORMAT:
        raise ConfigurationRefused(
            f"{path} was written in format {int(found)}; this program reads format {FORMAT}. "
            "Restore with the version of tend that wrote it, or a newer one."
        )


def _read_body(path: Path, file: BinaryIO, number: int, before: bytes) -> tuple[bytes, bytes]:
    at = file.tell()
    frame = file.read(_LENGTH + _DIGEST)
    length = int.from_bytes(frame[:_LENGTH], "big")
    if length > _LARGEST:
        raise ConfigurationRefused(f"{path} is damaged at byte {at}, in its block {number}. {_AGAIN}")
    body = file.read(length)
    if len(frame) < _LENGTH + _DIGEST or len(body) < length:
        raise ConfigurationRefused(
            f"{path} is torn: it ends at byte {file.tell()}, in the middle of its block {number}. {_AGAIN}"
        )
    digest = _digest(before, body)
    if digest != frame[_LENGTH:]:
        raise ConfigurationRefused(
            f"{path} is damaged: block {number}, at byte {at}, is not what was written there. {_AGAIN}"
        )
    return body, digest


def _decode(path: Path, number: int, body: bytes) -> Block:
    try:
        # A frame that says how long its content is would be believed, whatever the bound.
        said = zstandard.get_frame_parameters(body).content_size
        if said != zstandard.CONTENTSIZE_UNKNOWN and said > _LARGEST:
            raise ConfigurationRefused(f"{path}: block {number} says it is {said} bytes long. {_AGAIN}")
        return _decoder.decode(zstandard.ZstdDecompressor().decompress(body, max_output_size=_LARGEST))
    except (zstandard.ZstdError, msgspec.MsgspecError, RecursionError) as error:
        raise ConfigurationRefused(f"{path}: block {number} cannot be read ({error}). {_AGAIN}") from None


def _digest(before: bytes, body: bytes) -> bytes:
    return blake2b(before + body, digest_size=_DIGEST).digest()
