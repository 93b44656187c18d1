"""tend runs its own files only: another distribution that has overwritten or hidden some is named, with the way out."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from agents import cli, start
from agents.start import ROOMS, elsewhere, overwritten

RULES = "rules/__init__.py"


def installed(site: Path, name: str, files: dict[str, str]) -> None:
    """Put a distribution into a folder as pip does: over what is there."""
    record = []
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record.append(f"{path},sha256={digest},{len(text)}")
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("\n".join([*record, f"{info.name}/RECORD,,"]) + "\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages with tend in it."""
    installed(tmp_path, "tend", {f"{room}/__init__.py": f"# {room} of tend\n" for room in ROOMS})
    return tmp_path


def test_what_is_installed_as_it_was_built_is_run(site: Path) -> None:
    installed(site, "harmless", {"other/__init__.py": ""})

    assert overwritten(site) == ""


def test_a_distribution_that_has_overwritten_a_file_is_named(site: Path) -> None:
    installed(site, "rule-engine", {RULES: "# rules of somebody else\n", "rules/engine.py": ""})

    assert "rule-engine 1.0 has overwritten 1 of tend's files, such as rules/__init__.py" in overwritten(site)
    assert "environment of its own: pipx install tend" in overwritten(site)


def test_a_neighbour_that_adds_a_file_and_overwrites_none_is_borne(site: Path) -> None:
    installed(site, "rule-engine", {"rules/engine.py": ""})

    assert overwritten(site) == ""


def test_a_file_that_somebody_changed_by_hand_is_their_own_affair(site: Path) -> None:
    (site / RULES).write_text("# mended\n")

    assert overwritten(site) == ""


def test_a_package_that_hides_one_of_ours_is_named(site: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    (before / "rules").mkdir(parents=True)
    (before / RULES).write_text("")

    assert elsewhere(site, [str(site)]) == ""
    assert f"tend's package rules is hidden by another one of that name, {before / 'rules'}" in elsewhere(
        site, [str(before), str(site)]
    )


def test_a_command_whose_extra_is_missing_says_which(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacks_polars() -> None:
        raise ModuleNotFoundError("No module named 'polars'", name="polars")

    monkeypatch.setattr(cli, "main", lacks_polars)

    with pytest.raises(SystemExit) as ended:
        start.main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "tend: This needs polars, which is not installed. Run: pip install 'tend[demo,evaluate]'\n"
    )


def test_what_is_missing_and_no_extra_is_shown_as_the_defect_that_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ModuleNotFoundError("No module named 'agents.nothing'", name="agents.nothing")

    monkeypatch.setattr(cli, "main", broken)

    with pytest.raises(ModuleNotFoundError):
        start.main()


def test_the_list_of_commands_needs_no_extra() -> None:
    hidden = ", ".join(f"{name!r}: None" for name in start._EXTRAS)
    code = f"import sys; sys.modules.update({{{hidden}}}); from agents.start import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )

    assert done.returncode == 0, done.stderr
    assert "rehearse" in done.stdout
