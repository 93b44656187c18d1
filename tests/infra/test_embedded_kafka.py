"""The embedded broker's files are fetched once, whole and unaltered, or it is said which other ways there are."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.embedded import jars
from infra.embedded.distribution import Distribution, distribution_of
from infra.embedded.jars import KAFKA_VERSION, Jar, fetched
from infra.embedded.quick_start import quick_to_start
from infra.settings import load_settings
from schemas.errors import TendError
from tests.shell import tend

NOWHERE = "http://127.0.0.1:1/maven2"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven repository with two jars, which are all that there is to fetch."""
    home = tmp_path / "mirror"
    pinned = []
    for name in ("kafka/one-1.jar", "kafka/two-2.jar"):
        path = home / "org" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * 100)
        pinned.append(Jar(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, f"org/{name}"))
    monkeypatch.setattr(jars, "pinned", lambda: pinned)
    monkeypatch.setattr("infra.embedded.jars.time.sleep", lambda seconds: None)
    return home


def test_every_jar_is_pinned_by_version_size_and_sha256() -> None:
    found = jars.pinned()

    assert len({jar.name for jar in found}) == len(found) == 46
    assert all(len(bytes.fromhex(jar.sha256)) == 32 and jar.size > 0 for jar in found)
    assert f"kafka_2.13-{KAFKA_VERSION}.jar" in {jar.name for jar in found}


def test_jars_are_fetched_once(mirror: Path, tmp_path: Path) -> None:
    folder = fetched(tmp_path / "cache", mirror.as_uri())

    assert (folder / "one-1.jar").read_bytes() == (mirror / "org/kafka/one-1.jar").read_bytes()
    assert fetched(tmp_path / "cache", NOWHERE) == folder


def test_what_is_missing_is_fetched_where_another_was_stopped_in_the_middle(mirror: Path, tmp_path: Path) -> None:
    folder = fetched(tmp_path / "cache", mirror.as_uri())
    (folder / "two-2.jar").rename(folder / "two-2.jar.part")

    fetched(tmp_path / "cache", mirror.as_uri())

    assert sorted(path.name for path in folder.glob("*.jar*")) == ["one-1.jar", "two-2.jar"]


def test_an_altered_jar_is_not_taken(mirror: Path, tmp_path: Path) -> None:
    altered = mirror / "org/kafka/two-2.jar"
    altered.write_bytes(altered.read_bytes()[::-1])

    with pytest.raises(TendError, match=r"two-2\.jar has sha256 .*, expected [0-9a-f]{64}"):
        fetched(tmp_path / "cache", mirror.as_uri())

    assert not list((tmp_path / "cache").rglob("two-2.jar*"))


def test_a_mirror_that_cannot_be_reached_is_told_with_all_other_ways(tmp_path: Path) -> None:
    said = tend("demo", "--exit", environment=_fresh(tmp_path, TEND_MAVEN_MIRROR=NOWHERE))

    assert said.status == 2
    assert f"could not be fetched from {NOWHERE}" in said.err
    assert "Connection refused" in said.err
    for way in ("TEND_MAVEN_MIRROR", "TEND_BROKERS=host:port", "TEND_KAFKA_HOME=", "docker run"):
        assert way in said.err
    assert "Traceback" not in said.err


def test_a_cache_that_cannot_be_written_is_told_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")

    said = tend("demo", "--exit", environment=_fresh(tmp_path))

    assert said.status == 2
    assert "cannot be kept in" in said.err
    assert "Set TEND_CACHE_DIR to a folder of yours" in said.err


def _fresh(folder: Path, **chosen: str) -> dict[str, str]:
    return {"TEND_CACHE_DIR": str(folder / "cache"), "TEND_DATA_DIR": str(folder / "data"), **chosen}


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder as an archive of Kafka unpacks to."""

    def make(*names: str) -> Path:
        libs = tmp_path / "kafka" / "libs"
        libs.mkdir(parents=True)
        for name in names:
            zipfile.ZipFile(libs / name, "w").close()
        return libs.parent

    return make


def test_a_kafka_that_is_there_already_is_used_as_it_is(unpacked: Callable[..., Path]) -> None:
    home = unpacked("kafka_2.13-4.2.0.jar", "kafka-clients-4.2.0.jar")

    found = distribution_of(load_settings({"kafka_home": home, "maven_mirror": NOWHERE}))

    assert [jar.name for jar in found.jars] == ["kafka-clients-4.2.0.jar", "kafka_2.13-4.2.0.jar"]
    assert found.cache is None


def test_a_folder_without_kafka_is_refused(unpacked: Callable[..., Path]) -> None:
    home = unpacked("kafka_2.13-2.8.0.jar")

    with pytest.raises(TendError, match=r"holds no Apache Kafka 4: expected libs/kafka_2\.13-4"):
        distribution_of(load_settings({"kafka_home": home}))


ONE_OF_TWO = """
import sys
from infra.embedded import jars
rows = [row.split() for row in sys.argv[3:]]
jars.pinned = lambda: [jars.Jar(sha256, int(size), path) for sha256, size, path in rows]
opened = jars.urllib.request.urlopen
jars.urllib.request.urlopen = lambda url, timeout: (print("fetched", flush=True), opened(url))[1]
jars.fetched(jars.Path(sys.argv[1]), sys.argv[2])
"""


def test_of_two_programs_that_start_together_one_fetches(mirror: Path, tmp_path: Path) -> None:
    rows = [f"{jar.sha256} {jar.size} {jar.path}" for jar in jars.pinned()]
    command = [sys.executable, "-c", ONE_OF_TWO, str(tmp_path / "cache"), mirror.as_uri(), *rows]
    piped: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": Path(__file__).parents[2]}
    both = [subprocess.Popen(command, text=True, **piped) for _ in range(2)]
    out = [one.communicate(timeout=60) for one in both]

    assert [one.returncode for one in both] == [0, 0], out
    assert sum(text.count("fetched") for text, _ in out) == len(rows)


def test_where_nothing_can_be_kept_beside_the_jars_kafka_starts_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "lock").mkdir()  # as what belongs to somebody else, it cannot be opened for writing
    kafka = Distribution(java=Path("java"), jars=(), cache=tmp_path)

    assert quick_to_start(kafka) == kafka
    assert "Kafka starts more slowly" in caplog.text


def test_a_user_without_a_home_is_told_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", _nowhere)

    with pytest.raises(TendError, match="Set TEND_CACHE_DIR"):
        jars.default_cache()


def _nowhere() -> Path:
    raise RuntimeError("Could not determine home directory.")
