"""Runbooks name alerts and metrics that there are, and every alert that wakes somebody has its runbook."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from infra.metrics import METRICS
from tests.repo.compose import ROOT

PAGE = (ROOT / "docs/runbooks.md").read_text()
ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "infra/deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
NAMES = {alert["alert"] for alert in ALERTS}


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
