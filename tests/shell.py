"""The command line as a person meets it, within this process: what it prints, and its exit status."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest import mock

from agents import cli


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str


class _Terminal(io.TextIOWrapper):
    """Takes text and bytes, as a real one does."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", write_through=True)

    def text(self) -> str:
        self.flush()
        return self._bytes.getvalue().decode()


def tend(*arguments: str, environment: Mapping[str, str] | None = None) -> Said:
    """Run ``tend`` with these arguments; settings of the surroundings do not count, those given do."""
    out, err = _Terminal(), _Terminal()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEND_")}
    with (
        mock.patch.dict(os.environ, {**kept, "COLUMNS": "200", **(environment or {})}, clear=True),
        mock.patch.object(sys, "argv", ["tend", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        root = logging.getLogger()
        before, level = list(root.handlers), root.level
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        finally:
            root.handlers[:] = before  # a service writes the log of its whole process
            root.setLevel(level)
    return Said(status, out.text(), err.text())
