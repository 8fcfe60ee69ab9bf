"""The small parts: frames, hints, deadlines, signals, and what a service needs to know of its host."""

from __future__ import annotations

import io
import os
import signal
import threading
import tomllib
from pathlib import Path

import pytest

from koji_adjutant.container import installing, service_config, streams
from koji_adjutant.container.diagnosis import explain
from koji_adjutant.container.interface import ResourceLimits
from koji_adjutant.container.interrupts import Deadline, termination_raises, uninterrupted
from koji_adjutant.container.possible_limits import PossibleLimits
from koji_adjutant.container.processes import kill_command, kill_container
from koji_adjutant.container.service_config import HostTraits


def test_frames_go_to_their_sinks() -> None:
    frames = b"\1\0\0\0\0\0\0\3out\2\0\0\0\0\0\0\3err\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\2\0\xff"
    out, err = io.BytesIO(), io.BytesIO()
    streams.pump(io.BytesIO(frames).read, out, err)
    assert (out.getvalue(), err.getvalue()) == (b"out\0\xff", b"err")


def test_a_frame_that_is_cut_off_is_written_as_far_as_it_came() -> None:
    out = io.BytesIO()
    streams.pump(io.BytesIO(b"\1\0\0\0\0\0\0\x09half").read, out, out)
    assert out.getvalue() == b"half"


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2", "install runc"),
        ("crun: invalid target `buildroot/proc`: it must be mounted at the root", "too old"),
        ("error setting rlimit type 6: operation not permitted", "default_ulimits"),
        ("unable to upgrade: write /var/lib/x: no space left on device", "free some space"),
        ("opening seccomp profile failed: open /s/1.json: no such file or directory", "on this machine"),
        ('unable to find network driver: exec: "iptables": not found', "netavark"),
    ],
)
def test_known_troubles_come_with_what_to_do(message: str, advice: str) -> None:
    assert explain(message).startswith(message)
    assert advice in explain(message)


@pytest.mark.parametrize(
    ("is_debian", "line"),
    [(True, "`apt install createrepo-c runc`"), (False, "`dnf install createrepo_c runc`")],
)
def test_what_to_install_is_said_in_this_hosts_words(
    is_debian: bool, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "DEBIAN", tmp_path if is_debian else tmp_path / "missing")
    assert installing.to_install("createrepo-c", "runc", fedora=["createrepo_c", "runc"]) == line


def test_unknown_troubles_stay_as_they_are() -> None:
    assert explain("no container with that name.\n") == "no container with that name"


def test_a_deadline_fires_once_and_says_so() -> None:
    fired = threading.Event()
    with Deadline(0.01, fired.set) as deadline:
        assert fired.wait(60)
    assert deadline.passed


def test_a_deadline_that_is_kept_does_nothing() -> None:
    fired: list[int] = []
    with Deadline(600, lambda: fired.append(1)) as deadline:
        pass
    assert not deadline.passed
    assert not fired


def test_what_fails_at_a_deadline_is_raised_in_the_end() -> None:
    def fail() -> None:
        ended.set()
        raise OSError("no engine")

    ended = threading.Event()
    with pytest.raises(OSError, match="no engine"), Deadline(0.01, fail):
        ended.wait(60)


def test_sigterm_becomes_an_exception_and_then_is_what_it_was() -> None:
    def terminated() -> None:
        with termination_raises():
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()

    with pytest.raises(SystemExit) as caught:
        terminated()
    assert caught.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_callers_is_left_alone() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with termination_raises():
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_must_not_be_torn_is_finished_first() -> None:
    done = []

    def interrupted() -> None:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(1)

    # a shell starts background jobs with SIGINT ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == [1]


def test_a_process_that_is_not_the_containers_is_never_killed() -> None:
    assert kill_command(os.getpid(), "f" * 64) is False
    kill_container(os.getpid(), "f" * 64)


def test_limits_without_a_controller_are_left_out_and_the_others_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    possible = PossibleLimits(lambda: ["pids"])
    asked = ResourceLimits(memory_bytes=1 << 20, pids=3, cpu_shares=2, rlimits={"core": (0, 0)})
    for _ in range(2):
        assert possible.of(asked) == ResourceLimits(pids=3, rlimits={"core": (0, 0)})
    assert [record.getMessage() for record in caplog.records] == [
        "this host's control groups have no memory controller: containers run without that limit"
    ]


MOUNTINFO_V1 = "31 30 0:26 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n"
MOUNTINFO_V2 = "40 30 0:27 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n"


@pytest.mark.parametrize(
    ("mountinfo", "hybrid"),
    [(MOUNTINFO_V1, False), (MOUNTINFO_V2, False), (MOUNTINFO_V1 + MOUNTINFO_V2, True)],
)
def test_hybrid_cgroups_are_both_versions(mountinfo: str, hybrid: bool) -> None:
    assert service_config.has_hybrid_cgroups(mountinfo) is hybrid


def test_an_ordinary_host_gets_no_special_configuration() -> None:
    conf = tomllib.loads(service_config.containers_conf(HostTraits(None, None, {}), Path("/state")))
    assert "runtime" not in conf["engine"]
    assert "cgroup_manager" not in conf["engine"]


def test_a_constrained_host_gets_what_it_needs() -> None:
    host = HostTraits("runc", "cgroupfs", {"nofile": (1024, 20000), "nproc": (32768, 32768)})
    conf = tomllib.loads(service_config.containers_conf(host, Path('/odd "state"')))
    assert conf["engine"]["runtime"] == "runc"
    assert conf["engine"]["cgroup_manager"] == "cgroupfs"
    assert conf["engine"]["tmp_dir"] == '/odd "state"/tmp'
    assert conf["containers"]["default_ulimits"] == ["nofile=1024:20000", "nproc=32768:32768"]


def test_limits_are_such_as_any_process_may_set() -> None:
    for soft, hard in service_config.rlimits().values():
        assert 0 < soft <= hard < 2**31


def test_two_state_directories_have_two_networks() -> None:
    one, two = Path("/var/lib/one"), Path("/var/lib/two")
    assert service_config.bridge_interface(one) != service_config.bridge_interface(two)
    assert len(service_config.bridge_interface(one)) <= 15
    assert len(set(service_config.bridge_subnets(one))) == 4
    assert not set(service_config.bridge_subnets(one)) & set(service_config.bridge_subnets(two))


def test_a_signal_that_another_thread_takes_is_held_back_as_well() -> None:
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    read, write = os.pipe()
    finished = []

    def signalled() -> None:
        with termination_raises(), uninterrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            for _round in range(100):  # reading and writing give the interpreter occasion to run handlers
                os.write(write, b"x")
                os.read(read, 1)
            finished.append(True)

    try:
        with pytest.raises(SystemExit):
            signalled()
    finally:
        done.set()
        other.join()
        os.close(read)
        os.close(write)
    assert finished


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("capabilities", "users", "expected"),
    [
        ("000001ffffffffff", "0 0 4294967295", True),
        ("000001fffeffffff", "0 0 4294967295", False),
        ("000001ffffffffff", "0 100000 65536", False),
    ],
    ids=["root", "no-capability", "user-namespace"],
)
def test_who_may_allow_more_than_he_has(
    tmp_path: Path, capabilities: str, users: str, expected: bool
) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "status").write_text(f"Name:\tpython3\nCapEff:\t{capabilities}\n")
    (tmp_path / "self" / "uid_map").write_text(f"   {users}\n")
    assert service_config.may_lift_limits(tmp_path) is expected
