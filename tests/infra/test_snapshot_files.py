"""The files of a snapshot: what goes in comes out, and whatever is not as it was written is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from infra.snapshot import (
    FORMAT,
    Head,
    LaneEntry,
    LaneWriter,
    Manifest,
    check_unused,
    read_blocks,
    read_customers,
    read_head,
    read_manifest,
    read_outbox,
    verify,
    write_manifest,
)
from infra.store import CustomerImage
from schemas.errors import ConfigurationRefused
from schemas.lane import OutboxEntry

HEAD = Head(3, b"state", {"care.coupons": 17})


def image(n: int) -> CustomerImage:
    return CustomerImage(f"c{n}", b"%d" % n * 200, b"book" if n % 2 else None, n if n % 3 else None, [b"d"] * (n % 4))


def entry(n: int, size: int = 10) -> OutboxEntry:
    return OutboxEntry(n, "care.messages", 3, b"c1", bytes(size), (("tend-seq", b"3:%d" % n),))


def written(path: Path, customers: int = 3_000, outbox: int = 5) -> LaneEntry:
    with LaneWriter(path, HEAD, [entry(n + 1) for n in range(outbox)]) as writer:
        for start in range(0, customers, 100):
            writer.add([image(n) for n in range(start, start + 100)])
        writer.finish()
    return LaneEntry(path.name, path.stat().st_size, writer.digest.hex(), writer.images, 9)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lane"

    made = written(path)

    assert read_head(path) == HEAD
    assert [one for some in read_outbox(path) for one in some] == [entry(n + 1) for n in range(5)]
    assert [one for some in read_customers(path) for one in some] == [image(n) for n in range(3_000)]
    assert made.images == 3_000
    verify(tmp_path, made)
    assert [file.name for file in tmp_path.iterdir()] == ["lane"]


def test_a_lane_of_any_size_is_read_and_written_in_blocks_of_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "lane"
    with LaneWriter(path, HEAD, [entry(n + 1, size=90_000) for n in range(20)]) as writer:
        for start in range(0, 20_000, 100):
            writer.add([image(n) for n in range(start, start + 100)])
        writer.finish()

    sizes = [len(msgspec.msgpack.encode(block)) for block, _ in read_blocks(path)]

    assert len(sizes) > 20
    assert max(sizes) < 400_000


def test_an_empty_lane(tmp_path: Path) -> None:
    with LaneWriter(tmp_path / "lane", Head(0, None, {}), []) as writer:
        writer.finish()

    assert read_head(tmp_path / "lane").state is None
    assert list(read_outbox(tmp_path / "lane")) == []
    assert list(read_customers(tmp_path / "lane")) == []


def test_a_writer_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    with LaneWriter(tmp_path / "lane", HEAD, []) as writer:
        writer.add([image(1)])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.999])
def test_a_torn_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "lane"
    made = written(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])

    with pytest.raises(ConfigurationRefused, match=r"lane is torn: it ends at byte \d+|no snapshot of a lane"):
        verify(tmp_path, made)


def test_a_file_without_its_last_block_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lane"
    made = written(path)
    lengths = [len(body) for body in _bodies(path)]
    path.write_bytes(path.read_bytes()[: -(lengths[-1] + 20)])

    with pytest.raises(ConfigurationRefused, match="is torn"):
        verify(tmp_path, made)


def _bodies(path: Path) -> list[bytes]:
    rest = path.read_bytes().partition(b"\n")[2]
    bodies = []
    while rest:
        length = int.from_bytes(rest[:4], "big")
        bodies.append(rest[20 : 20 + length])
        rest = rest[20 + length :]
    return bodies


@pytest.mark.parametrize("place", range(0, 100, 7))
def test_one_changed_bit_is_noticed(tmp_path: Path, place: int) -> None:
    path = tmp_path / "lane"
    made = written(path)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) * place // 100] ^= 4
    path.write_bytes(damaged)

    with pytest.raises(ConfigurationRefused, match=r"damaged|torn|no snapshot of a lane|format"):
        verify(tmp_path, made)


def _without_second(blocks: list[bytes]) -> list[bytes]:
    return [blocks[0], *blocks[2:]]


def _exchanged(blocks: list[bytes]) -> list[bytes]:
    return [blocks[0], blocks[2], blocks[1], *blocks[3:]]


@pytest.mark.parametrize("change", [_without_second, _exchanged])
def test_blocks_that_are_missing_or_exchanged_are_noticed(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    path = tmp_path / "lane"
    made = written(path)
    line, _, rest = path.read_bytes().partition(b"\n")
    blocks = []
    while rest:
        size = 20 + int.from_bytes(rest[:4], "big")
        blocks.append(rest[:size])
        rest = rest[size:]
    path.write_bytes(line + b"\n" + b"".join(change(blocks)))

    with pytest.raises(ConfigurationRefused, match="is damaged: block 2"):
        verify(tmp_path, made)


def test_what_stands_behind_the_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lane"
    made = written(path)
    path.write_bytes(path.read_bytes() + b"more")

    with pytest.raises(ConfigurationRefused, match="goes on behind its end"):
        verify(tmp_path, made)


def test_another_format_is_refused_with_both(tmp_path: Path) -> None:
    path = tmp_path / "lane"
    written(path)
    path.write_bytes(path.read_bytes().replace(b"format %d" % FORMAT, b"format %d" % (FORMAT + 1), 1))

    with pytest.raises(ConfigurationRefused, match=f"format {FORMAT + 1}; this program reads format {FORMAT}.*newer"):
        read_head(path)


def test_a_file_of_another_snapshot_is_refused(tmp_path: Path) -> None:
    made = written(tmp_path / "lane")
    written(tmp_path / "lane", customers=100)

    with pytest.raises(ConfigurationRefused, match="belongs to another snapshot"):
        verify(tmp_path, made)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    made = written(tmp_path / "lane")
    (tmp_path / "lane").unlink()

    with pytest.raises(ConfigurationRefused, match="lane cannot be read: No such file"):
        verify(tmp_path, made)


# ---------------------------------------------------------------- the folder


def test_a_folder_is_a_snapshot_once_its_manifest_is_there(tmp_path: Path) -> None:
    check_unused(tmp_path)
    with pytest.raises(ConfigurationRefused, match=r"is no snapshot, or was not finished: it has no snapshot\.json"):
        read_manifest(tmp_path)
    manifest = Manifest(FORMAT, "2026-01-31T09:00:00.000Z", 1, [written(tmp_path / "lane")])

    write_manifest(tmp_path, manifest)

    assert read_manifest(tmp_path) == manifest
    with pytest.raises(ConfigurationRefused, match="holds a snapshot already"):
        check_unused(tmp_path)


def test_a_folder_of_another_format_is_refused_with_both(tmp_path: Path) -> None:
    write_manifest(tmp_path, Manifest(FORMAT + 1, "", 1, []))

    with pytest.raises(ConfigurationRefused, match=f"format {FORMAT + 1}; this program reads format {FORMAT}"):
        read_manifest(tmp_path)


def test_a_damaged_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / "snapshot.json").write_text('{"format": 1')

    with pytest.raises(ConfigurationRefused, match=r"snapshot\.json cannot be read"):
        read_manifest(tmp_path)
