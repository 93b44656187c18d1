"""The folder of a demo: it is made afresh for each run, belongs to one run at a time, and nothing else is deleted."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import TendError

_MARKER = "tend-demo"
_OF_ANOTHER = "Set TEND_DATA_DIR to another folder of yours, for example: TEND_DATA_DIR=$HOME/tend-demo"


@contextmanager
def own_folder(data_dir: Path) -> Iterator[Path]:
    """An empty folder, this run's alone until it ends, whatever ends it.

    Raises:
        TendError: another run has it, it cannot be written to, or it holds what no demo has put there.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise TendError(f"The demo cannot write to {data_dir}: {error.strerror}. {_OF_ANOTHER}") from error
    try:
        _take(lock, data_dir)
        yield _emptied(data_dir / "demo")
    finally:
        os.close(lock)


def _take(lock: int, data_dir: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode(errors="replace").strip() or "unknown"
        raise TendError(
            f"Another demo (process {holder}) runs in {data_dir / 'demo'}. Wait for it or end it; or give this one a "
            f"folder of its own, for example: TEND_DATA_DIR={data_dir}-2"
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)


def _emptied(folder: Path) -> Path:
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / _MARKER).exists():
                raise TendError(
                    f"{folder} holds files that no demo has put there, and a demo begins with an empty folder. "
                    f"Move them away. Or: {_OF_ANOTHER}"
                )
            shutil.rmtree(folder)
        folder.mkdir(exist_ok=True)
        (folder / _MARKER).touch()
    except OSError as error:
        raise TendError(
            f"The demo cannot empty {folder}: {error.strerror} ({error.filename}). {_OF_ANOTHER}"
        ) from error
    return folder
