"""The units: what systemd says of them, and that they call what there is."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from koji_adjutant.cli import COMMANDS
from koji_adjutant.daemon import arguments

UNITS = Path(__file__).parents[3] / "contrib" / "systemd"
BIN = Path(sys.executable).parent


def unit(name: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNITS / name)
    return parser


def test_the_worker_is_started_with_options_that_it_has() -> None:
    program, *options = unit("kojid.service")["Service"]["ExecStart"].split()
    assert program == "/usr/bin/kojid"
    parsed = arguments.parse(options)
    assert parsed["daemon"] is False
    assert parsed["force_lock"] is True


def test_the_collector_is_a_command() -> None:
    program, command = unit("koji-adjutant-gc.service")["Service"]["ExecStart"].split()
    assert program == "/usr/bin/koji-adjutant"
    assert command in COMMANDS


def test_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    for file in UNITS.iterdir():
        # where the programs are in this environment
        (tmp_path / file.name).write_text(file.read_text().replace("=/usr/bin/ko", f"={BIN}/ko"))
    names = [str(tmp_path / file.name) for file in UNITS.iterdir()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    # it also looks at the units of this machine that ours are ordered with
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "koji" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr
