"""A demo deletes what demos have made and nothing else, and two of them do not meet in one folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agents.demo.folder import own_folder
from schemas.errors import TendError
from tests.shell import tend

ROOT = Path(__file__).parents[2]


def test_each_run_begins_with_an_empty_folder(tmp_path: Path) -> None:
    for _ in range(2):
        with own_folder(tmp_path / "data") as folder:
            assert not (folder / "broker.log").exists()
            (folder / "broker.log").write_text("of this run")
            (folder / "kafka").mkdir()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    thesis = tmp_path / "demo" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")

    said = tend("demo", "--exit", environment={"TEND_DATA_DIR": str(tmp_path)})

    assert said.status == 2
    assert f"{tmp_path / 'demo'} holds files that no demo has put there" in said.err
    assert thesis.read_text() == "years of work"


def test_a_second_demo_in_one_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with own_folder(tmp_path) as folder:
        (folder / "broker.log").write_text("of the first")

        said = tend("demo", "--exit", environment={"TEND_DATA_DIR": str(tmp_path)})

        assert said.status == 2
        assert f"Another demo (process {os.getpid()}) runs in {folder}" in said.err
        assert "TEND_DATA_DIR=" in said.err
        assert (folder / "broker.log").read_text() == "of the first"


HOLD = """
import sys, time
from pathlib import Path
from agents.demo.folder import own_folder
with own_folder(Path(sys.argv[1])):
    print("mine", flush=True)
    time.sleep(60)
"""


def test_the_folder_of_a_demo_that_was_killed_is_free_again(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"mine\n"
        with pytest.raises(TendError, match=f"process {first.pid}"), own_folder(tmp_path):
            pass
        first.send_signal(signal.SIGKILL)
        first.wait()

    with own_folder(tmp_path) as folder:
        assert folder.is_dir()


def test_a_checkout_that_cannot_be_written_to_is_told_with_the_setting(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")

    said = tend("demo", "--exit", environment={"TEND_DATA_DIR": str(tmp_path / "data")})

    assert said.status == 2
    assert f"The demo cannot write to {tmp_path / 'data'}" in said.err
    assert "Set TEND_DATA_DIR to another folder of yours" in said.err
    assert "Traceback" not in said.err
