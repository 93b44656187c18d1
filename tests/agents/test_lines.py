"""A line of any length costs no memory: it is refused in words."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.imports.encoding import _blocks
from agents.imports.opening import sources_of
from agents.lines import MOST, bounded_lines
from agents.product_feed import read_feed
from agents.rehearsal.lines import read_lines
from agents.replay.file import read_file
from schemas.errors import TendError
from tests.shell import tend

LONG = 48 << 20


def plain(path: Path, head: bytes) -> Path:
    path.write_bytes(head + b"a" * LONG)
    return path


def packed(path: Path, head: bytes) -> Path:
    """A thousand times as long as it looks."""
    path = path.with_suffix(path.suffix + ".gz")
    with gzip.open(path, "wb", 9) as file:
        file.write(head)
        for _ in range(1 << 6):
            file.write(b"a" * (1 << 20))
    return path


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    text = "one\n\ntwo\r\nthree"
    (tmp_path / "file").write_text(text, newline="")

    with (tmp_path / "file").open(newline="") as file:
        assert list(bounded_lines(file, "file")) == ["one\n", "\n", "two\r\n", "three"]


def test_a_line_as_long_as_can_be_is_taken(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"a" * (MOST - 1) + b"\nb")

    with (tmp_path / "file").open("rb") as file:
        assert [len(line) for line in bounded_lines(file, "file")] == [MOST, 1]


@pytest.mark.parametrize("written", [plain, packed], ids=["plain", "gzip"])
def test_a_replay_refuses_a_line_without_end(written: Callable[[Path, bytes], Path], tmp_path: Path) -> None:
    path = written(tmp_path / "events.jsonl", b'{"id":"1"}\n')

    with pytest.raises(TendError, match=r"events.*, line 2: is longer than 16 MiB"):
        read_file(path)


@pytest.mark.parametrize("written", [plain, packed], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["orders.csv", "orders.jsonl"])
def test_an_import_refuses_a_line_without_end(
    name: str, written: Callable[[Path, bytes], Path], tmp_path: Path
) -> None:
    head = (
        b"order,customer,date,amount\n1,c-1,2024-05-01,5\n"
        if name.endswith("csv")
        else b'{"order":"1","customer":"c-1","date":"2024-05-01","amount":5}\n'
    )
    path = written(tmp_path / name, head)

    columns = (
        "--customer",
        "customer",
        "--order",
        "order",
        "--time",
        "date",
        "--amount",
        "amount",
        "--currency",
        "EUR",
    )
    said = tend("import", "orders", str(path), *columns, "--out", str(tmp_path / "out.jsonl"))

    assert said.status == 2, said
    assert "is longer than 16 MiB" in said.err
    assert not (tmp_path / "out.jsonl").exists()


def test_of_a_line_without_end_an_encoding_needs_no_more_at_a_time(tmp_path: Path) -> None:
    with plain(tmp_path / "orders.csv", b"").open("rb") as file:
        assert max(len(block) for block in _blocks(b"", file)) <= MOST + (1 << 20)


def test_an_import_never_writes_over_what_it_reads(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order,customer,date,amount\n1,c-1,2024-05-01,5\n")
    columns = ("--customer", "customer", "--order", "order", "--time", "date", "--amount", "amount")

    said = tend("import", "orders", str(path), *columns, "--currency", "EUR", "--out", str(path))

    assert said.status == 2
    assert "Name another file with --out" in said.err
    assert path.read_text().startswith("order,customer")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_an_import_reads_no_device(device: str) -> None:
    with pytest.raises(TendError, match=f"{device} is no plain file"):
        sources_of(Path(device))


def test_a_catalogue_refuses_a_line_without_end(tmp_path: Path) -> None:
    path = plain(tmp_path / "catalogue.jsonl", b'{"sku":"s-1","stock":1}\n')

    with pytest.raises(TendError, match="line 2: is longer than 16 MiB"):
        read_feed(path, 0)


def test_a_rehearsal_refuses_a_line_without_end(tmp_path: Path) -> None:
    with pytest.raises(TendError, match="line 2: is longer than 16 MiB"):
        read_lines(plain(tmp_path / "life.jsonl", b"{}\n"))


def test_a_workbook_that_unpacks_to_a_thousand_times_its_size_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.imports.opening._LARGEST_WORKBOOK", 4 << 20)
    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(5):
                sheet.write(b" " * (1 << 20))

    with pytest.raises(TendError, match=r"unpacks to 5 MiB.*as CSV"):
        sources_of(path)
