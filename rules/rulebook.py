"""The rulebook: defaults and rules, checked as a whole, under one version."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from rules.defaults import Defaults
from schemas.times import Millis


class Rulebook:
    """What is in force: the numbers and the rules."""

    version: str
    defaults: Defaults
    rules: tuple[Any, ...]
    in_force_from: Millis

    def __init__(self, version: str, defaults: Defaults, rules: tuple[Any, ...], in_force_from: Millis = 0) -> None:
        self.version = version
        self.defaults = defaults
        self.rules = rules
        self.in_force_from = in_force_from

    def wakes(self, trigger: str) -> tuple[Any, ...]:
        """The rules that this trigger wakes."""
        return tuple(rule for rule in self.rules if trigger in rule.on)

    @classmethod
    def load(cls, *paths: Path) -> Rulebook:
        """The rulebook in these files, or in the YAML files of these directories."""
        raise NotImplementedError

    @classmethod
    def parse(cls, bundle: bytes) -> Rulebook:
        """The rulebook in a bundle."""
        raise NotImplementedError

    def bundle(self, in_force_from: Millis = 0) -> bytes:
        """Everything needed to read this rulebook elsewhere, with the moment from which it is in force."""
        raise NotImplementedError


@cache
def shipped() -> Rulebook:
    """The rulebook that comes with tend."""
    text = (resources.files("rules") / "packs" / "defaults.yaml").read_text(encoding="utf-8")
    return Rulebook("shipped", Defaults.model_validate(yaml.safe_load(text)["defaults"]), ())
