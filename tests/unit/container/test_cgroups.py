"""Control groups as files; tests/integration reads real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from koji_adjutant.container.cgroups import Meter, Usage

CONTAINER = "c" * 64
GROUP = f"libpod_parent/libpod-{CONTAINER}"


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    lines = [f"{n}:{name}:/{GROUP}" for n, name in enumerate(("cpu,cpuacct", "memory", "blkio", "pids"))]
    write(tmp_path, {"proc/5/cgroup": "\n".join([*lines, "9:freezer:/", "0::/"])})
    io = "8:0 Read 100\n8:0 Write 30\n8:16 Read 5\nTotal 135\n"
    files = {
        f"cpuacct/{GROUP}/cpuacct.usage": "1500000000\n",
        f"memory/{GROUP}/memory.max_usage_in_bytes": "4096\n",
        f"memory/{GROUP}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        f"blkio/{GROUP}/blkio.throttle.io_service_bytes_recursive": io,
    }
    write(tmp_path / "cgroup", files)
    return tmp_path


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    write(tmp_path, {"proc/5/cgroup": f"0::/{GROUP}\n"})
    files = {
        "cgroup.controllers": "cpu io memory pids\n",
        f"{GROUP}/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
        f"{GROUP}/memory.peak": "8192\n",
        f"{GROUP}/memory.events": "low 0\noom 1\noom_kill 1\noom_group_kill 0\n",
        f"{GROUP}/io.stat": "8:0 rbytes=7 wbytes=8 rios=1 wios=1\n8:16 rbytes=1 wbytes=1\n",
        f"{GROUP}/pids.peak": "12\n",
    }
    write(tmp_path / "cgroup", files)
    return tmp_path


def meter(place: Path, container: str = CONTAINER, pid: int = 5) -> Meter | None:
    return Meter.of_process(pid, container, proc=place / "proc", cgroups=place / "cgroup")


def test_version_1(version_1: Path) -> None:
    found = meter(version_1)
    assert found
    assert found.read() == Usage(1.5, 4096, 105, 30, None, 2)


def test_version_1_that_counts_no_io(version_1: Path) -> None:
    io = version_1 / "cgroup" / "blkio" / GROUP / "blkio.throttle.io_service_bytes_recursive"
    io.write_text("Total 0\n")
    found = meter(version_1)
    assert found
    usage = found.read()
    assert (usage.bytes_read, usage.bytes_written) == (None, None)


def test_version_2_that_has_done_nothing(version_2: Path) -> None:
    (version_2 / "cgroup" / GROUP / "io.stat").write_text("")
    found = meter(version_2)
    assert found
    usage = found.read()
    assert (usage.bytes_read, usage.bytes_written) == (0, 0)


def test_version_2_and_what_was_read_last(version_2: Path) -> None:
    found = meter(version_2)
    assert found
    usage = Usage(2.5, 8192, 8, 9, 12, 1)
    assert found.read() == usage
    shutil.rmtree(version_2 / "cgroup" / "libpod_parent")
    assert found.read() == usage


def test_nothing_is_known_of_others(version_2: Path) -> None:
    assert meter(version_2, "d" * 64) is None  # a process of this machine, a container of another one
    assert meter(version_2, pid=6) is None
