"""Tables that are no text: JSON, where nested fields become columns with dots, and sheets of workbooks."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import orjson

from agents.imports.opening import OnBytes, TableSource, opened_bytes
from agents.lines import bounded_lines
from schemas.errors import TendError

_FOR_NAMES: Final = 1_000
"""Records of JSON whose fields together are the columns."""
_LARGEST_ARRAY: Final = 512 << 20
"""Bytes of an array that are held in memory; lines of JSON are read one by one and have no bound."""
_DEEPEST: Final = 4

Record = tuple[int, list[str]]


def json_records(source: TableSource, header: Sequence[str] = (), on_bytes: OnBytes | None = None) -> Iterator[Record]:
    """Names of the columns as record 1, then each record, by the number of its line (or of its place in the array).

    A list of objects inside an object, as orders have lines, gives a record each, with the fields around it repeated.

    Raises:
        TendError: a line is no JSON, or an array is too large.
    """
    names = list(header) or _names(source)
    yield 1, names
    for number, fields in _objects(source, on_bytes):
        for flat in _flat(fields):
            yield number + 1, [flat.get(name, "") for name in names]


def sheet_records(source: TableSource) -> Iterator[Record]:
    """The rows of a sheet; dates are ISO 8601, and numbers without a fraction have no point."""
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(str(source.path)) as book:
        sheet = book.get_sheet_by_name(source.sheet)
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            yield number, [_cell(cell) for cell in cells]


def _names(source: TableSource) -> list[str]:
    records = (flat for _, fields in islice(_objects(source), _FOR_NAMES) for flat in _flat(fields))
    return list(dict.fromkeys(name for flat in records for name in flat))


def _objects(source: TableSource, on_bytes: OnBytes | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
    with opened_bytes(source, on_bytes) as raw:
        if source.encoding not in ("utf-8-sig", "utf-8"):
            whole: Any = raw.read(_LARGEST_ARRAY).decode(source.encoding, errors="strict").lstrip("\ufeff").encode()
            lines = iter(whole.splitlines())
        else:
            lines = bounded_lines(raw, source.name)
        first = next(lines, b"").removeprefix(b"\xef\xbb\xbf")
        while not first.strip():
            first = next(lines)
        if _is_object(first):
            yield from _lines(source, first, lines)
        else:
            yield from enumerate(_array(source, first, lines), start=1)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict) and not _listed(orjson.loads(line))
    except orjson.JSONDecodeError:
        return False


def _lines(source: TableSource, first: bytes, rest: Iterator[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 1
    line: bytes | None = first
    while line is not None:
        if line.strip():
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise TendError(f"{source.name}, line {number}: is no JSON ({error}). Nothing was written.") from None
            if not isinstance(found, dict):
                raise TendError(f"{source.name}, line {number}: expected an object in each line. Nothing was written.")
            yield number, found
        line, number = next(rest, None), number + 1


def _array(source: TableSource, first: bytes, rest: Iterator[bytes]) -> list[dict[str, Any]]:
    whole = bytearray(first)
    for line in rest:
        whole += line
        if len(whole) > _LARGEST_ARRAY:
            raise TendError(
                f"{source.name} is an array of more than {_LARGEST_ARRAY >> 20} MiB. Write one object a line instead."
            )
    try:
        found = orjson.loads(bytes(whole))
    except orjson.JSONDecodeError as error:
        raise TendError(f"{source.name} is no JSON: {error}. Nothing was written.") from None
    records = _listed(found) if isinstance(found, dict) else found
    if records is None or not all(isinstance(one, dict) for one in records):
        raise TendError(f"{source.name}: expected a list of objects, or one object a line.")
    return list(records)


def _listed(found: dict[str, Any]) -> list[Any] | None:
    """The records of an answer such as ``{"orders": […]}``."""
    lists = [value for value in found.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 and len(found) <= 3 else None


def _flat(fields: dict[str, Any]) -> Iterator[dict[str, str]]:
    plain: dict[str, str] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    _gather(fields, "", plain, lists, _DEEPEST)
    # The first list of objects gives the rows; it is that of the order's lines in every export that was seen.
    name = next((name for name in lists if "item" in name or "line" in name), "")
    if not name:
        yield plain
        return
    for line in lists[name]:
        of_line: dict[str, str] = {}
        _gather(line, f"{name}.", of_line, {}, _DEEPEST)
        yield plain | of_line


def _gather(
    fields: dict[str, Any], prefix: str, plain: dict[str, str], lists: dict[str, list[dict[str, Any]]], depth: int
) -> None:
    for key, value in fields.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            if depth:
                _gather(value, f"{name}.", plain, lists, depth - 1)
        elif isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
            lists[name] = value
        else:
            plain[name] = _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _cell(cell: object) -> str:
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return "" if cell is None else str(cell)
