"""Output, exit codes, isolation and limits of a container's main process."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath
from unittest import mock

import pytest

from koji_adjutant.container.interface import (
    ContainerState,
    DirectoryRoot,
    ImageRoot,
    ResourceLimits,
    VolumeMount,
)
from koji_adjutant.container.podman_manager import PodmanManager
from koji_adjutant.container.podman_spec import OOM_SCORE
from koji_adjutant.container.service_config import may_lift_limits
from koji_adjutant.errors import ContainerTimeout, EngineError, ImageError
from tests.integration.container.conftest import OWNER, MakeSpec
from tests.support.processes import with_argument
from tests.support.waiting import until

ALL = {"io.koji.adjutant.task_id": OWNER.task_id, "io.koji.adjutant.role": "test"}


def output(engine: PodmanManager, spec: object) -> str:
    sink = io.BytesIO()
    code = engine.run(spec, sink)  # type: ignore[arg-type]
    assert code == 0, sink.getvalue().decode(errors="replace")
    return sink.getvalue().decode()


def test_the_exit_code_and_both_streams_come_back_in_order(engine: PodmanManager, spec: MakeSpec) -> None:
    sink = io.BytesIO()
    script = "for i in $(seq 300); do echo $i; echo $i >&2; done; exit 7"
    assert engine.run(spec(["sh", "-c", script]), sink) == 7
    assert sink.getvalue() == b"".join(b"%d\n%d\n" % (n, n) for n in range(1, 301))


def test_an_engine_that_is_slow_to_see_the_end_is_waited_for(engine: PodmanManager, spec: MakeSpec) -> None:
    asked = []

    def inspect(container: str) -> ContainerState:
        state = PodmanManager.inspect(engine, container)
        asked.append(state)
        return replace(state, status="running", exit_code=None) if asked == [state] else state

    with mock.patch.object(engine, "inspect", inspect):
        assert engine.run(spec(["sh", "-c", "exec >&- 2>&-; exit 5"]), io.BytesIO()) == 5
    assert len(asked) == 3  # again before it waits, and after


def test_a_command_whose_monitor_was_killed_has_no_exit_code(
    engine: PodmanManager, spec: MakeSpec, tmp_path: Path
) -> None:
    """It still runs, and podman 5.8 says that it ended with 0."""

    def kill_the_monitor() -> None:
        until((tmp_path / "runs").exists, "the command runs")
        [container] = engine.list_containers(ALL)
        for monitor in with_argument(container.id):
            os.kill(monitor, signal.SIGKILL)

    killer = threading.Thread(target=kill_the_monitor)
    killer.start()
    waiting = spec(
        ["sh", "-c", "touch /mark/runs; sleep 60"], mounts=[VolumeMount(tmp_path, PurePosixPath("/mark"))]
    )
    with pytest.raises(EngineError):
        engine.run(waiting, io.BytesIO())
    killer.join()
    assert engine.list_containers(ALL) == []


def test_output_is_bytes_and_complete(engine: PodmanManager, spec: MakeSpec) -> None:
    program = "import os,sys\nb=bytes(range(256))*4096\nfor _ in range(20): os.write(1,b)"
    sink = io.BytesIO()
    assert engine.run(spec(["python3", "-c", program]), sink) == 0
    assert hashlib.sha256(sink.getvalue()).digest() == hashlib.sha256(bytes(range(256)) * 4096 * 20).digest()


def test_a_slow_reader_loses_nothing(engine: PodmanManager, spec: MakeSpec) -> None:
    class Slow(io.BytesIO):
        writes = 0

        def write(self, data: object, /) -> int:
            self.writes += 1
            if self.writes % 50 == 0:
                time.sleep(0.01)
            return super().write(data)  # type: ignore[arg-type]

    sink = Slow()
    assert engine.run(spec(["seq", "1", "200000"]), sink) == 0
    assert sink.getvalue() == b"".join(b"%d\n" % n for n in range(1, 200001))


def test_output_arrives_while_the_command_runs(engine: PodmanManager, spec: MakeSpec, tmp_path: Path) -> None:
    """The command waits for a file that is made when its first line has been seen."""
    mount = VolumeMount(tmp_path, PurePosixPath("/shared"))

    class Answer(io.BytesIO):
        def write(self, data: object, /) -> int:
            (tmp_path / "seen").touch()
            return super().write(data)  # type: ignore[arg-type]

    sink = Answer()
    script = "echo first; until test -e /shared/seen; do sleep 0.01; done; echo second"
    assert engine.run(spec(["sh", "-c", script], mounts=[mount]), sink, timeout=60) == 0
    assert sink.getvalue() == b"first\nsecond\n"


def test_a_directory_is_a_root_as_it_is(
    engine: PodmanManager, spec: MakeSpec, directory_root: DirectoryRoot
) -> None:
    script = "test -x /usr/bin/dnf; touch /usr/bin/new"
    assert output(engine, spec(["sh", "-c", script], root=directory_root)) == ""
    assert (directory_root.path / "usr/bin/new").exists()


def test_nothing_is_allowed_by_default(engine: PodmanManager, spec: MakeSpec) -> None:
    status = output(engine, spec(["cat", "/proc/self/status"]))
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert {fields[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"


def test_only_the_capabilities_asked_for(engine: PodmanManager, spec: MakeSpec) -> None:
    status = output(engine, spec(["cat", "/proc/self/status"], capabilities=frozenset({"CHOWN"})))
    assert "CapEff:\t0000000000000001" in status
    assert "CapBnd:\t0000000000000001" in status


def test_user_workdir_environment_and_hostname(engine: PodmanManager, spec: MakeSpec) -> None:
    asked = spec(
        ["sh", "-c", 'id -u; id -g; pwd; echo "$GREETING"; hostname'],
        user="1234:4321",
        workdir=PurePosixPath("/usr/lib"),
        environment={"GREETING": 'it\'s $HOME; "quoted"'},
        hostname="builder",
    )
    assert output(engine, asked) == '1234\n4321\n/usr/lib\nit\'s $HOME; "quoted"\nbuilder\n'


def test_the_hosts_proxy_settings_stay_outside(
    engine: PodmanManager, spec: MakeSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    assert "proxy" not in output(engine, spec(["env"]))


def test_network_none_has_no_interface_but_loopback(engine: PodmanManager, spec: MakeSpec) -> None:
    assert output(engine, spec(["ls", "/sys/class/net"])).split() == ["lo"]


def test_network_bridge_has_an_interface_of_its_own_and_dns(engine: PodmanManager, spec: MakeSpec) -> None:
    asked = spec(["sh", "-c", "ls /sys/class/net; cat /etc/resolv.conf"], network="bridge")
    said = output(engine, asked)
    assert "eth0" in said
    assert "nameserver" in said


def test_network_host_is_the_hosts(engine: PodmanManager, spec: MakeSpec) -> None:
    host = sorted(path.name for path in Path("/sys/class/net").iterdir())
    assert set(host) <= set(output(engine, spec(["ls", "/sys/class/net"], network="host")).split())


def test_a_read_only_mount_cannot_be_written(engine: PodmanManager, spec: MakeSpec, tmp_path: Path) -> None:
    mount = VolumeMount(tmp_path, PurePosixPath("/data"), read_only=True)
    sink = io.BytesIO()
    assert engine.run(spec(["touch", "/data/x"], mounts=[mount]), sink) != 0
    assert b"Read-only file system" in sink.getvalue()


@pytest.mark.usefixtures("all_controllers")
def test_limits_are_the_control_groups_limits(engine: PodmanManager, spec: MakeSpec) -> None:
    limits = ResourceLimits(memory_bytes=256 << 20, cpus=0.5, pids=50)
    with engine.container(spec(["sleep", "600"], limits=limits)) as container:
        engine.start(container)
        settings = engine.connection.json("GET", f"containers/{container}/json")["HostConfig"]
    assert (settings["Memory"], settings["CpuQuota"], settings["PidsLimit"]) == (256 << 20, 50_000, 50)


@pytest.mark.usefixtures("all_controllers")
def test_the_limit_of_processes_holds(engine: PodmanManager, spec: MakeSpec) -> None:
    program = "import os, signal\nfor _ in range(100):\n    if os.fork() == 0: signal.pause()"
    sink = io.BytesIO()
    assert (
        engine.run(spec(["python3", "-c", program], limits=ResourceLimits(pids=20)), sink, timeout=120) != 0
    )
    assert b"BlockingIOError" in sink.getvalue()


FILL = """\
import os, pathlib, signal
try:
    while True:
        if os.fork() == 0:
            signal.pause()
except BlockingIOError:
    pathlib.Path("/shared/full").touch()
    signal.pause()
"""
"""Starts processes until it may start no more."""
SOME = "import os\nfor _ in range(15):\n    if os.fork() == 0: os._exit(0)\nprint('all started')"


@pytest.mark.usefixtures("all_controllers")
def test_whoever_has_all_his_processes_takes_none_from_another_of_the_same_user(
    engine: PodmanManager, spec: MakeSpec, tmp_path: Path
) -> None:
    """Builds run as one user, for whom the kernel counts RLIMIT_NPROC over all containers."""
    tmp_path.chmod(0o777)
    limits = ResourceLimits(pids=20)
    full = spec(
        ["python3", "-c", FILL],
        user="1000:1000",
        limits=limits,
        mounts=[VolumeMount(tmp_path, PurePosixPath("/shared"))],
    )
    with engine.container(full) as container:
        engine.start(container)
        until((tmp_path / "full").exists, "a container has all its processes")
        assert (
            output(engine, spec(["python3", "-c", SOME], user="1000:1000", limits=limits)) == "all started\n"
        )
        allowed = output(engine, spec(["bash", "-c", "ulimit -u"], user="1000:1000", limits=limits)).strip()
    assert allowed == "unlimited" if may_lift_limits() else int(allowed) > 1000


def test_the_kernel_is_told_to_kill_in_containers_first(engine: PodmanManager, spec: MakeSpec) -> None:
    show = ["cat", "/proc/self/oom_score_adj"]
    assert output(engine, spec(show)) == f"{OOM_SCORE}\n"
    said = io.BytesIO()
    with engine.container(spec(["sleep", "infinity"])) as container:
        engine.start(container)
        engine.exec(container, show, stdout=said)
    assert said.getvalue().decode() == f"{OOM_SCORE}\n"


@pytest.mark.usefixtures("all_controllers")
def test_a_limit_that_the_host_cannot_keep_is_left_out_with_one_warning(
    engine: PodmanManager, spec: MakeSpec, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.check()
    monkeypatch.setitem(engine._host_facts(), "cgroupControllers", ["pids"])
    asked = spec(["true"], limits=ResourceLimits(memory_bytes=256 << 20, pids=50))
    with caplog.at_level(logging.WARNING, "koji_adjutant.container"):
        for _ in range(2):
            assert engine.run(asked, io.BytesIO()) == 0
    warnings = [record.getMessage() for record in caplog.records if "memory" in record.getMessage()]
    assert len(warnings) == 1


def test_a_command_that_takes_too_long_is_killed_and_gone(engine: PodmanManager, spec: MakeSpec) -> None:
    sink = io.BytesIO()
    with pytest.raises(ContainerTimeout, match=r"sleep 987 took longer than 0\.5 s"):
        engine.run(spec(["sleep", "987"]), sink, timeout=0.5)
    assert engine.list_containers(ALL) == []


def test_a_missing_command_says_so_and_leaves_nothing(engine: PodmanManager, spec: MakeSpec) -> None:
    sink = io.BytesIO()
    assert engine.run(spec(["no-such-program"]), sink) == 127
    assert b"no-such-program" in sink.getvalue()
    assert engine.list_containers(ALL) == []


def test_a_missing_image_is_an_image_error(engine: PodmanManager, spec: MakeSpec) -> None:
    with pytest.raises(ImageError, match="localhost/no-such:1"):
        engine.run(spec(["true"], root=ImageRoot("localhost/no-such:1")), io.BytesIO())


def test_limits_hold_for_what_is_executed_later(engine: PodmanManager, spec: MakeSpec) -> None:
    limits = ResourceLimits(pids=100, rlimits={"nofile": (64, 128), "core": (0, 0)})
    show = ["bash", "-c", "ulimit -Hn; ulimit -Hc"]
    assert output(engine, spec(show, limits=limits)) == "128\n0\n"
    said = io.BytesIO()
    with engine.container(spec(["sleep", "infinity"], limits=limits)) as container:
        engine.start(container)
        engine.exec(container, show, stdout=said)
    assert said.getvalue() == b"128\n0\n"


def test_in_the_background_it_gets_what_others_leave(engine: PodmanManager, spec: MakeSpec) -> None:
    limits = ResourceLimits(pids=100, rlimits={"nofile": (64, 128)}).in_background()
    weights = "/sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpu.weight"
    script = f"cat /proc/$$/stat; ulimit -n; cat {weights} 2>/dev/null; true"
    stat, files, *weight = output(engine, spec(["bash", "-c", script], limits=limits)).splitlines()
    assert stat.rpartition(")")[2].split()[16] == "19"
    assert files == "64"
    if "cpu" in engine.check().controllers:
        assert weight[-1] in ("1", "2")


def test_the_logged_line_does_the_same_when_pasted(
    engine: PodmanManager,
    spec: MakeSpec,
    directory_root: DirectoryRoot,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "it's here").write_text("from the host\n")
    script = 'cat "/data/it\'s here"; echo "$SAID" "$@"; id -u; pwd; grep -E "Cap|NoNew" /proc/self/status; '
    script += "ulimit -n; ulimit -Hn; ulimit -u; ulimit -c"
    for root in (spec([]).root, directory_root):
        asked = spec(
            ["bash", "-c", script, "bash", "a b", "$HOME", "--rm", "*"],
            root=root,
            user="1000:1000",
            workdir=PurePosixPath("/usr"),
            environment={"SAID": "two  words, $x"},
            mounts=[VolumeMount(tmp_path, PurePosixPath("/data"), read_only=True)],
            capabilities=frozenset({"CHOWN", "SETUID"}),
            limits=ResourceLimits(memory_bytes=256 << 20, cpus=1, pids=100, rlimits={"core": (0, 0)}),
            hostname="builder",
        )
        caplog.clear()
        with caplog.at_level(logging.INFO, "koji_adjutant.container"):
            expected = output(engine, asked)
        line = caplog.messages[-1].partition(": ")[2]
        pasted = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
        assert (pasted.returncode, pasted.stdout) == (0, expected), pasted.stderr


def test_a_root_that_is_missing_says_so_and_leaves_nothing(
    engine: PodmanManager, spec: MakeSpec, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="no-such-root"):
        engine.run(spec(["true"], root=DirectoryRoot(tmp_path / "no-such-root")), io.BytesIO())
    assert engine.list_containers(ALL) == []


def test_a_mount_that_is_missing_says_so_and_leaves_nothing(
    engine: PodmanManager, spec: MakeSpec, tmp_path: Path
) -> None:
    mount = VolumeMount(tmp_path / "no-such-source", PurePosixPath("/data"))
    with pytest.raises(EngineError, match="no-such-source"):
        engine.run(spec(["true"], mounts=[mount]), io.BytesIO())
    assert engine.list_containers(ALL) == []
