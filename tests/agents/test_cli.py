"""The command line as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from agents.cli import COMMANDS, application, main


def test_every_command_is_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tend", "--help"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if name not in shown] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_the_same_alone_and_among_all(name: str) -> None:
    alone = application(name)

    assert [*(one.name for one in alone.registered_commands), *(one.name for one in alone.registered_groups)] == [name]


def test_a_command_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["tend", "tidy"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "tidy" in capsys.readouterr().err


def test_a_worker_does_not_wait_for_what_other_commands_import() -> None:
    asked = "import sys; from agents.cli import application; application('worker'); print('polars' in sys.modules)"

    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"
