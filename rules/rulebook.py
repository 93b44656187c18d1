"""The rulebook: numbers, rules, texts and words, checked as a whole, under one version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Final, NamedTuple

import orjson

from rules.defaults import Defaults
from rules.festivals import FestivalCalendar
from rules.own import Own
from rules.rule import Rule
from rules.texts.house import Houses
from schemas.ids import digest
from schemas.times import Millis

FORMAT: Final = 1
"""Of the bundle."""


class Contents(NamedTuple):
    """What a set of files holds."""

    defaults: Defaults
    rules: tuple[Rule, ...]
    words: dict[str, dict[str, str]]
    data: dict[str, Any]
    """All of it as plain data, whatever the files it stood in; its hash is the version."""
    own: Own = Own()


class Sources(NamedTuple):
    """What a rulebook was read from."""

    files: Mapping[str, str]
    """Name to text."""
    base: str
    """The shipped defaults that the files were laid over."""


class Rulebook:
    """What is in force: the numbers, the rules and what they say.

    Equal contents have equal versions, whatever the files they stand in, their order and their comments.
    """

    def __init__(self, contents: Contents, sources: Sources, in_force_from: Millis = 0) -> None:
        self.defaults = contents.defaults
        self.rules = contents.rules
        """The highest priority first."""
        self.words = contents.words
        self.own = contents.own
        """Events and attributes of the store's own; ``rules.facts.own`` has the facts that follow."""
        self.festivals = FestivalCalendar(contents.defaults)
        self.houses = Houses(contents.defaults)
        self.in_force_from = in_force_from
        self.version: str = digest(orjson.dumps(contents.data, option=orjson.OPT_SORT_KEYS).decode(), size=6).hex()
        self._sources = sources
        self._index()

    def _index(self) -> None:
        self._by_id = {rule.id: rule for rule in self.rules}
        self._by_hash = {rule.hash: rule for rule in self.rules}
        woken = defaultdict(list)
        for rule in self.rules:
            for trigger in rule.on:
                woken[trigger].append(rule)
        self._woken = {trigger: tuple(rules) for trigger, rules in woken.items()}

    def with_each_rule(self, change: Callable[[Rule], Rule]) -> Rulebook:
        """The same rulebook, under the same version, with each rule changed: to listen to what it does."""
        changed = copy(self)
        changed.rules = tuple(change(rule) for rule in self.rules)
        changed._index()
        return changed

    def triggered_by(self, trigger: str) -> tuple[Rule, ...]:
        """The rules that this trigger wakes, the highest priority first."""
        return self._woken.get(trigger, ())

    def rule(self, name: str) -> Rule | None:
        """The rule of that name."""
        return self._by_id.get(name)

    def rule_of(self, number: int) -> Rule | None:
        """The rule that a record remembers by these 32 bits."""
        return self._by_hash.get(number)

    def bundle(self, in_force_from: Millis = 0) -> bytes:
        """Everything needed to read this rulebook elsewhere, with the moment from which it is in force."""
        parts: dict[str, Any] = {
            "format": FORMAT,
            "version": self.version,
            "in_force_from": in_force_from,
            "base": self._sources.base,
            "files": self._sources.files,
        }
        return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
