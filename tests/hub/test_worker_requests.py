"""Requests that mean nothing, under our worker: each is failed at once, and the hub is told why."""

from __future__ import annotations

from typing import Any

import koji
import pytest

from tests.hub.farm import Farm
from tests.hub.faults import stock_words

pytestmark = pytest.mark.podman

# without build, whose source a hub has looked at before there is a task
MALFORMED: dict[str, list[Any]] = {
    "buildArch": [],
    "buildNotification": [None, {}, None, ""],
    "buildSRPMFromSCM": [],
    "chainbuild": ["git://git.example.org/a#b", "target"],
    "createdistrepo": ["tag", 1, "../..", [], {}],
    "createrepo": [1, "-rf", None],
    "distRepo": ["tag", 1, [], {"arch": ["--help"], "event": None}],
    "newRepo": [],
    "rebuildSRPM": [1],
    "sleep": ["BAD_ARG"],
    "tagBuild": [{}],
    "tagNotification": [5, 5, 5, 5, 5, 5],
    "waitrepo": [],
    "wrapperRPM": ["git://git.example.org/a#b", "target", None, None],
}


def test_malformed_requests(farm: Farm) -> None:
    tasks = {method: farm.worker_task(method, *request) for method, request in MALFORMED.items()}
    for method, task in tasks.items():
        error = farm.failure(task)
        assert error.faultCode == koji.ParameterError.faultCode, (method, error)
        assert f"arguments of {method}" in stock_words(error)
        assert "Traceback" not in str(error)
