"""What is written down."""

from __future__ import annotations

import json
from pathlib import Path

from tests.bench.ratios import ratios
from tests.bench.results import save
from tests.unit.bench.figures import small


def test_the_newest_run_is_also_the_latest(tmp_path: Path) -> None:
    results = small()
    path = save(tmp_path / "results", "2026-01-02-host", results, {"ratios": ratios(results)})
    document = json.loads(path.read_text())
    assert document == json.loads((path.parent / "latest.json").read_text())
    assert document["ratios"]["cycle_vs_mock"] == 0.125
    assert document["ratios"]["createrepo_vs_best"] is None
    assert document["runs"][0]["build"]["seconds"] == 0.5
    assert document["rounds"][1]["jobs"] == 8
