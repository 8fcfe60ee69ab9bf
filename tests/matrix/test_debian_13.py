"""Debian 13, with crun, podman 5, rpm 4.20 and createrepo_c 1.2, in small: what is always run of the matrix.

The demo builds from git with nothing cached, for a tag whose external repository has zstd metadata, and has
that tag's repository made twice: merged, and merged again from what is recycled.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.matrix.__main__ import default_place
from tests.matrix.stand_in import StandIn, entered, make_root

PYTHON = ".venv/bin/python"
CONFIGURATION = """\
[kojid]
server = http://127.0.0.1:1/kojihub
topurl = http://127.0.0.1:1/kojifiles
workdir = /root/check/work
topdir = /root/check/topdir
minspace = 1
[adjutant]
state_dir = {cache}/koji-adjutant/state
log_dir = /root/check/logs
log_file = /root/check/kojid.log
"""
FORMAT_6 = "tests/integration/buildroot/test_installing.py::test_a_package_of_format_6"


@pytest.fixture(scope="module")
def root() -> Path:
    """Made once for this machine, as make matrix makes it."""
    if os.geteuid() != 0:
        pytest.skip("only root can enter another system's root")
    if shutil.which("mmdebstrap") is None:
        pytest.skip("the root is made with mmdebstrap, from where a Debian host has its packages")
    root = default_place() / "debian-trixie"
    make_root("trixie", root)
    return root


def do(host: StandIn, log: Path, *command: str) -> str:
    """What a command says, which must succeed."""
    before = log.stat().st_size if log.exists() else 0
    status = host.run(command, log)
    said = log.read_bytes()[before:].decode(errors="replace")
    assert status == 0, said[-10000:]
    return said


def test_the_demo_the_check_and_a_package_of_format_6(root: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with entered(root, "v2") as host:
        demo = do(host, log, "make", "--jobs=2", "demo")
        assert "hello-adjutant-1.0-1.demo1" in demo
        (root / "root" / "kojid.conf").write_text(CONFIGURATION.format(cache=host.cache))
        check = do(
            host, log, PYTHON, "-m", "koji_adjutant.cli", "check", "--no-hub", "-c", "/root/kojid.conf"
        )
        assert "ok    podman: podman 5." in check
        assert " with crun, as root" in check
        assert "ok    buildroot: one was made" in check
        assert "2 passed" in do(host, log, PYTHON, "-m", "pytest", "-q", FORMAT_6)
