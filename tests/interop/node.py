"""Node.js and what the tests need of npm, kept outside the checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def node_modules() -> Path:
    """A folder with the packages of ``package-lock.json``; installed once for each lock file.

    Without Node.js or its packages the test is skipped with the reason, and fails where all checks must run.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            _missing(f"{program} is missing: apt-get install nodejs npm")
    lock = (HERE / "package-lock.json").read_bytes()
    home = Path(tempfile.gettempdir()) / f"tend-interop-{hashlib.sha256(lock).hexdigest()[:16]}-{os.getuid()}"
    if not (home / "node_modules" / ".package-lock.json").exists():
        home.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, home)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(install, cwd=home, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            _missing(f"npm ci did not work: {done.stderr[-300:]}")
    return home


def run(script: str, *arguments: str, seconds: float = 120) -> str:
    """What a script of this folder prints."""
    home = node_modules()
    shutil.copy(HERE / script, home)
    done = subprocess.run(
        ["node", script, *arguments], cwd=home, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def _missing(why: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
