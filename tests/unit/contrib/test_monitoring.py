"""Dashboard and alerts: files that their programs take, and metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from koji_adjutant.errors import FailureClass
from koji_adjutant.monitoring import database, events
from koji_adjutant.monitoring.journal import FileJournal
from koji_adjutant.monitoring.web.metrics import metrics
from koji_adjutant.monitoring.web.sources import CacheSize, Sources
from tests.unit.cli.conftest import record_failed_build

CONTRIB = Path(__file__).parents[3] / "contrib"
ALERTS = CONTRIB / "prometheus" / "alerts.yml"
DASHBOARD = CONTRIB / "grafana" / "koji-adjutant.json"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Every series that the exporter has for a worker that has done something, with its labels."""
    directory = tmp_path_factory.mktemp("state")
    database.prepare(database.path_in(directory))
    journal = FileJournal(database.path_in(directory))
    journal.record(events.WorkerStarted(worker_id="hub-host1", hub="http://hub", version="1", pid=1))
    journal.record(events.WorkerSeen(capacity=2.0, task_load=1.0))
    record_failed_build(journal)
    journal.close()
    sources = Sources(journal.path, list, lambda: CacheSize(1, 2, 3), [directory])
    request = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(sources=sources)))
    text = bytes(metrics(request).body).decode()  # type: ignore[arg-type]
    series: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            series.setdefault(sample.name, set()).update(sample.labels)
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
def test_every_metric_and_label_is_exported(expression: str, exported: dict[str, set[str]]) -> None:
    used = re.findall(r"\b(koji_adjutant_\w+)(?:\{([^}]*)\})?", expression)
    assert used or "up{" in expression
    for metric, matchers in used:
        assert metric in exported
        labels = set(re.findall(r"(\w+)\s*[=!]~?", matchers))
        assert labels <= exported[metric] | {"instance", "job"}


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
