"""Runbooks name commands, alerts and metrics that there are, and every alert that wakes somebody has its runbook."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from agents.cli import COMMANDS, application
from infra.metrics import METRICS
from tests.repo.compose import ROOT

PAGE = (ROOT / "docs/runbooks.md").read_text()
BLOCKS = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines() if line.startswith("tend ")]
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "infra/deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
NAMES = {alert["alert"] for alert in ALERTS}


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_each_command_is_one(line: str) -> None:
    from typer.main import get_command

    _, name, *words = line.split()
    assert name in COMMANDS
    command: Any = get_command(application(name))
    for word in [name, *words]:
        below = getattr(command, "commands", {})
        if not below:
            break
        assert word in below, f"{line}: there is no {word}"
        command = below[word]


def test_each_alert_named_is_one() -> None:
    assert set(re.findall(r"`(Tend[A-Za-z]+)`", PAGE)) <= NAMES


@pytest.mark.parametrize("alert", [one["alert"] for one in ALERTS if one["labels"]["severity"] == "page"])
def test_each_alert_that_wakes_somebody_has_its_runbook(alert: str) -> None:
    assert f"`{alert}`" in PAGE


def test_each_metric_named_is_one() -> None:
    assert set(re.findall(r"`(tend_[a-z_]+)`", PAGE)) <= {metric.name for metric in METRICS}


@pytest.mark.parametrize("what", ["Upgrade", "Backup", "Restore", "Lost store", "Poison", "Lag"])
def test_what_has_to_be_done_has_a_section(what: str) -> None:
    assert f"\n## {what}\n" in PAGE
