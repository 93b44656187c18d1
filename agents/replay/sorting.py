"""Sorting more lines than fit into memory: sorted runs on disk, merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

_RUN_BYTES = 16 << 20
"""Bytes sorted at once. Small enough that memory is the same for a file of any size."""
_FAN_IN = 64
"""Runs merged at once: each is an open file with its buffer."""
_OBJECT = 64
"""What a line costs in memory beyond its bytes."""


def sorted_lines(
    lines: Iterable[bytes], *, run_bytes: int = _RUN_BYTES, fan_in: int = _FAN_IN, folder: Path | None = None
) -> Iterator[bytes]:
    """The lines in the order of their bytes; each ends with its only newline.

    Memory is bounded by ``run_bytes`` and the buffers of ``fan_in`` files, whatever the number of lines. Runs are
    kept in a folder of their own under ``folder`` (the system's temporary one by default), gone at the end.

    Raises:
        OSError: the disk is full.
    """
    with TemporaryDirectory(prefix="tend-sort-", dir=folder) as own:
        runs: list[Path] = []
        for portion in _portions(lines, run_bytes):
            portion.sort()
            runs.append(_write(Path(own) / f"0-{len(runs)}", portion))
        level = 0
        while len(runs) > fan_in:
            level += 1
            groups = [runs[start : start + fan_in] for start in range(0, len(runs), fan_in)]
            runs = [_write(Path(own) / f"{level}-{n}", _merged(group)) for n, group in enumerate(groups)]
        yield from _merged(runs)


def _portions(lines: Iterable[bytes], run_bytes: int) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    size = 0
    for line in lines:
        portion.append(line)
        size += len(line) + _OBJECT
        if size >= run_bytes:
            yield portion
            portion.clear()
            size = 0
    if portion:
        yield portion


def _write(path: Path, lines: Iterable[bytes]) -> Path:
    with path.open("wb", buffering=1 << 18) as file:
        file.writelines(lines)
    return path


def _merged(runs: list[Path]) -> Iterator[bytes]:
    with ExitStack() as open_files:
        files = [open_files.enter_context(path.open("rb", buffering=1 << 16)) for path in runs]
        yield from heapq.merge(*files)
    for path in runs:
        path.unlink()
