"""The command line: every command helps with an example, and what goes wrong is one message with exit status 2."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from agents import cli
from infra.settings import Settings
from tests.shell import tend


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands that do something, with the words that call them."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands(typer.main.get_command(cli.application())))
NEEDED = {
    ("demo",),
    ("worker",),
    ("learn",),
    ("replay",),
    ("import", "orders"),
    ("topics", "create"),
    ("topics", "check"),
    ("customer",),
    ("actions", "tail"),
    ("why",),
    ("dead-letters", "list"),
    ("dead-letters", "show"),
    ("dead-letters", "redrive"),
    ("rules", "check"),
    ("rules", "publish"),
}


def test_every_command_of_the_first_version_is_there() -> None:
    assert ALL.keys() >= NEEDED


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_the_help_of_every_command_shows_an_example(path: tuple[str, ...]) -> None:
    said = tend(*path, "--help")

    assert said.status == 0
    assert "Example" in said.out
    # A long example is broken over lines.
    assert f"tend {' '.join(path)}" in " ".join(said.out.split())


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    silent = [
        parameter.name
        for parameter in ALL[path].params
        if not (getattr(parameter, "help", "") or "").strip() and parameter.name != "help"
    ]

    assert silent == []


def test_without_a_command_the_commands_are_listed() -> None:
    said = tend()

    for path in NEEDED:
        assert path[0] in said.out + said.err


@pytest.mark.parametrize("path", [("topics", "check"), ("customer", "c-1"), ("worker",), ("why", "x"), ("learn",)])
def test_wrong_settings_are_one_message(path: tuple[str, ...]) -> None:
    said = tend(*path, environment={"TEND_PARTITIONS": "0", "TEND_CLOCK": "sundial"})

    assert said.status == 2
    assert said.out == ""
    assert said.err.startswith("tend: Wrong settings:")
    assert "TEND_PARTITIONS" in said.err
    assert "TEND_CLOCK" in said.err
    assert "Expected: `wall`, `event`" in said.err


def test_a_secret_is_never_told() -> None:
    said = tend("topics", "check", environment={"TEND_REDIS_URL": "redis://:hunter2@127.0.0.1/0"})

    assert said.status == 2
    assert "hunter2" not in said.err
    assert "TEND_REDIS_PASSWORD" in said.err


def test_a_settings_file_that_is_not_there_is_said() -> None:
    said = tend("topics", "check", environment={"TEND_CONFIG": "/nowhere/tend.toml"})

    assert said.status == 2
    assert "names /nowhere/tend.toml, which is no file" in said.err


def test_an_unknown_command_is_a_usage_error() -> None:
    said = tend("dance")

    assert said.status == 2
    assert "dance" in said.err


def test_a_missing_argument_is_named() -> None:
    said = tend("customer")

    assert said.status == 2
    assert "ID" in said.err


def test_ctrl_c_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> Settings:
        raise KeyboardInterrupt

    monkeypatch.setattr("agents.server_check.load_settings", interrupted)

    said = tend("topics", "check")

    assert said.status == 130
    assert "Traceback" not in said.err


def test_the_list_holds_every_command() -> None:
    group: Any = typer.main.get_command(cli.application())

    assert group.commands.keys() == cli.COMMANDS.keys()
    assert all(command.help in tend().out for command in cli.COMMANDS.values())


def test_the_list_a_misspelt_command_and_the_version_load_nothing_of_the_engine() -> None:
    for words in ((), ("--help",), ("wroker",), ("--version",)):
        code = f"import sys; sys.argv[1:] = {list(words)!r}\nfrom agents import cli\n"
        code += "try: cli.main()\nexcept SystemExit: pass\n"
        code += "print([name for name in ('typer', 'pydantic', 'polars', 'confluent_kafka') if name in sys.modules])"

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stdout.splitlines()[-1] == "[]"


def test_a_misspelt_command_is_answered_with_the_one_that_is_meant() -> None:
    said = tend("wroker")

    assert (said.status, said.err) == (2, "tend: there is no command 'wroker'. Is `tend worker` meant?\n")


def test_the_version_is_told() -> None:
    assert tend("--version").out.startswith("tend")


NOWHERE = {"TEND_BROKERS": "127.0.0.1:1", "TEND_REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize(
    "words",
    [
        ("topics", "check"),
        ("actions", "tail"),
        ("why", "0" * 32),
        ("why", "0" * 32, "--customer", "c-1"),
        ("customer", "c-1"),
        ("dead-letters", "list"),
        ("rebuild",),
    ],
    ids=" ".join,
)
def test_without_servers_the_way_out_is_told(words: tuple[str, ...]) -> None:
    said = tend(*words, environment=NOWHERE)

    assert said.status == 4
    assert "does not answer at 127.0.0.1:1" in said.err
    assert "tend serve --embedded" in said.err


def test_completion_offers_the_commands() -> None:
    environment = {"_TEND_COMPLETE": "complete_bash", "COMP_WORDS": "tend wo", "COMP_CWORD": "1"}

    assert "worker" in tend("wo", environment=environment).out.split()
