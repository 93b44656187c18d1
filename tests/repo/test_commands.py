"""What the README promises to do with one command each."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def targets() -> set[str]:
    return {name for line in re.findall(r"^([a-z -]+):(?!=)", MAKEFILE, re.MULTILINE) for name in line.split()}


def test_the_readme_names_only_targets_that_exist() -> None:
    named = set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)(?=`|\n|  )", (ROOT / "README.md").read_text()))

    assert {"run", "test"} <= named <= targets()


def test_every_target_explains_itself() -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE))

    assert explained == targets()


def test_a_machine_without_a_fitting_python_is_told_what_to_do(tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path), "PYTHON": "python2.7"}

    run = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci/find-python")], env=nothing, capture_output=True, text=True, check=False
    )

    assert run.returncode == 2
    assert "python3-venv" in run.stderr


@pytest.mark.parametrize(
    "script", [".ci/run", ".ci/find-python", ".ci/install", ".ci/environment", ".ci/make-constraints"]
)
def test_scripts_can_be_run(script: str) -> None:
    interpreter = "bash" if script == ".ci/run" else "sh"

    assert os.access(ROOT / script, os.X_OK)
    assert subprocess.run([interpreter, "-n", str(ROOT / script)], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock")
def test_of_two_makes_in_a_fresh_checkout_one_installs(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt", ".ci/environment", ".ci/find-python"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".ci/install").write_text('echo installs >>log\nsleep 0.5\nmkdir -p "$2"\n')

    command = ["make", "install"]
    both = [subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in "ab"]
    said = [one.communicate()[1].decode() for one in both]

    assert [one.returncode for one in both] == [0, 0], said
    assert (tmp_path / "log").read_text() == "installs\n"


def test_every_dependency_has_an_exact_version() -> None:
    pinned = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line}
    project = PROJECT["project"]
    named = [*project["dependencies"], *(one for group in project["optional-dependencies"].values() for one in group)]

    missing = {_plain(re.split(r"[\[<>=!~ ;]", one)[0]) for one in named} - {_plain(one) for one in pinned} - {"tend"}
    assert not missing, "run `make constraints` and commit the result"


def test_the_changelog_has_room_for_what_is_new() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
