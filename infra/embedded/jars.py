"""The jars of the embedded broker: which, from where, and where they are kept.

They are fetched from Maven Central once, checked against the sha256 that is pinned here, and kept in the user's cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from schemas.errors import TendError

KAFKA_VERSION = "4.3.0"
_AT_A_TIME = 8
_TRIES = 3
_SECONDS = 30.0


class Jar(NamedTuple):
    """One file of a Maven repository."""

    sha256: str
    size: int
    """In bytes."""
    path: str
    """Where it is in the repository."""

    @property
    def name(self) -> str:
        """Its file name, under which it is kept."""
        return self.path.rpartition("/")[2]

    def is_in(self, folder: Path) -> bool:
        """Whether the folder holds the file, whole."""
        try:
            return (folder / self.name).stat().st_size == self.size
        except OSError:
            return False


def pinned() -> list[Jar]:
    """The jars that this version of tend runs its broker with."""
    lines = files("infra.embedded").joinpath(f"kafka-{KAFKA_VERSION}.txt").read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [Jar(sha256, int(size), path) for sha256, size, path in rows]


def default_cache() -> Path:
    """Where the user's programs keep what they can fetch again.

    Raises:
        TendError: this user has no home.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".cache") / "tend"
    except RuntimeError:
        raise TendError(
            "There is no home to keep the embedded broker's files in. Set TEND_CACHE_DIR to a folder of yours.\n"
            + other_ways()
        ) from None


def fetched(cache: Path, mirror: str) -> Path:
    """The folder with all pinned jars; fetches what is missing, one process at a time, and shows how far it is.

    Raises:
        TendError: they cannot be fetched or kept; the message names the other ways to a broker.
    """
    jars, folder = pinned(), cache / f"apache-kafka-{KAFKA_VERSION}"
    if _missing(jars, folder):
        with locked(folder):
            if missing := _missing(jars, folder):
                _fetch(missing, folder, mirror)
    return folder


def _missing(jars: Sequence[Jar], folder: Path) -> list[Jar]:
    return [jar for jar in jars if not jar.is_in(folder)]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder, and be the only process that puts something into it.

    Raises:
        TendError: the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise TendError(
            f"The embedded broker's files cannot be kept in {folder}: {error.strerror}. "
            "Set TEND_CACHE_DIR to a folder of yours.\n" + other_ways()
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _fetch(jars: Sequence[Jar], folder: Path, mirror: str) -> None:
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(binary_units=True)
    with Progress(*columns, console=Console(stderr=True)) as shown, ThreadPoolExecutor(_AT_A_TIME) as pool:
        task = shown.add_task(f"Apache Kafka {KAFKA_VERSION}, once", total=sum(jar.size for jar in jars))
        under_way = {pool.submit(_fetch_one, jar, folder, mirror): jar for jar in jars}
        try:
            for done in as_completed(under_way):
                done.result()
                shown.advance(task, under_way[done].size)
        except OSError as error:
            pool.shutdown(cancel_futures=True)
            raise TendError(_cannot_fetch(mirror, folder, error)) from error


def _cannot_fetch(mirror: str, folder: Path, error: OSError) -> str:
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return (
        f"Apache Kafka {KAFKA_VERSION} could not be fetched from {mirror} into {folder}: {reason}.\n"
        "Let this machine reach it, or set TEND_MAVEN_MIRROR to a mirror of Maven Central that it does reach.\n"
        + other_ways()
    )


def other_ways() -> str:
    """How to come to a broker where the embedded one cannot be had."""
    return (
        "Or use another broker:\n"
        "  one that runs:           TEND_BROKERS=host:port\n"
        "  an unpacked Apache Kafka TEND_KAFKA_HOME=/path/to/kafka (from https://kafka.apache.org/downloads)\n"
        f"  Docker:                  docker run -d -p 9092:9092 apache/kafka:{KAFKA_VERSION}, "
        "then TEND_BROKERS=127.0.0.1:9092"
    )


def _fetch_one(jar: Jar, folder: Path, mirror: str) -> None:
    for left in reversed(range(_TRIES)):
        try:
            _download(jar, folder, f"{mirror.rstrip('/')}/{jar.path}")
            return
        except OSError as error:
            if not left or _stays(error):
                raise
            time.sleep(1.0)


def _stays(error: OSError) -> bool:
    return isinstance(error, urllib.error.HTTPError) and error.code < 500


def _download(jar: Jar, folder: Path, url: str) -> None:
    part = folder / f"{jar.name}.part"
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer, part.open("wb") as file:
        shutil.copyfileobj(answer, file)
    found = hashlib.sha256(part.read_bytes()).hexdigest()
    if found != jar.sha256:
        part.unlink()
        raise OSError(f"{jar.name} has sha256 {found}, expected {jar.sha256}")
    part.replace(folder / jar.name)
