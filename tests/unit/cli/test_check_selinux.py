"""What ``check`` says of SELinux, with a kernel and labels that are made up."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from koji_adjutant.cli.check import command
from koji_adjutant.cli.checks.result import CheckResult, Level
from koji_adjutant.cli.checks.selinux import DAEMON, MODULE, PACKAGE, SELinux, check_selinux
from koji_adjutant.config import Settings, load
from tests.unit.cli.conftest import Machine

RIGHT = "system_u:object_r:container_file_t:s0"
WRONG = "unconfined_u:object_r:var_lib_t:s0"


@dataclass
class Host:
    """A Fedora that enforces, with all directories and labels as they should be."""

    settings: Settings
    kernel: Path
    labels: dict[Path, str] = field(default_factory=dict)
    policy: str = RIGHT

    def __post_init__(self) -> None:
        (self.kernel / "booleans").mkdir(parents=True)
        self.labels |= {PACKAGE: "system_u:object_r:lib_t:s0", DAEMON: "system_u:object_r:bin_t:s0"}
        self.set_enforce("1")
        for name in ("container_manage_cgroup", "virt_use_nfs"):
            self.set_boolean(name, on=False)
        self.set_boolean("virt_sandbox_use_all_caps", on=True)
        for directory in (self.state_dir, self.workdir):
            directory.mkdir(parents=True, exist_ok=True)

    @property
    def state_dir(self) -> Path:
        return self.settings.kojid.build_directories[0]

    @property
    def workdir(self) -> Path:
        return self.settings.kojid.build_directories[1]

    @property
    def repos(self) -> Path:
        """Made, as on a host with the hub's topdir."""
        directory = Path(self.settings.kojid.topdir, "repos")
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def set_enforce(self, value: str) -> None:
        (self.kernel / "enforce").write_text(value)

    def set_boolean(self, name: str, *, on: bool) -> None:
        (self.kernel / "booleans" / name).write_text(f"{int(on)} {int(on)}")

    def check(self) -> list[tuple[Level, str]]:
        selinux = SELinux(self.kernel, lambda path: self.labels.get(path, RIGHT), lambda _path: self.policy)
        results = list(check_selinux(self.settings, selinux))
        assert {result.subject for result in results} <= {"selinux"}
        return [(result.level, result.message) for result in results]

    def what_is_wrong(self) -> tuple[Level, str]:
        (found,) = (result for result in self.check() if result[0] is not Level.OK)
        return found


@pytest.fixture
def host(machine: Machine, tmp_path: Path) -> Host:
    return Host(load(machine.config, {}), tmp_path / "selinux")


def test_a_machine_without_it(host: Host) -> None:
    (host.kernel / "enforce").unlink()
    host.labels[host.state_dir] = ""
    assert host.check() == []


def test_one_that_denies_nothing(host: Host) -> None:
    host.set_enforce("0")
    host.labels[host.state_dir] = WRONG
    assert host.check() == [(Level.OK, "is permissive, and denies nothing")]


def test_all_is_well(host: Host) -> None:
    assert host.check() == [
        (Level.OK, f"containers may use {host.state_dir}"),
        (Level.OK, f"containers may use {host.workdir}"),
    ]


def test_no_rules_for_containers(host: Host) -> None:
    (host.kernel / "booleans/container_manage_cgroup").unlink()
    assert host.check() == [(Level.FAIL, "has no rules for containers: `dnf install container-selinux`")]


def test_capabilities_that_are_held_back(host: Host) -> None:
    host.set_boolean("virt_sandbox_use_all_caps", on=False)
    level, message = host.what_is_wrong()
    assert level is Level.FAIL
    assert message.endswith("`setsebool -P virt_sandbox_use_all_caps on`")


def test_a_program_in_somebody_s_home(host: Host) -> None:
    host.labels[PACKAGE] = "unconfined_u:object_r:user_home_t:s0"
    level, message = host.what_is_wrong()
    assert level is Level.FAIL
    assert message.startswith(f"{PACKAGE} has unconfined_u:object_r:user_home_t:s0, ")


def test_a_service_as_pip_leaves_it(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = tmp_path / "kojid"
    monkeypatch.setattr("koji_adjutant.cli.checks.selinux.DAEMON", daemon)
    host.labels[daemon] = "unconfined_u:object_r:usr_t:s0"
    assert {level for level, _message in host.check()} == {Level.OK}
    daemon.touch()
    level, message = host.what_is_wrong()
    assert level is Level.WARN
    assert message.endswith(f"`restorecon -R {sys.prefix}`")


def test_a_policy_without_that_boolean(host: Host) -> None:
    (host.kernel / "booleans/virt_sandbox_use_all_caps").unlink()
    assert {level for level, _message in host.check()} == {Level.OK}


@pytest.mark.parametrize("label", [WRONG, f"{RIGHT}:c1,c2", "", "nonsense"])
def test_a_wrong_label_where_the_policy_is_right(host: Host, label: str) -> None:
    host.labels[host.state_dir] = label
    assert host.what_is_wrong() == (
        Level.FAIL,
        f"{host.state_dir} has {label or 'no label'}, and containers may only write to container_file_t:s0: "
        f"`restorecon -RF {host.state_dir}`",
    )


def test_what_was_there_before_the_label(host: Host) -> None:
    cache = host.state_dir / "cache"
    cache.mkdir()
    host.labels[cache] = WRONG
    assert host.what_is_wrong()[1].startswith(f"{cache} has {WRONG}, ")


def test_a_directory_of_the_operator_s(host: Host) -> None:
    host.labels[host.workdir] = host.policy = WRONG
    assert host.what_is_wrong()[1].endswith(
        f"`semanage fcontext -a -t container_file_t '{host.workdir}(/.*)?' && restorecon -RF {host.workdir}`"
    )


def test_a_name_that_means_something_to_a_pattern_or_a_shell(host: Host, tmp_path: Path) -> None:
    host.settings.kojid.workdir = str(tmp_path / "koji's work (1.0)")
    host.policy = WRONG
    assert host.what_is_wrong()[1].endswith(
        f"""semanage fcontext -a -t container_file_t '{tmp_path}/koji'"'"'s work \\(1\\.0\\)(/.*)?' """
        f"""&& mkdir -p '{tmp_path}/koji'"'"'s work (1.0)' """
        f"""&& restorecon -RF '{tmp_path}/koji'"'"'s work (1.0)'`"""
    )


def test_the_module_s_directories(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koji_adjutant.cli.checks.selinux.MODULES_PATHS", (str(host.workdir),))
    host.labels[host.workdir] = host.policy = WRONG
    assert host.what_is_wrong()[1].endswith(f"`semodule -i {MODULE} && restorecon -RF {host.workdir}`")


def test_a_directory_that_is_not_there_yet(host: Host) -> None:
    host.workdir.rmdir()
    assert host.what_is_wrong()[1].endswith(f"`mkdir -p {host.workdir} && restorecon -RF {host.workdir}`")
    assert not host.workdir.exists()


@pytest.mark.parametrize("kind", ["container_file_t", "container_ro_file_t"])
def test_topdir(host: Host, kind: str) -> None:
    host.labels[host.repos] = f"system_u:object_r:{kind}:s0"
    assert (Level.OK, f"containers may read {host.repos.parent}") in host.check()


def test_topdir_over_nfs(host: Host) -> None:
    host.labels[host.repos] = "system_u:object_r:nfs_t:s0"
    level, message = host.what_is_wrong()
    assert level is Level.WARN
    assert message.endswith("`setsebool -P virt_use_nfs on`")
    host.set_boolean("virt_use_nfs", on=True)
    assert {level for level, _message in host.check()} == {Level.OK}


def test_topdir_on_a_disk(host: Host) -> None:
    host.labels[host.repos] = "system_u:object_r:mnt_t:s0"
    topdir = host.repos.parent
    level, message = host.what_is_wrong()
    assert level is Level.WARN
    assert message.endswith(
        f"`semanage fcontext -a -t container_ro_file_t '{topdir}(/.*)?' && restorecon -RF {topdir}`"
    )


def test_what_the_machine_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "matchpathcon"
    program.write_text(f'#!/bin/sh\n[ "$*" = "-n /a b" ] && echo {RIGHT}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert SELinux().expected(Path("/a b")) == RIGHT
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert SELinux().expected(Path("/a b")) == ""
    monkeypatch.setattr("os.getxattr", lambda *_args, **_options: f"{WRONG}\0".encode())
    assert SELinux().label(tmp_path) == WRONG


def test_check_asks_it(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    found = CheckResult(Level.FAIL, "selinux", "says no")
    monkeypatch.setattr("koji_adjutant.cli.check.check_selinux", lambda _settings: iter([found]))
    monkeypatch.setattr("koji_adjutant.cli.check.check_engine", lambda _options: iter(()))
    result = machine.run(command, "--no-hub")
    assert result.exit_code == 1
    assert "FAIL  selinux: says no" in result.output
