"""The rulebook: numbers, rules, texts and words, checked as a whole, under one version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import orjson

from rules.defaults import Defaults
from rules.problems import BadRulebook, Problem
from rules.reading import read_rulebook
from rules.rule import Rule
from schemas.ids import digest
from schemas.times import Millis

_DEFAULTS: Final = "defaults.yaml"
_SUFFIXES: Final = (".yaml", ".yml")
_FORMAT: Final = 1


class Rulebook:
    """What is in force: the numbers, the rules and what they say.

    Equal contents have equal versions, whatever the files they stand in, their order and their comments.
    """

    def __init__(self, files: Mapping[str, str], base: str, in_force_from: Millis = 0) -> None:
        """The rulebook in these files (name to text), on top of the shipped defaults ``base``.

        Raises:
            BadRulebook: with everything that is wrong.
        """
        contents = read_rulebook(files, base)
        self.defaults: Defaults = contents.defaults
        self.rules: tuple[Rule, ...] = contents.rules
        """The highest priority first."""
        self.words = contents.words
        self.in_force_from = in_force_from
        self.version: str = digest(orjson.dumps(contents.data, option=orjson.OPT_SORT_KEYS).decode(), size=6).hex()
        self._files = dict(files)
        self._base = base
        self._by_id = {rule.id: rule for rule in self.rules}
        self._by_hash = {rule.hash: rule for rule in self.rules}
        woken = defaultdict(list)
        for rule in self.rules:
            for trigger in rule.on:
                woken[trigger].append(rule)
        self._woken = {trigger: tuple(rules) for trigger, rules in woken.items()}

    def wakes(self, trigger: str) -> tuple[Rule, ...]:
        """The rules that this trigger wakes, the highest priority first."""
        return self._woken.get(trigger, ())

    def needs(self, rule: Rule) -> tuple[str, ...]:
        """The facts that a rule uses; no others are computed for it."""
        return rule.uses

    def rule(self, name: str) -> Rule | None:
        """The rule of that name."""
        return self._by_id.get(name)

    def rule_of(self, number: int) -> Rule | None:
        """The rule that a record remembers by these 32 bits."""
        return self._by_hash.get(number)

    def bundle(self, in_force_from: Millis = 0) -> bytes:
        """Everything needed to read this rulebook elsewhere, with the moment from which it is in force."""
        parts: dict[str, Any] = {
            "format": _FORMAT,
            "version": self.version,
            "in_force_from": in_force_from,
            "base": self._base,
            "files": self._files,
        }
        return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)

    @classmethod
    def parse(cls, bundle: bytes) -> Rulebook:
        """The rulebook in a bundle.

        Raises:
            BadRulebook: it is no bundle, or this program understands it differently from the one that published it.
        """
        try:
            parts = orjson.loads(bundle)
            files, base, since = dict(parts["files"]), str(parts["base"]), int(parts["in_force_from"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise _bad_bundle(f"not a rulebook: {error}") from None
        rulebook = cls(files, base, since)
        if rulebook.version != parts.get("version"):
            raise _bad_bundle(f"published as {parts.get('version')}, but it reads as {rulebook.version}")
        return rulebook

    @classmethod
    def load(cls, *paths: Path) -> Rulebook:
        """The rulebook in these YAML files, or in those of these directories, subdirectories left out.

        Numbers that they do not give are the shipped ones.

        Raises:
            BadRulebook: with everything that is wrong.
        """
        return cls(dict(_read(file) for file in _files_of(paths)), _shipped_files()[_DEFAULTS])


@cache
def shipped() -> Rulebook:
    """The rulebook that comes with tend."""
    files = _shipped_files()
    return Rulebook({name: text for name, text in files.items() if name != _DEFAULTS}, files[_DEFAULTS])


def _shipped_files() -> dict[str, str]:
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
        return str(file), file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadRulebook([Problem(str(file), 0, 0, f"{error.strerror}", "check path and permissions")]) from None
    except UnicodeDecodeError as error:
        raise BadRulebook([Problem(str(file), 0, 0, f"not UTF-8: {error}", "save it as UTF-8")]) from None


def _bad_bundle(message: str) -> BadRulebook:
    fix = "publish it again with this version of tend, or let all workers run the same version"
    return BadRulebook([Problem("bundle", 0, 0, message, fix)])
