"""A secret that one machine draws for itself and keeps."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def kept_secret(path: Path) -> bytes:
    """The secret in this file; where there is none yet, one is drawn, for its owner's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Whole before it has its name: programs that start together must read the same one.
        handle, drawn = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_hex(32).encode())
        with contextlib.suppress(FileExistsError):
            os.link(drawn, path)
        os.unlink(drawn)
    return path.read_bytes()
