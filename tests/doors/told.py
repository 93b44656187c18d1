"""What really comes in at the doors: which test shows which kind, after which public report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import orjson

DATA: Final = Path(__file__).parent / "data"
Test = TypeVar("Test", bound=Callable[..., Any])
_DOOR: Final = re.compile(r"POST \{([\w-]+)\} sign=(\w+)")


class Input(NamedTuple):
    """One situation, shown by a test."""

    kind: str
    source: str
    """The public report or documentation that tells it."""
    test: str


INPUTS: Final[list[Input]] = []


def comes_in(kind: str, *sources: str) -> Callable[[Test], Test]:
    """Note that a test shows situations of a kind, one for each source."""

    def note(test: Test) -> Test:
        INPUTS.extend(Input(kind, source, f"{test.__module__}.{test.__name__}") for source in sources)
        return test

    return note


class Sent(NamedTuple):
    """A request as it was written down."""

    name: str
    topic: str
    headers: dict[str, str]
    body: bytes
    signed: bool


def requests_of(case: str, topic: str) -> list[Sent]:
    """The requests of a case, in the order of their numbers.

    Args:
        topic: the header that names the topic.
    """
    found = []
    for head in sorted((DATA / case).glob("*.headers")):
        first, *rest = head.read_text(encoding="utf-8").splitlines()
        known = _DOOR.match(first)
        assert known is not None, head
        headers = dict(line.split(": ", 1) for line in rest if line)
        told = {name.lower(): value for name, value in headers.items()}
        body = head.with_suffix(".body").read_bytes()
        found.append(Sent(head.stem, told.get(topic, ""), told, body, known[2] == "ok"))
    return found


def lines_of(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one a line."""
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]
