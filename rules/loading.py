"""Where rulebooks come from: files of a store, the packs that come with tend, bundles that a worker published."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

import orjson

from rules.problems import BadRulebook, Problem
from rules.reading.contents import read_rulebook
from rules.reading.yaml_source import MAX_CHARACTERS
from rules.rulebook import Rulebook, Sources
from schemas.times import Millis

NUMBERS: Final = "defaults.yaml"
"""The shipped file that holds no rules, but the numbers of a store."""
_LARGEST: Final = 4 * MAX_CHARACTERS
"""Bytes of a file: no character takes more than four."""
_SUFFIXES: Final = (".yaml", ".yml")


def rulebook_of(files: Mapping[str, str], base: str, in_force_from: Millis = 0) -> Rulebook:
    """The rulebook in these files (name to text), on top of the shipped defaults ``base``.

    Raises:
        BadRulebook: with everything that is wrong.
    """
    return Rulebook(read_rulebook(files, base), Sources(dict(files), base), in_force_from)


def parse_rulebook(bundle: bytes) -> Rulebook:
    """The rulebook in a bundle.

    Raises:
        BadRulebook: it is no bundle, or this program understands it differently from the one that published it.
    """
    try:
        parts = orjson.loads(bundle)
        files, base, since = dict(parts["files"]), str(parts["base"]), int(parts["in_force_from"])
        if not all(isinstance(part, str) for pair in files.items() for part in pair):
            raise TypeError("files that are no texts")
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise _bad_bundle(f"not a rulebook: {error}") from None
    rulebook = rulebook_of(files, base, since)
    if rulebook.version != parts.get("version"):
        raise _bad_bundle(f"published as {parts.get('version')}, but it reads as {rulebook.version}")
    return rulebook


def load_rulebook(*paths: Path) -> Rulebook:
    """The rulebook in these YAML files, or in those of these directories, subdirectories left out.

    Numbers that they do not give are the shipped ones.

    Raises:
        BadRulebook: with everything that is wrong.
    """
    return rulebook_of(dict(_read(file) for file in _files_of(paths)), shipped_files()[NUMBERS])


@cache
def shipped(beside: str = "") -> Rulebook:
    """The rulebook that comes with tend; with ``beside`` that file is read too."""
    files = shipped_files()
    base = files.pop(NUMBERS)
    return rulebook_of({**files, **({"beside.yaml": beside} if beside else {})}, base)


def shipped_files() -> dict[str, str]:
    """The files that come with tend, name to text: packs of rules, and the numbers of a store."""
    packs = resources.files("rules") / "packs"
    return {one.name: one.read_text(encoding="utf-8") for one in packs.iterdir() if one.name.endswith(_SUFFIXES)}


def _files_of(paths: tuple[Path, ...]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        inside = sorted(one for one in path.iterdir() if one.suffix in _SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise BadRulebook([Problem(str(path), 0, 0, "no rules here", "put .yaml files into this directory")])
        files.extend(inside)
    return files


def _read(file: Path) -> tuple[str, str]:
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BadRulebook([Problem(str(file), 0, 0, "no plain file", "name a file or a directory of files")])
        if found.st_size > _LARGEST:
            fix = f"keep a file below {MAX_CHARACTERS} characters"
            raise BadRulebook([Problem(str(file), 0, 0, f"{found.st_size} bytes", fix)])
        return str(file), file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadRulebook([Problem(str(file), 0, 0, f"{error.strerror}", "check path and permissions")]) from None
    except UnicodeDecodeError as error:
        raise BadRulebook([Problem(str(file), 0, 0, f"not UTF-8: {error}", "save it as UTF-8")]) from None


def _bad_bundle(message: str) -> BadRulebook:
    fix = "publish it again with this version of tend, or let all workers run the same version"
    return BadRulebook([Problem("bundle", 0, 0, message, fix)])
