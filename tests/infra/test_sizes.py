"""Nothing stored says how much memory reading it takes."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import msgspec
import pytest
import zstandard

from infra.snapshot import lane_file, read_head
from infra.snapshot.manifest import LaneEntry, Manifest, read_manifest
from schemas.codec import Unreadable, decode_record
from schemas.compression import MOST, RECORDS, BadCompression
from schemas.errors import ConfigurationRefused

GIGABYTE = 1 << 30


def frame_of(size: int, magicless: bool) -> bytes:
    """A few bytes that say their content is long, and it is."""
    form = zstandard.FORMAT_ZSTD1_MAGICLESS if magicless else zstandard.FORMAT_ZSTD1
    how = zstandard.ZstdCompressionParameters.from_level(3, format=form, write_content_size=True)
    return zstandard.ZstdCompressor(compression_params=how).compress(b"\0" * size)


def header_of(size: int) -> bytes:
    """A header alone that asks for so much."""
    return bytes([0b1110_0000]) + size.to_bytes(8, "little") + b"\x01\x00\x00"


LONG = {"100 GiB": header_of(100 * GIGABYTE), "a byte more": header_of(MOST + 1), "true": frame_of(MOST + 1, True)}


@pytest.mark.parametrize("frame", LONG.values(), ids=LONG)
def test_a_packed_record_that_says_it_is_long_is_refused_before_anything_is_allocated(frame: bytes) -> None:
    with pytest.raises(BadCompression):
        RECORDS.unpack(b"\x01" + frame)
    with pytest.raises(Unreadable):
        decode_record(b"\x01" + frame)


def test_what_is_packed_here_never_says_its_size() -> None:
    for plain in (b"\x91" + b"a" * 10_000, b"\x92" * 500):
        assert RECORDS.unpack(RECORDS.pack(plain)) == plain
        assert not RECORDS.pack(plain)[1] & 0b1110_0000


def test_a_block_of_a_snapshot_that_says_it_is_long_is_refused(tmp_path: Path) -> None:
    header = zstandard.ZstdCompressor().compress(b"")[:4] + header_of(100 * GIGABYTE)
    path = tmp_path / "lane-0000.tend"
    digest = blake2b(header, digest_size=16).digest()
    path.write_bytes(lane_file._LINE % 1 + len(header).to_bytes(4, "big") + digest + header)

    with pytest.raises(ConfigurationRefused, match=r"says it is \d+ bytes long"):
        read_head(path)


@pytest.mark.parametrize("name", ["../lane-0000.tend", "/etc/passwd", "..", "", ".", "a/b", "a\\b"])
def test_a_snapshot_reads_files_of_its_own_folder_only(tmp_path: Path, name: str) -> None:
    manifest = Manifest(lane_file.FORMAT, "2026-01-01T00:00:00Z", 1, [LaneEntry(name, 1, "", 0, 0)])
    (tmp_path / "snapshot.json").write_bytes(msgspec.json.encode(manifest))

    with pytest.raises(ConfigurationRefused, match="expected a name in its own folder"):
        read_manifest(tmp_path)


def test_a_manifest_of_any_length_costs_no_memory(tmp_path: Path) -> None:
    with (tmp_path / "snapshot.json").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(ConfigurationRefused, match="no manifest is"):
        read_manifest(tmp_path)
