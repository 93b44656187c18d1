"""Builds tend. With TEND_COMPILE=1 the hot part of the pure rooms becomes C, by mypyc, from the same source.

All else is said in pyproject.toml, the modules too. What it gives, and how it is proved: docs/speed.md.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from setuptools import Extension, setup

PROJECT = Path(__file__).with_name("pyproject.toml")


def extensions() -> list[Extension]:
    """None, unless it was asked for: plain Python needs no compiler."""
    if os.environ.get("TEND_COMPILE") != "1":
        return []
    from mypyc.build import mypycify

    modules = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["tend"]["compiled"]
    made: list[Extension] = mypycify(
        ["--config-file", PROJECT.name, *modules], opt_level="2", group_name="schemas.compiled"
    )
    for one in made:
        # A fused multiplication and addition would round once where Python rounds twice.
        one.extra_compile_args += ["-ffp-contract=off"]
    return made


setup(ext_modules=extensions())
