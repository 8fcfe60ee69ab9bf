"""Dashboard and alerts: files that their programs take, and metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from koji_adjutant.errors import FailureClass

CONTRIB = Path(__file__).parents[3] / "contrib"
ALERTS = CONTRIB / "prometheus" / "alerts.yml"
DASHBOARD = CONTRIB / "grafana" / "koji-adjutant.json"
METRIC = re.compile(r"\bkoji_adjutant_\w+")
COUNTERS = {
    "tasks_taken": {"method"},
    "tasks_finished": {"method", "status"},
    "task_failures": {"method", "class"},
    "containers_created": {"role"},
    "cache_uses": {"kind", "result"},
    "bytes_uploaded": set(),
    "cpu_seconds": set(),
    "bytes_read": set(),
    "bytes_written": set(),
}
HISTOGRAMS = {"task_seconds": {"method"}, "phase_seconds": {"method", "stage"}}
GAUGES = {
    "status": {"status"},
    "tasks_running": set(),
    "containers_running": set(),
    "start_time_seconds": set(),
    "hub_answered_time_seconds": set(),
    "capacity": set(),
    "task_load": set(),
    "cache_entries": set(),
    "cache_size_bytes": set(),
    "cache_limit_bytes": set(),
    "disk_free_bytes": {"path"},
    "disk_size_bytes": {"path"},
}
"""What the exporter has, with the labels of each."""


def exported() -> dict[str, set[str]]:
    prefix = "koji_adjutant_"
    series = {f"{prefix}{name}_total": labels for name, labels in COUNTERS.items()}
    series |= {prefix + name: labels for name, labels in GAUGES.items()}
    for name, labels in HISTOGRAMS.items():
        series[f"{prefix}{name}_bucket"] = labels | {"le"}
        series |= {f"{prefix}{name}_{part}": labels for part in ("sum", "count")}
    return series


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


def dashboard_expressions() -> list[str]:
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    return [text.replace("$instance", ".*").replace("$__rate_interval", "5m") for text in found]


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in rules()), *dashboard_expressions()])
def test_every_metric_and_label_is_exported(expression: str) -> None:
    series = exported()
    used = re.findall(r"\b(koji_adjutant_\w+)(?:\{([^}]*)\})?", expression)
    assert used or "up{" in expression
    for metric, matchers in used:
        assert metric in series
        labels = set(re.findall(r"(\w+)\s*[=!]~?", matchers))
        assert labels <= series[metric] | {"instance", "job"}


def test_failure_classes_are_those_that_there_are() -> None:
    text = ALERTS.read_text() + "".join(dashboard_expressions())
    named = {word for words in re.findall(r'class=~"([^"]+)"', text) for word in words.split("|")}
    assert named
    assert named <= set(FailureClass)


def test_every_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_prometheus_takes_all_expressions(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on this machine: it is in the package prometheus")
    records = [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(dashboard_expressions())]
    dashboard = tmp_path / "dashboard.yml"
    dashboard.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    for file in (ALERTS, dashboard):
        done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
