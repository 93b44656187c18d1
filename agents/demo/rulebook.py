"""The rulebook of the demo's store: the shipped rules, and numbers that the shipped ones leave to each store."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from rules.loading import NUMBERS, shipped_files


def write_rulebook(folder: Path) -> Path:
    """Write it as files that people can read, change and publish; returns the folder, which is made here."""
    numbers = resources.files("agents.demo").joinpath("store.yaml").read_text(encoding="utf-8")
    folder.mkdir(parents=True)
    for name, text in {**shipped_files(), NUMBERS: numbers}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
