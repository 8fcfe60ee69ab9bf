"""Builder plugins: loaded unchanged, their task methods and callbacks work."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.hub.farm import Farm
from tests.hub.names import unique
from tests.hub.packages import package

pytestmark = pytest.mark.podman

ALWAYS = ["session", "taskinfo"]
CHECKOUT = ["build_tag", "buildroot", "scminfo", "scratch"]


def calls(farm: Farm, kind: str) -> list[dict[str, Any]]:
    lines = (farm.directory / "builder-plugins/conformance.calls").read_text().splitlines()
    return [call for call in map(json.loads, lines) if call["kind"] == kind]


def test_a_task_method_of_a_plugin(farm: Farm) -> None:
    assert farm.closed(farm.worker_task("conformancePlugged", "yes", 2)) == "Koji says yesyes"


def test_callbacks_of_a_plugin(farm: Farm) -> None:
    name = unique("hooked")
    files = package(name) | {f"{name}.spec": "no spec"}  # the source package is not what this is about
    farm.failure(farm.build(farm.publish(name, files), scratch=True))
    before, after = calls(farm, "preSCMCheckout")[-1], calls(farm, "postSCMCheckout")[-1]
    assert before["known"] == sorted([*ALWAYS, *CHECKOUT])
    assert after["known"] == sorted([*ALWAYS, *CHECKOUT, "srcdir"])
    assert after["method"] == "buildSRPMFromSCM"
    assert after["branches"]
    assert calls(farm, "postCreateRepo")[-1]["known"] == sorted(
        [*ALWAYS, "arch", "repo_id", "repodir", "tag"]
    )
