"""The rooms: who may import whom, how big a module may be, and what nobody may write."""

from __future__ import annotations

import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "rules", "streams", "infra", "agents")
MODULES = sorted(path for room in (*ROOMS, "tests", "benchmarks") for path in (ROOT / room).rglob("*.py"))
LONGEST = 400
"""Lines of a module; tests, which are read one by one, may have half as many again."""


def committed_text() -> list[Path]:
    """Files under version control that are text, but for licences and what is generated from the contracts."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout: there is nothing under version control")
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    known = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".lua", ".txt", ".sh", ".xml", ""}
    return [path for path in paths if path.suffix in known and path.is_file() and path.name != "LICENSE"]


def test_imports_point_one_way() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout[-4_000:] + run.stderr


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not for types alone either, and not where it is wanted only."""
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    needs = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}

    TopologicalSorter(needs).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_is_one_idea(module: Path) -> None:
    longest = LONGEST * 3 // 2 if "tests" in module.relative_to(ROOT).parts else LONGEST

    assert len(module.read_text().splitlines()) <= longest
    assert not re.search(r"util|helper|manager|misc|common", module.stem)


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")

    assert [path for path in committed_text() if words.search(path.read_text())] == []


def test_no_path_of_one_machine_is_written_down() -> None:
    homes = re.compile(r"(?<![\w.])/(" + "|".join(("home", "root", "Users", "work", "tmp")) + r")/[\w.]")

    assert [path for path in committed_text() if homes.search(path.read_text())] == []


def test_every_package_says_what_it_is_for() -> None:
    packages = [path for room in ROOMS for path in (ROOT / room).rglob("__init__.py")]
    silent = [path for path in packages if not path.read_text().startswith('"""')]

    assert silent == []


def test_a_worker_starts_without_what_only_the_learner_and_the_tools_need() -> None:
    seen = "import sys, agents.commands.worker; print(sorted({'river', 'scipy', 'pyarrow', 'rich'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", seen], cwd=ROOT, capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"
