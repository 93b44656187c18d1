"""A file of events: judged, sorted where need be, and nothing lost in silence."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.replay.file import read_file
from agents.replay.sorting import sorted_lines
from agents.simulate.journey import Journey
from schemas.errors import TendError


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return [event.body for event in Journey(days=4, households=30).events()]


def written(path: Path, lines: list[bytes]) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wb") as file:
        file.write(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize("name", ["events.jsonl", "events.jsonl.gz"])
def test_a_file_gives_its_events_as_they_stand(tmp_path: Path, lines: list[bytes], name: str) -> None:
    found = read_file(written(tmp_path / name, lines))

    assert [told.body for told in found.events()] == lines
    assert (found.count, found.bad_count, found.unsorted_at) == (len(lines), 0, None)
    assert all(found.start <= told.time < found.end for told in found.events())


def test_a_file_in_any_order_is_sorted(tmp_path: Path, lines: list[bytes]) -> None:
    mixed = random.Random(1).sample(lines, len(lines))

    found = read_file(written(tmp_path / "mixed", mixed))
    told = list(found.events())

    assert found.unsorted_at is not None
    assert sorted(told) == told
    assert [one.body for one in told] == lines


def test_bad_lines_are_named_counted_and_left_out(tmp_path: Path, lines: list[bytes]) -> None:
    bad = [b"{", b'{"type": "order.eaten"}', lines[0].replace(b'"id"', b'"idd"')]
    found = read_file(written(tmp_path / "bad", [*bad, *lines[:5], b"", b"[]"]))

    assert [told.body for told in found.events()] == lines[:5]
    assert found.bad_count == 4
    assert [one.number for one in found.bad] == [1, 2, 3, 10]
    assert "unknown_type: type" in str(found.bad[1])
    assert str(found.bad[2]).startswith("line 3: missing_field: id")


def test_a_file_is_named_by_its_content(tmp_path: Path, lines: list[bytes]) -> None:
    one, same, other = (
        read_file(written(tmp_path / name, content)).name
        for name, content in (("one", lines), ("same.gz", lines), ("other", lines[1:]))
    )

    assert one == same != other


def test_a_file_without_any_event_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(TendError, match=r"holds no event.*\n.*line 1: "):
        read_file(written(tmp_path / "csv", [b"a,b,c"]))


def test_a_broken_archive_is_refused(tmp_path: Path, lines: list[bytes]) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"\n".join(lines))[:-500])

    with pytest.raises(TendError, match="cannot be read"):
        read_file(path)


@given(st.lists(st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"") + b"\n")), st.integers(1, 200))
def test_lines_are_sorted_whatever_fits_into_memory(some: list[bytes], run_bytes: int) -> None:
    assert list(sorted_lines(some, run_bytes=run_bytes, fan_in=3)) == sorted(some)


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    list(sorted_lines([b"b\n", b"a\n"] * 50, run_bytes=300, fan_in=2, folder=tmp_path))

    assert not list(tmp_path.iterdir())
