"""Where a run spends its time: by file of ours, by library beside them."""

from __future__ import annotations

import cProfile
import pstats
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOMS = ("schemas", "rules", "streams", "agents", "infra")
MOST = 24
"""Lines told; the rest is one line."""


def shares(run: Callable[[], object]) -> list[tuple[str, float]]:
    """What each part takes of the CPU, the largest first."""
    profile = cProfile.Profile(time.process_time)
    profile.runcall(run)
    parts: Counter[str] = Counter()
    for (file, _, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]  # not in the stubs
        parts[_part(file, name)] += own
    whole = sum(parts.values())
    told = [(name, seconds / whole) for name, seconds in parts.most_common(MOST)]
    return [*told, ("everything else", 1.0 - sum(share for _, share in told))]


def _part(file: str, name: str) -> str:
    path = Path(file)
    for part in path.parts:
        if part in ROOMS:
            return "/".join(path.parts[path.parts.index(part) :])
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    for library in ("msgspec", "zstandard", "pydantic", "cel", "orjson", "numpy"):
        if library in name:
            return f"{library} (native)"
    return "Python itself"
