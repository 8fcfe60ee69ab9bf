"""container.log, buildroot-init.sh and state.log."""

from __future__ import annotations

import logging
import re
import shlex
from pathlib import Path

import pytest

from koji_adjutant.buildroot.progress import StateLog, Together
from koji_adjutant.buildroot.record import WAIT, recording, write_hw_info
from koji_adjutant.container.interface import Owner

LOGGER = logging.getLogger("koji_adjutant.container")


def start(task_id: str, line: str) -> None:
    """What the container manager logs."""
    LOGGER.info("task %s: %s", task_id, line, extra={"task_id": task_id, "podman_line": line})


def test_only_this_tasks_containers(tmp_path: Path) -> None:
    before = (LOGGER.level, list(LOGGER.handlers))
    with recording(Owner("7", "w"), tmp_path, "buildroot-init.sh"):
        start("7", "podman run --rm image one")
        start("8", "podman run --rm image two")
        start("7", f"podman run --rm --rootfs /r:O {shlex.join(WAIT)}")
        LOGGER.info("without a task")
    start("7", "podman run --rm image three")
    log = (tmp_path / "container.log").read_text()
    assert [word in log for word in ("one", "two", "--rootfs", "three", "without")] == [
        True,
        False,
        True,
        False,
        False,
    ]
    script = (tmp_path / "buildroot-init.sh").read_text()
    assert script.startswith("#!/bin/bash\n")
    assert script.endswith("podman run --rm -it --rootfs /r:O /bin/bash --login\n")
    assert (LOGGER.level, list(LOGGER.handlers)) == before


def test_state_log_is_mocks(tmp_path: Path) -> None:
    log = tmp_path / "state.log"
    progress = Together([StateLog(log)])
    with pytest.raises(KeyError), progress.phase("outer"), progress.phase("inner"):
        raise KeyError
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - "
    lines = log.read_text().splitlines()
    expected = ["Start: outer", "Start: inner", "Finish: inner", "Finish: outer"]
    assert [re.sub(f"^{stamp}", "", line) for line in lines] == expected
    assert all(re.match(stamp, line) for line in lines)


def test_hw_info_without_its_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_hw_info(tmp_path / "hw_info.log", [tmp_path])
    assert "lscpu is not installed" in (tmp_path / "hw_info.log").read_text()
