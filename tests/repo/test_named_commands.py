"""Commands, targets and programs that the documents name are there, with the options that are shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from agents.cli import application

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/**/*.md")} - {ROOT / "CHANGELOG.md"}
)
_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"^    (\S.*)$", re.MULTILINE)
_SPAN = re.compile(r"`([^`\n]+)`")
_SETTING = re.compile(r"[A-Z_]+=\S*")
_END = re.compile(r"\s+(?:\||&&|>|#|;).*|\s*\\$")
"""What follows is no word of the command."""


def shown(page: Path) -> Iterator[str]:
    """The lines of code of a page, and what stands in it as code."""
    text = page.read_text(encoding="utf-8")
    for block in _FENCED.findall(text):
        yield from block.replace("\\\n", " ").splitlines()
    prose = _FENCED.sub("", text)
    yield from _INDENTED.findall(prose)
    yield from _SPAN.findall(prose)


def commands(page: Path, program: str) -> list[list[str]]:
    """The words that follow the program's name, wherever a page shows that it is run."""
    found = []
    for line in shown(page):
        words = _END.sub("", line.strip()).removeprefix("$ ").replace("[", " ").replace("]", " ").split()
        while words and _SETTING.fullmatch(words[0]):
            words.pop(0)
        if words[: len(program.split())] == program.split():
            found.append(words[len(program.split()) :])
    return found


@cache
def tend() -> Any:
    return get_command(application())


def unknown(words: list[str]) -> str:
    """What of a call of ``tend`` is not there; empty where all of it is."""
    at = tend()
    for word in words:
        below = getattr(at, "commands", None)
        if word.startswith("-"):
            options = {one for parameter in at.params for one in (*parameter.opts, *parameter.secondary_opts)}
            if word.partition("=")[0] not in options | {"--help", "-h", "--version", "--install-completion"}:
                return f"`tend {' '.join(words)}`: no option {word}"
        elif below:
            if missing := [one for one in word.split("|") if one not in below and one.islower()]:
                return f"`tend {' '.join(words)}`: no command {missing[0]}"
            at = below.get(word.split("|")[0], at)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_command_that_a_page_shows_is_there(page: Path) -> None:
    assert [problem for words in commands(page, "tend") if (problem := unknown(words))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_target_that_a_page_shows_is_there(page: Path) -> None:
    lines = re.findall(r"^([a-z -]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    targets = {name for line in lines for name in line.split()}

    assert [words[0] for words in commands(page, "make") if words and words[0] not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_program_that_a_page_shows_is_there(page: Path) -> None:
    modules = [words[0] for words in commands(page, "python -m") if words]
    ours = [one for one in modules if one.split(".")[0] in ("agents", "schemas", "infra", "benchmarks", "tests")]

    assert [one for one in ours if not program(one)] == []


def program(module: str) -> bool:
    """Whether ``python -m`` finds something to run."""
    place = ROOT / module.replace(".", "/")
    return place.with_suffix(".py").exists() or (place / "__main__.py").exists()


def test_what_is_not_there_is_noticed() -> None:
    assert unknown(["why-not"]) == "`tend why-not`: no command why-not"
    assert unknown(["rules", "check", "--colour"]) == "`tend rules check --colour`: no option --colour"
    assert unknown(["rules", "check|list", "DIR"]) == ""
