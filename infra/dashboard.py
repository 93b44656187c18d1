"""The dashboard for Grafana, made from the list of metrics: ``python -m infra.dashboard FILE``.

Titles and expressions stand here; what a metric tells and what to do about it comes from ``infra.telemetry``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from infra.metrics import METRICS, Metric

_SOURCE = {"type": "prometheus", "uid": "prometheus"}
_COLUMNS, _HEIGHT = 24, 8


class Panel(msgspec.Struct, frozen=True):
    """One picture: its lines as pairs of expression and legend."""

    title: str
    lines: tuple[tuple[str, str], ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8


def _quantiles(metric: str, by: str = "") -> tuple[tuple[str, str], ...]:
    group = f"le, {by}" if by else "le"
    label = f" {{{{{by}}}}}" if by else ""
    return tuple(
        (f"histogram_quantile({share}, sum by ({group}) (rate({metric}_bucket[$__rate_interval])))", f"{name}{label}")
        for share, name in ((0.5, "median"), (0.99, "p99"))
    )


def _rate(metric: str, by: str, per: str = "$__rate_interval") -> tuple[tuple[str, str], ...]:
    return ((f"sum by ({by}) (rate({metric}[{per}]))", f"{{{{{by}}}}}"),)


def _share(metric: str) -> str:
    return f"sum(rate({metric}[$__rate_interval])) / sum(rate(tend_events_total[$__rate_interval]))"


ROWS: dict[str, tuple[Panel, ...]] = {
    "Now": (
        Panel("Lanes running", (('sum(tend_lane_state{state="running"})', ""),), kind="stat", width=4),
        Panel("Lanes waiting", (('sum(tend_lane_state{state="waiting"})', ""),), kind="stat", width=4),
        Panel("Lanes parked", (('sum(tend_lane_state{state="parked"})', ""),), kind="stat", width=4),
        Panel("Learners active", (("sum(tend_learner_active)", ""),), kind="stat", width=4),
        Panel("Events a second", (("sum(rate(tend_events_total[1m]))", ""),), kind="stat", width=4),
        Panel("Actions in an hour", (("sum(increase(tend_actions_total[1h]))", ""),), kind="stat", width=4),
    ),
    "The way of an event": (
        Panel("Events by topic", _rate("tend_events_total", "topic"), "eps"),
        Panel("Not handled yet, by topic", (("sum by (topic) (tend_lag_records)", "{{topic}}"),)),
        Panel("From event to action", _quantiles("tend_event_to_action_seconds"), "s"),
        Panel("Stages of a batch", _quantiles("tend_stage_seconds", "stage"), "s"),
        Panel(
            "Events and timers in a batch",
            (("sum(rate(tend_batch_events_sum[5m])) / sum(rate(tend_batch_events_count[5m]))", "mean"),),
        ),
        Panel("Decided, not published", (("sum by (partition) (tend_outbox_entries)", "{{partition}}"),)),
    ),
    "Care": (
        Panel("Actions by kind, an hour", (("sum by (kind) (increase(tend_actions_total[1h]))", "{{kind}}"),)),
        Panel("Actions by rule, an hour", (("sum by (rule) (increase(tend_actions_total[1h]))", "{{rule}}"),)),
        Panel("Suppressed, an hour", (("sum by (reason) (increase(tend_suppressed_total[1h]))", "{{reason}}"),)),
        Panel("Not due again yet, an hour", (("sum by (rule) (increase(tend_not_due_total[1h]))", "{{rule}}"),)),
        Panel("Held, an hour", (("sum by (reason) (increase(tend_held_total[1h]))", "{{reason}}"),)),
        Panel("Timers a second", (("sum(rate(tend_timers_total[$__rate_interval]))", "timers"),), "eps"),
        Panel("Timers looked at late by", _quantiles("tend_timer_lateness_seconds"), "s"),
    ),
    "What was not as expected": (
        Panel("Dead letters, an hour", (("sum by (reason) (increase(tend_dead_letters_total[1h]))", "{{reason}}"),)),
        Panel(
            "Share of each source's records with a fault",
            (
                (
                    "sum by (source, fault) (rate(tend_source_faults_total[15m])) / on (source) group_left "
                    "sum by (source) (rate(tend_source_events_total[15m]))",
                    "{{source}}: {{fault}}",
                ),
            ),
            "percentunit",
        ),
        Panel("Named outcomes, an hour", (("sum by (note) (increase(tend_notes_total[1h]))", "{{note}}"),)),
        Panel(
            "Share of duplicates and late events",
            ((_share("tend_duplicates_total"), "duplicates"), (_share("tend_late_total"), "late")),
            "percentunit",
        ),
        Panel(
            "Forwarded, and receipts for unknown actions",
            (
                ("sum(rate(tend_forwarded_total[$__rate_interval]))", "forwarded"),
                ("sum(rate(tend_unknown_receipts_total[$__rate_interval]))", "unknown receipts"),
            ),
            "eps",
        ),
        Panel("Away", (("sum by (dependency) (increase(tend_dependency_away_total[5m]))", "{{dependency}}"),)),
        Panel("Lanes that began again", (("sum(increase(tend_fenced_total[5m]))", "fenced"),)),
        Panel(
            "Internal records refused, an hour",
            (("sum by (topic) (increase(tend_internal_refused_total[1h]))", "{{topic}}"),),
        ),
        Panel(
            "Lanes behind the clock", (("time() - min by (partition) (tend_lane_time_seconds)", "{{partition}}"),), "s"
        ),
    ),
    "Churn": (
        Panel("Log loss", (("max by (horizon) (tend_model_log_loss)", "{{horizon}} days"),)),
        Panel("Area under the ROC curve", (("max by (horizon) (tend_model_auc)", "{{horizon}} days"),)),
        Panel(
            "Calibration error, and drift",
            (
                ("max by (horizon) (tend_model_calibration_error)", "error, {{horizon}} days"),
                ("max by (horizon) (tend_model_drift)", "drift, {{horizon}} days"),
            ),
        ),
        Panel("Lessons learned, an hour", (("sum(increase(tend_lessons_total[1h]))", "lessons"),)),
        Panel(
            "Epochs",
            (("max(tend_learner_epoch)", "published"), ("min(tend_almanac_epoch)", "oldest in force")),
        ),
        Panel("Size of records", _quantiles("tend_record_bytes"), "bytes"),
    ),
    "Gateway": (
        Panel("Taken a second, by door", _rate("tend_gateway_events_total", "door"), "eps"),
        Panel(
            "Not recorded, an hour",
            (("sum by (door, reason) (increase(tend_gateway_left_out_total[1h]))", "{{door}}: {{reason}}"),),
        ),
        Panel(
            "Links and openings, an hour",
            (("sum by (done, visitor) (increase(tend_links_total[1h]))", "{{done}} by {{visitor}}"),),
        ),
        Panel("Mails that came back, an hour", (("sum by (reason) (increase(tend_bounces_total[1h]))", "{{reason}}"),)),
    ),
}


def dashboard() -> dict[str, Any]:
    """The whole dashboard as Grafana keeps it."""
    return {
        "uid": "tend",
        "title": "tend",
        "tags": ["tend"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-3h", "to": "now"},
        "panels": list(_panels()),
    }


def expressions() -> list[str]:
    """All expressions that the dashboard asks."""
    return [expression for panels in ROWS.values() for panel in panels for expression, _ in panel.lines]


def text() -> str:
    """The dashboard as the file that Grafana loads."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 1, 0
    for title, panels in ROWS.items():
        yield {"id": number, "type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": _place(0, top)}
        number, top, left, height = number + 1, top + 1, 0, _HEIGHT
        for panel in panels:
            height = 4 if panel.kind == "stat" else _HEIGHT
            if left + panel.width > _COLUMNS:
                left, top = 0, top + height
            yield _panel(panel, number) | {"gridPos": _place(left, top, panel.width, height)}
            number, left = number + 1, left + panel.width
        top += height


def _place(left: int, top: int, width: int = _COLUMNS, height: int = 1) -> dict[str, int]:
    return {"x": left, "y": top, "w": width, "h": height}


def _panel(panel: Panel, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": _description(panel),
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(panel.lines)
        ],
    }


def _description(panel: Panel) -> str:
    asked = " ".join(expression for expression, _ in panel.lines)
    return "\n\n".join(f"{metric.help} {metric.act}" for metric in METRICS if _asks(asked, metric))


def _asks(expression: str, metric: Metric) -> bool:
    return re.search(rf"\b{metric.name}(_bucket|_sum|_count)?\b", expression) is not None


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), encoding="utf-8")
