"""The text of the scripts that run on the server."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

_PRELUDES: Final = {"commit": "image", "copy_next": "image"}
"""Scripts that use what another file defines; on the server Lua knows no modules."""


def script_text(name: str) -> str:
    """The script of that name as it is sent to the server."""
    names = [_PRELUDES[name], name] if name in _PRELUDES else [name]
    folder = files("infra.store").joinpath("lua")
    return "".join(folder.joinpath(f"{one}.lua").read_text(encoding="utf-8") for one in names)
