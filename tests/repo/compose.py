"""The compose file as Docker would see it, with the variables of a filled-in ``.env``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?:(?P<rule>:[-?])(?P<rest>[^}]*))?\}")


def services() -> dict[str, dict[str, Any]]:
    """The services with defaults filled in; what has none reads ``<NAME>``."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(filled(FILE.read_text()))["services"]
    return found


def filled(text: str) -> str:
    """The text with each variable's default, or its name in angle brackets; ``$$`` becomes ``$``."""
    return _VARIABLE.sub(_value, text).replace("$$", "$")


def required_variables() -> set[str]:
    """Variables without which Docker refuses to start."""
    return {found["name"] for found in _VARIABLE.finditer(FILE.read_text()) if found["rule"] == ":?"}


def optional_variables() -> set[str]:
    """Variables that have a default."""
    return {found["name"] for found in _VARIABLE.finditer(FILE.read_text()) if found["rule"] == ":-"}


def _value(found: re.Match[str]) -> str:
    return found["rest"] if found["rule"] == ":-" else f"<{found['name']}>"
