"""Stage 1, open: whatever a shop hands over as a list of sources, each one table of text, JSON or cells."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, cast

from agents.imports.encoding import encoding_of
from schemas.errors import TendError

Kind = Literal["text", "json", "sheet"]
OnBytes = Callable[[int], None]

_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".tab", ".json", ".jsonl", ".ndjson", ".xlsx", ".xls", ".xlsb", ".ods")
_PACKED: Final = (".gz", ".bz2", ".xz", ".zip")
_SHEETS: Final = (".xlsx", ".xls", ".xlsb", ".ods")
_GZIP, _BZIP, _XZ, _ZIP, _OLE = b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_BUFFER: Final = 1 << 20
_LARGEST_WORKBOOK: Final = 512 << 20
_CONVERTED: Final = ("utf-16", "utf-32")
"""Their broken bytes cannot be kept for the report; they become U+FFFD, which no field may hold."""


@dataclass(frozen=True)
class TableSource:
    """One table: a file, a member of an archive, or a sheet of a workbook."""

    path: Path
    kind: Kind = "text"
    member: str = ""
    """Name inside a zip archive."""
    sheet: str = ""
    encoding: str = ""
    """Of text and JSON."""

    @property
    def name(self) -> str:
        """Its name in messages."""
        return self.member or (f"{self.path.name}, sheet {self.sheet}" if self.sheet else self.path.name)


def sources_of(path: Path, encoding: str | None = None) -> list[TableSource]:
    """The tables in a file, an archive, a workbook or a folder, by name.

    Raises:
        TendError: there is none, or one cannot be read.
    """
    try:
        found = [source for file in _files(path) for source in _in_file(file)]
        found = [source for source in found if not _is_junk(source.member)]
        if not found:
            raise TendError(
                f"{path} holds no table. Expected files that end in {' '.join(_SUFFIXES)}, or a zip of them."
            )
        return [_decoded(source, encoding) for source in found]
    except (OSError, EOFError, zipfile.BadZipFile, lzma.LZMAError) as error:
        raise TendError(f"{path} cannot be read: {error}.") from None


@contextmanager
def opened_bytes(source: TableSource, on_bytes: OnBytes | None = None) -> Iterator[BinaryIO]:
    """The source's bytes, unpacked; ``on_bytes`` is told the place in the file on disk."""
    with ExitStack() as stack:
        base = stack.enter_context(source.path.open("rb", buffering=_BUFFER))
        if source.member:
            archive = stack.enter_context(zipfile.ZipFile(base))
            yield cast("BinaryIO", stack.enter_context(archive.open(source.member)))
            return
        head = base.read(6)
        base.seek(0)
        if head.startswith(_GZIP):
            yield cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=_Told(base, on_bytes))))
        elif head.startswith(_BZIP):
            yield cast("BinaryIO", stack.enter_context(bz2.BZ2File(_Told(base, on_bytes))))
        elif head.startswith(_XZ):
            yield cast("BinaryIO", stack.enter_context(lzma.LZMAFile(cast("BinaryIO", _Told(base, on_bytes)))))
        elif on_bytes:
            yield cast("BinaryIO", io.BufferedReader(_Told(base, on_bytes), _BUFFER))
        else:
            yield base


@contextmanager
def opened_text(source: TableSource, on_bytes: OnBytes | None = None) -> Iterator[io.TextIOWrapper]:
    """The source's text. Bytes that are no text stay visible in their field, and only that row is lost."""
    errors = "replace" if source.encoding.startswith(_CONVERTED) else "surrogateescape"
    with opened_bytes(source, on_bytes) as raw:
        text = io.TextIOWrapper(raw, encoding=source.encoding, errors=errors, newline="")
        try:
            yield text
        finally:
            text.detach()


class _Told(io.RawIOBase):
    """Bytes of a file that tells how far it was read."""

    def __init__(self, base: BinaryIO, on_bytes: OnBytes | None) -> None:
        self._base, self._on_bytes = base, on_bytes

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        block = self._base.read(len(view))
        view[: len(block)] = block
        if self._on_bytes:
            self._on_bytes(self._base.tell())
        return len(block)


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise TendError(f"{path} is not there.")
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise TendError(
            f"{path} is no plain file, and a table is read more than once. Write what it gives into a file."
        )
    ends = (*_SUFFIXES, *_PACKED)
    return sorted(
        (one for one in path.iterdir() if one.is_file() and one.name.lower().endswith(ends) and _plain_name(one)),
        key=lambda one: one.name,
    )


def _plain_name(path: Path) -> bool:
    return not path.name.startswith((".", "~$")) and ".events.jsonl" not in path.name and ".left-out." not in path.name


def _is_junk(member: str) -> bool:
    return member.startswith("__MACOSX/") or Path(member).name.startswith(".")


def _in_file(path: Path) -> Iterator[TableSource]:
    with path.open("rb") as file:
        head = file.read(4)
    if head == _ZIP:
        yield from _in_zip(path)
    elif head == _OLE:
        yield from _sheets(path)
    else:
        yield TableSource(path)


def _in_zip(path: Path) -> Iterator[TableSource]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if "[Content_Types].xml" in names or "mimetype" in names:
            yield from _sheets(path)
            return
        for info in archive.infolist():
            if info.flag_bits & 1:
                raise TendError(f"{path}: {info.filename} is encrypted. Unpack the archive first.")
    for name in sorted(names):
        if name.lower().endswith(_SHEETS):
            raise TendError(f"{path}: {name} is a workbook inside an archive. Unpack the archive first.")
        if name.lower().endswith(_SUFFIXES):
            yield TableSource(path, member=name)


def _sheets(path: Path) -> Iterator[TableSource]:
    from python_calamine import CalamineError, CalamineWorkbook

    _check_unpacked_size(path)
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            for name in book.sheet_names:
                if book.get_sheet_by_name(name).height:
                    yield TableSource(path, kind="sheet", sheet=name)
    except CalamineError as error:
        raise TendError(f"{path} is no spreadsheet that can be read: {error}.") from None


def _check_unpacked_size(path: Path) -> None:
    """A workbook is read into memory whole, and a megabyte of one may say that it is a gigabyte."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > _LARGEST_WORKBOOK:
        raise TendError(
            f"{path} unpacks to {size >> 20} MiB; a workbook may have {_LARGEST_WORKBOOK >> 20} MiB. Save each "
            "sheet as CSV, which is read line by line."
        )


def _decoded(source: TableSource, encoding: str | None) -> TableSource:
    if source.kind == "sheet":
        return source
    with opened_bytes(source) as raw:
        found = encoding_of(raw, encoding)
    read = TableSource(source.path, source.kind, source.member, encoding=found)
    with opened_text(read) as text:
        start = text.read(4096).lstrip("\ufeff \t\r\n")
    is_json = start.startswith(("{", "[{", "[\n", "[ ", "[\r")) and '"' in start
    return TableSource(source.path, "json" if is_json else "text", source.member, encoding=found)
