"""The rights of ``agents.rights`` as files for those who run Kafka and Redis.

``python -m agents.rights_files [--check] [FOLDER]`` writes ``kafka-acls.sh`` and ``redis-users.acl``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from agents.rights import GROUP, PROBES, READERS, ROLES, Allowed, Role

FOLDER = Path(__file__).parents[1] / "infra" / "deploy"
KAFKA_FILE, REDIS_FILE = "kafka-acls.sh", "redis-users.acl"
_HEAD = f"""\
#!/bin/sh
# Least rights of tend's programs at Apache Kafka. Generated from agents/rights.py by `make docs`.
#   BOOTSTRAP=kafka:9092 CONFIG=admin.properties sh kafka-acls.sh
# Users are tend-worker, tend-learner and so on. Another TEND_GROUP than "{GROUP}" names other groups and transactional
# ids: GROUP=shop before it.
set -eu
GROUP=${{GROUP:-{GROUP}}}
allow() {{
  kafka-acls.sh --bootstrap-server "$BOOTSTRAP" ${{CONFIG:+--command-config "$CONFIG"}} --add --force "$@"
}}"""


def kafka_script() -> str:
    """Commands that give every role its rights at the broker."""
    lines = [_HEAD]
    for role in ROLES:
        lines += ["", f"# {role.does}", *(_allow(role, one) for one in sorted(_together(role.kafka()).items()))]
    return "\n".join(lines) + "\n"


def _together(allowed: Iterable[Allowed]) -> Mapping[tuple[str, str, bool], list[str]]:
    found: dict[tuple[str, str, bool], list[str]] = {}
    for one in allowed:
        found.setdefault((one.resource, one.name, one.prefixed), []).append(one.operation)
    return found


def _allow(role: Role, one: tuple[tuple[str, str, bool], list[str]]) -> str:
    (resource, name, prefixed), operations = one
    shown = f'"$GROUP{name.removeprefix(GROUP)}"' if _follows_group(resource, name) else name
    which = "--cluster" if resource == "cluster" else f"--{resource} {shown}"
    pattern = " --resource-pattern-type prefixed" if prefixed else ""
    told = " ".join(f"--operation {''.join(map(str.title, operation.split('_')))}" for operation in operations)
    return f"allow --allow-principal User:tend-{role.name} {told} {which}{pattern}"


def _follows_group(resource: str, name: str) -> bool:
    return resource in ("group", "transactional-id") and name not in (PROBES, READERS)


def redis_users() -> str:
    """A file for Redis' ``aclfile``."""
    return "\n".join(["user default off", *(role.redis() for role in ROLES if role.commands)]) + "\n"


def pages() -> dict[str, str]:
    """What is written, by name of the file."""
    return {KAFKA_FILE: kafka_script(), REDIS_FILE: redis_users()}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m agents.rights", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="the folder to write to")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is stale")
    told = parser.parse_args(arguments)
    stale = [name for name, text in pages().items() if _text(told.folder / name) != text]
    if told.check:
        if stale:
            sys.stderr.write(f"Stale, run `make docs` and commit the result: {', '.join(stale)}\n")
        return 1 if stale else 0
    for name, text in pages().items():
        (told.folder / name).write_text(text, encoding="utf-8")
    return 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
