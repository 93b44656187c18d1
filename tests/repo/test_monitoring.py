"""Alerts and the dashboard ask only for metrics that exist, and say what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from infra.dashboard import expressions, text
from infra.metrics import METRICS
from tests.repo.compose import ROOT

ALERTS: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "infra/deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD = ROOT / "infra/deploy/grafana/dashboards/tend.json"
SERIES = {
    f"{metric.name}{suffix}": {*metric.labels, *labels}
    for metric in METRICS
    for suffix, labels in (
        {"": set()} if metric.kind != "histogram" else {"_bucket": {"le"}, "_sum": set(), "_count": set()}
    ).items()
} | {"up": set()}
FROM_PROMETHEUS = {"job", "instance"}
VARIABLES = re.compile(r"\$__rate_interval")


def parts_of(expression: Any) -> Iterator[Any]:
    """Every part of a parsed expression, itself included."""
    yield expression
    for name in ("lhs", "rhs", "expr", "param", "vector_selector"):
        inner = getattr(expression, name, None)
        if inner is not None:
            yield from parts_of(inner)
    for argument in getattr(expression, "args", None) or ():
        yield from parts_of(argument)


def check(expression: str) -> None:
    """Fail where an expression asks for a series or a label that there is not."""
    parts = list(parts_of(promql_parser.parse(VARIABLES.sub("1m", expression))))
    asked = [part for part in parts if isinstance(part, promql_parser.VectorSelector)]
    assert asked or "vector(" in expression
    known = set().union(*(SERIES[str(part.name)] for part in asked)) | FROM_PROMETHEUS
    for part in asked:
        assert {matcher.name for matcher in part.matchers.matchers} <= SERIES[str(part.name)] | FROM_PROMETHEUS
    for part in parts:
        if isinstance(part, promql_parser.AggregateExpr) and part.modifier is not None:
            assert set(part.modifier.labels) <= known


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
class TestEveryAlert:
    def test_asks_for_what_exists(self, alert: dict[str, Any]) -> None:
        check(alert["expr"])

    def test_says_how_urgent_it_is_what_it_means_and_what_to_do(self, alert: dict[str, Any]) -> None:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"]
        assert alert["annotations"]["what_to_do"].endswith(".")

    def test_names_labels_that_its_series_keep(self, alert: dict[str, Any]) -> None:
        named = set(re.findall(r"\$labels\.(\w+)", str(alert["annotations"])))
        kept = set(re.findall(r"by \(([\w, ]+)\)", alert["expr"])) or FROM_PROMETHEUS

        assert named <= {label.strip() for labels in kept for label in labels.split(",")}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed; CI has it")
def test_alerts_come_when_they_should_and_not_when_they_should_not() -> None:
    tried = subprocess.run(
        ["promtool", "test", "rules", str(ROOT / "tests/repo/alerts.yml")], capture_output=True, text=True, check=False
    )

    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_each_state_and_label_value_asked_for_is_one_that_is_told() -> None:
    states = set(re.findall(r'state="(\w+)"', " ".join([*expressions(), *(alert["expr"] for alert in ALERTS)])))
    told = next(metric.help for metric in METRICS if metric.name == "tend_lane_state")

    assert states
    assert all(state in told for state in states)


@pytest.mark.parametrize("expression", expressions())
def test_each_panel_asks_for_what_exists(expression: str) -> None:
    check(expression)


def test_the_dashboard_shows_every_metric() -> None:
    asked = " ".join(expressions())

    assert [metric.name for metric in METRICS if metric.name not in asked] == []


def test_the_committed_dashboard_is_fresh() -> None:
    assert DASHBOARD.read_text() == text(), "run `make docs` and commit the result"


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    panels = json.loads(text())["panels"]
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_each_panel_says_what_it_tells() -> None:
    assert all(panel["description"] for panel in json.loads(text())["panels"] if panel["type"] != "row")
