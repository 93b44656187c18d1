"""An environment for Quix Streams, which wants another confluent-kafka than tend does."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

QUIX = "quixstreams==3.28.1"
SECONDS = 600


def quix_python() -> str | None:
    """Its Python, kept in the user's cache; None where it cannot be installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tend"
    home = cache / f"{QUIX.replace('==', '-')}-python{sys.version_info.major}.{sys.version_info.minor}"
    python, done = home / "bin" / "python", home / "installed"
    if done.exists():
        return str(python)
    # The job needs River and msgspec, in the versions that all others have.
    wanted = [QUIX, *(f"{name}=={version(name)}" for name in ("river", "msgspec"))]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", *wanted],
    ):
        if subprocess.run(command, timeout=SECONDS, check=False).returncode:
            return None
    done.touch()
    return str(python)
