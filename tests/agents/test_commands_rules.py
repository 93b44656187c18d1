"""``tend rules``, as people and programs meet it."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from agents import cli
from agents.commands.rules import app
from rules.facts import FACTS
from rules.loading import shipped
from tests.rules.reading.test_contents import GOOD
from tests.shell import tend


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_the_shipped_rulebook_is_in_order() -> None:
    assert run("check") == f"{len(shipped().rules)} rules are in order; version {shipped().version}\n"


def test_a_folder_is_checked(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD)

    assert run("check", str(tmp_path)).startswith("1 rules are in order; version ")
    assert orjson.loads(run("check", "--json", str(tmp_path)))["rules"] == ["hello"]


def test_a_store_begins_with_a_copy_of_the_shipped_rules(tmp_path: Path) -> None:
    folder = tmp_path / "my-rules"
    begun = tend("rules", "init", str(folder))
    again = tend("rules", "init", str(folder))

    assert begun.status == 0
    assert tend("rules", "check", str(folder)).out == tend("rules", "check").out
    assert again.status == 2
    assert "is not empty, and nothing in it is overwritten" in again.err


@pytest.mark.parametrize("folder", ["/proc/rules", "file/rules"])
def test_a_folder_that_cannot_be_written_to_is_told(folder: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    begun = tend("rules", "init", str(tmp_path / folder))

    assert begun.status == 2
    assert "cannot be written to" in begun.err


def test_a_mistake_is_told_with_its_place_and_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(GOOD.replace("orders.count", "orders.cuont"))
    monkeypatch.setattr(sys, "argv", ["tend", "rules", "check", str(file)])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"tend: {file}:5:11: there is no fact 'orders.cuont'\n"
        "    5 |     when: orders.cuont > 3\n"
        "      |           ^^^^^^^^^^^^\n"
        "  Fix: did you mean 'orders.count'?\n"
        "\n"
        f"{file}:14:27: there is no fact 'orders.cuont'\n"
        "   14 |         values: {earlier: orders.cuont - 1}\n"
        "      |                           ^^^^^^^^^^^^\n"
        "  Fix: did you mean 'orders.count'?\n"
        "\n"
        "2 problems; the rulebook is refused as a whole.\n"
    )


def test_rules_are_listed_for_people_and_for_programs() -> None:
    assert "birthday_greeting" in run("list")
    told = orjson.loads(run("list", "--json"))
    assert [one["rule"] for one in told] == [rule.id for rule in shipped().rules]
    assert told[-1]["cooldown"] == "30 days"


def test_facts_are_found_by_name_and_meaning() -> None:
    assert [one["fact"] for one in orjson.loads(run("facts", "--json"))] == list(FACTS)
    churn = orjson.loads(run("facts", "--json", "churn"))
    assert {one["fact"] for one in churn} >= {"churn.probability", "churn.trusted"}
    assert "churn.labels" in run("facts", "churn")


def test_a_moment_without_a_zone_is_no_moment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tend", "rules", "publish", "--from", "2026-03-01"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert "expected a moment with its zone" in capsys.readouterr().err
